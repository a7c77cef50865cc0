// A scoring service on HttpListener: GET /model describes; POST /score takes the little-endian floats of one sample and answers with the scores,
// one a line. usage: ScoringServer MODEL PORT
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading.Tasks;
using Libmo;

internal static class ScoringServer
{
    private static byte[] Body(HttpListenerRequest request)
    {
        var memory = new MemoryStream();
        request.InputStream.CopyTo(memory);
        return memory.ToArray();
    }

    private static string Score(Model model, Session session, byte[] body)
    {
        Port input = model.Inputs[0];
        using (Tensor x = Tensor.CreateRaw(input.Type, body, input.Shape.Select(n => Math.Max(n, 1)).ToArray()))
        using (var inputs = new Tensors())
        {
            inputs.Set(input.Name, x);
            using (Tensors outputs = session.Run(inputs))
                return string.Concat(outputs.Get<float>(model.Outputs[0].Name).Select(v => v.ToString("R", CultureInfo.InvariantCulture) + "\n"));
        }
    }

    private static void Answer(HttpListenerContext context, Model model, Session session)
    {
        int status = 200;
        string text;
        try
        {
            string what = context.Request.HttpMethod + " " + context.Request.Url.AbsolutePath;
            if (what == "GET /model") text = model.DescribeJson();
            else if (what == "POST /score") text = Score(model, session, Body(context.Request));
            else
            {
                status = 404;
                text = "GET /model or POST /score\n";
            }
        }
        catch (MoException e)
        {
            status = e.Code == ErrorCode.Shape || e.Code == ErrorCode.Type ? 400 : 500;
            text = e.Message + "\n";
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentLength64 = bytes.Length;
        context.Response.OutputStream.Write(bytes, 0, bytes.Length);
        context.Response.Close();
    }

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: ScoringServer MODEL PORT");
            return 2;
        }
        using (Model model = Model.Load(arguments[0]))
        using (var session = new Session(model, new SessionOptions { Threads = 1 }))
        using (var listener = new HttpListener())
        {
            listener.Prefixes.Add("http://localhost:" + arguments[1] + "/");
            listener.Start();
            Console.WriteLine("listening on http://localhost:" + arguments[1]);
            while (true)
            {
                HttpListenerContext context = listener.GetContext();
                Task.Run(() => Answer(context, model, session));
            }
        }
    }
}
