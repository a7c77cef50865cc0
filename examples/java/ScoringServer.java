import ai.libmo.ErrorCode;
import ai.libmo.MoException;
import ai.libmo.Model;
import ai.libmo.Port;
import ai.libmo.Session;
import ai.libmo.SessionOptions;
import ai.libmo.Tensor;
import ai.libmo.Tensors;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Executors;

/**
 * A small scoring service with the JDK's own HTTP server. GET /model describes the model; POST /score takes numbers separated by commas, as
 * many as one row has, and answers with the scores.
 *
 * <p>usage: java -cp libmo-all.jar ScoringServer.java MODEL.onnx [PORT]
 */
public class ScoringServer {
  private final Model model;
  private final Session session;

  ScoringServer(Model model, Session session) {
    this.model = model;
    this.session = session;
  }

  private void answer(HttpExchange exchange) throws IOException {
    int status = 200;
    String body;
    try {
      String path = exchange.getRequestURI().getPath();
      body = path.equals("/model") ? model.describe() : path.equals("/score") ? score(exchange) : null;
      if (body == null) {
        status = 404;
        body = "{\"error\": \"there are /model and /score\"}";
      }
    } catch (MoException | IllegalArgumentException e) { // the request does not fit the model
      status = e instanceof MoException && ((MoException) e).code() == ErrorCode.INTERNAL ? 500 : 400;
      body = "{\"error\": \"" + e.getMessage().replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private String score(HttpExchange exchange) throws IOException {
    String[] numbers = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).trim().split("[,\\s]+");
    float[] row = new float[numbers.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = Float.parseFloat(numbers[i]);
    }
    Port input = model.inputs().get(0);
    long[] shape = input.shape();
    shape[0] = 1;
    try (Tensor x = Tensor.of(row, shape); Tensors inputs = Tensors.of(input.name(), x); Tensors outputs = session.run(inputs);
        Tensor y = outputs.get(model.outputs().get(0).name())) {
      return "{\"scores\": " + Arrays.toString(y.floats()) + "}";
    }
  }

  public static void main(String[] arguments) throws Exception {
    int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8080;
    Model model = Model.load(arguments[0]);
    Session session = model.session(SessionOptions.builder().threads(1).build());
    HttpServer server = HttpServer.create(new InetSocketAddress("localhost", port), 0);
    server.createContext("/", new ScoringServer(model, session)::answer);
    server.setExecutor(Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors()));
    server.start();
    System.out.println("http://localhost:" + server.getAddress().getPort());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      server.stop(1);
      session.close(); // runs that are still going end first
      model.close();
    }));
  }
}
