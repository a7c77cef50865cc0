// Package libmo makes ONNX models smaller and faster, and measures what that cost: it reads a model, shows what is in it, runs it, quantizes
// it with your data, and reports accuracy, size, speed and memory before and after.
//
//	model, err := libmo.LoadModel("model.onnx")
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer model.Close()
//
// # The library
//
// libmo.so.1 is loaded when the program starts: from the folder that the environment variable LIBMO_NATIVE_DIR names, or else beside the program, in
// ../lib from there, in LD_LIBRARY_PATH, or where the system looks. Without it each constructor returns an error that matches [ErrNoLibrary] and
// lists the paths tried. Built with -tags libmo_linked, a program is linked with the libmo that pkg-config names instead.
//
// # Errors
//
// What the library reports is an [*Error] with a [Code], a message and, where it concerns one, the model's node and its operator. errors.As finds
// it, errors.Is compares with a code:
//
//	if errors.Is(err, libmo.CodeShape) { ... }
//
// # Closing
//
// Objects own memory outside Go's heap: Close them. Close may be called while another goroutine uses the object, which is then freed when that
// call returns; a second Close and any use after it return an error that matches [ErrClosed]. An object that was forgotten is freed by
// a finalizer, some time.
//
// # Goroutines
//
// A [Model], a [Report] and a [Session] may be used from many goroutines at once. A [Tensor], a [Tensors] and an [Options] may be read by many or
// changed by one, a [Dataset] and a [Calibration] serve one at a time; a call that comes in between returns [CodeBusy].
//
// # Long work
//
// Functions that take a context stop soon after it ends and return an error that matches the context's cause. [WithProgress] puts a function
// into the context that hears how far the work is. context.Background costs a run nothing.
//
// # Options
//
// Each operation has options of its own type, made by functions that carry its name: [QuantizePrecision], [SessionThreads]. What is not given
// has the default that the function's comment says. [DescribeOptions] lists them at run time.
package libmo
