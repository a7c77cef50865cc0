/**
 * libmo for Java: load an ONNX model, run it, quantize it, and measure what that gained and cost.
 *
 * <pre>{@code
 * try (Model model = Model.load("model.onnx");
 *      Session session = model.session();
 *      Tensor x = Tensor.of(pixels, 1, 3, 224, 224);
 *      Tensors inputs = Tensors.of("input", x);
 *      Tensors outputs = session.run(inputs);
 *      Tensor y = outputs.get("output")) {
 *   float[] scores = y.floats();
 * }
 * }</pre>
 *
 * <p><b>Closing.</b> Objects with native memory are {@link java.lang.AutoCloseable}; closing twice does nothing, and a forgotten object is freed by
 * the garbage collector in the end. A closed object throws {@link java.lang.IllegalStateException}. Closing while other threads use
 * the object is safe: their calls finish, the memory goes when the last one has, and their next call throws.
 *
 * <p><b>Errors.</b> What libmo objects to is a {@link ai.libmo.MoException} with a code, a message, and the node and operator it concerns.
 *
 * <p><b>Threads.</b> A {@link ai.libmo.Model}, a {@link ai.libmo.Session} and all value classes may be used from many threads at once. A
 * {@link ai.libmo.Tensors} may be read from many or changed by one, a {@link ai.libmo.Dataset} and a {@link ai.libmo.Calibration} serve one at a
 * time; using them otherwise is a {@code MoException} with {@link ai.libmo.ErrorCode#BUSY}.
 */
package ai.libmo;
