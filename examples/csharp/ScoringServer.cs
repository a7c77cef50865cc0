// A scoring service on HttpListener: GET /model describes; POST /score takes the numbers of one sample, with commas or blanks between them.
// Ctrl-C ends it once the requests in progress are answered. usage: ScoringServer MODEL PORT
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Libmo;

internal sealed class ScoringServer
{
    private const int MostBytes = 16 << 20;
    private readonly Model model;
    private readonly Session session;
    private readonly HttpListener listener = new HttpListener();
    private readonly CountdownEvent busy = new CountdownEvent(1); // one for the listener, one for each request in progress

    private ScoringServer(Model model, Session session)
    {
        this.model = model;
        this.session = session;
    }

    private static float[] Row(HttpListenerRequest request)
    {
        if (request.ContentLength64 > MostBytes) throw new FormatException("the body has " + request.ContentLength64 + " bytes, at most " + MostBytes + " are read");
        var text = new StringBuilder();
        var buffer = new char[1 << 16];
        using (var reader = new StreamReader(request.InputStream, Encoding.UTF8))
            for (int n; (n = reader.Read(buffer, 0, buffer.Length)) > 0 && text.Length <= MostBytes;) text.Append(buffer, 0, n);
        string[] words = text.ToString().Split(new[] { ',', ' ', '\t', '\r', '\n' }, StringSplitOptions.RemoveEmptyEntries);
        var row = new float[words.Length];
        for (int i = 0; i < row.Length; ++i)
            if (!float.TryParse(words[i], NumberStyles.Float, CultureInfo.InvariantCulture, out row[i]))
                throw new FormatException("number " + (i + 1) + " of the body is no number: '" + words[i].Substring(0, Math.Min(words[i].Length, 40)) + "'");
        return row;
    }

    private string Score(float[] row)
    {
        Port input = model.Inputs[0], output = model.Outputs[0];
        long[] shape = input.Shape.Select(n => Math.Max(n, 1)).ToArray();
        long wanted = shape.Aggregate(1L, (a, b) => a * b);
        if (row.Length != wanted) throw new FormatException("the body has " + row.Length + " numbers, the model takes " + wanted + ": " + input);
        using (var inputs = new Tensors())
        {
            inputs.Add(input.Name, row, shape);
            using (Tensors outputs = session.Run(inputs))
                return "{\"scores\": [" + string.Join(", ", outputs.Get<float>(output.Name).Select(v => v.ToString("R", CultureInfo.InvariantCulture))) + "]}\n";
        }
    }

    private static string Quoted(string text)
    {
        return "\"" + string.Concat(text.Select(c => c == '"' || c == '\\' ? "\\" + c : c < ' ' ? " " : c.ToString())) + "\"";
    }

    private void Answer(HttpListenerContext context)
    {
        int status = 200;
        string text;
        try
        {
            string what = context.Request.HttpMethod + " " + context.Request.Url.AbsolutePath;
            if (what == "GET /model") text = model.DescribeJson();
            else if (what == "POST /score") text = Score(Row(context.Request));
            else
            {
                status = 404;
                text = "{\"error\": \"there are GET /model and POST /score\"}\n";
            }
        }
        catch (Exception e) // an exception that left a request's thread would end the service
        {
            status = e is FormatException || e is MoException && ((MoException)e).Code != ErrorCode.Internal ? 400 : 500;
            text = "{\"error\": " + Quoted(e.Message) + "}\n";
        }
        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            context.Response.ContentLength64 = bytes.Length;
            context.Response.OutputStream.Write(bytes, 0, bytes.Length);
            context.Response.Close();
        }
        catch (Exception e) when (e is IOException || e is HttpListenerException) { /* the client went away */ }
        finally { busy.Signal(); }
    }

    private void Serve(string address)
    {
        listener.Prefixes.Add(address);
        listener.Start();
        Console.WriteLine("listening on " + address);
        while (true)
        {
            HttpListenerContext context;
            try { context = listener.GetContext(); }
            catch (Exception e) when (e is HttpListenerException || e is ObjectDisposedException || e is InvalidOperationException) { break; } // Stop was called
            busy.AddCount();
            Task.Run(() => Answer(context));
        }
        busy.Signal();
        busy.Wait();
        listener.Close();
        Console.WriteLine("stopped");
    }

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: ScoringServer MODEL PORT");
            return 2;
        }
        using (Model model = Model.Load(arguments[0]))
        using (var session = new Session(model, new SessionOptions { Threads = 1 })) // requests are the parallelism
        {
            var server = new ScoringServer(model, session);
            Console.CancelKeyPress += (sender, e) =>
            {
                e.Cancel = true; // Serve ends, and Main with it
                server.listener.Stop();
            };
            server.Serve("http://localhost:" + arguments[1] + "/");
        }
        return 0;
    }
}
