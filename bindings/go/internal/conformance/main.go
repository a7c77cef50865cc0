// Command conformance prints the lines of tests/conformance/conformance.c, made through the Go face. usage: conformance MODELS (in an empty folder)
// or, as tests/bindings/quantize.c: conformance quantize MODEL DATA SAMPLES RESULT
package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"libmo.ai/libmo"
)

var (
	number = 0
	ctx    = context.Background()
)

func line(name string, value any) {
	number++
	fmt.Printf("%02d %s: %v\n", number, name, value)
}

// ok ends the program: what was not expected to fail did.
func ok(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "after line %d: %v\n", number, err)
		os.Exit(1)
	}
}

func get[T any](value T, err error) T {
	ok(err)
	return value
}

func hash(data []byte) string {
	h := fnv.New64a()
	h.Write(data)
	return fmt.Sprintf("%d bytes %016x", len(data), h.Sum64())
}

func lineFile(name, path string) { line(name, hash(get(os.ReadFile(path)))) }

func lineError(name string, err error) {
	var e *libmo.Error
	if !errors.As(err, &e) {
		line(name, fmt.Sprint("no error of the library: ", err))
		return
	}
	line(name, fmt.Sprintf("%s '%s' node '%s' op '%s'", strings.TrimPrefix(e.Code.String(), "MO_ERR_"), e.Message, e.Node, e.Operator))
}

func fails[T any](_ T, err error) error { return err }

func list(sizes []int64) string {
	parts := make([]string, len(sizes))
	for i, n := range sizes {
		parts[i] = fmt.Sprint(n)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func lineTensor(name string, t *libmo.Tensor) {
	line(name, fmt.Sprintf("%d %s %s", int(t.DType()), list(t.Shape()), hash(get(t.Bytes()))))
}

func lineNamed(name string, ts *libmo.Tensors, which string) {
	t := get(ts.Get(which))
	defer t.Close()
	lineTensor(name, t)
}

func linePort(name string, p libmo.Port) {
	optional := 0
	if p.Optional {
		optional = 1
	}
	line(name, fmt.Sprintf("%s %d %s %d", p.Name, int(p.DType), list(p.Shape), optional))
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func ramp(seed int64, shape ...int64) *libmo.Tensor {
	count := int64(1)
	for _, n := range shape {
		count *= n
	}
	data := make([]float32, count)
	for i := range data {
		data[i] = float32(float64((int64(i)*37+seed*11)%255)/127.5 - 1.0)
	}
	return get(libmo.NewTensor(data, shape...))
}

func one(name string, t *libmo.Tensor) *libmo.Tensors {
	ts := get(libmo.NewTensors())
	ok(ts.Set(name, t))
	t.Close()
	return ts
}

func images(seed, batch int64) *libmo.Tensors { return one("image", ramp(seed, batch, 3, 8, 8)) }

func library() {
	line("version", libmo.Version())
	line("abi", libmo.ABIVersion())
	codes := []string{}
	for code := libmo.Code(1); code.String() != "MO_ERR_UNKNOWN"; code++ {
		codes = append(codes, fmt.Sprintf("%s=%d", strings.TrimPrefix(code.String(), "MO_ERR_"), int(code)))
	}
	line("error codes", strings.Join(codes, " "))
	types := []string{}
	for t := libmo.Float32; t <= libmo.Float6E3M2; t++ {
		types = append(types, fmt.Sprintf("%s=%d", strings.ToUpper(t.String()), int(t)))
	}
	line("element types", strings.Join(types, " "))
}

func options() {
	line("operations", hash(get(libmo.DescribeOptions(""))))
	line("schema of quantize", hash(get(libmo.DescribeOptions("quantize"))))
	lineError("schema of nothing", fails(libmo.DescribeOptions("nothing")))
	o := get(libmo.NewOptions("quantize"))
	ok(o.Set("calibration.method", "percentile"))
	ok(o.Set("calibration.percentile", 99.5))
	ok(o.Set("activation_symmetric", true))
	ok(o.Set("seed", 7))
	ok(o.Set("exclude", []string{"first", "head"}))
	line("options as JSON", get(o.JSON()))
	lineError("unknown key", o.Set("sead", 1))
	lineError("value out of range", o.Set("calibration.percentile", 200.0))
	lineError("value not a choice", o.Set("precision", "int7"))
	lineError("value of another type", o.Set("seed", "many"))
	ok(o.Close())
	o = get(libmo.NewOptions("quantize"))
	ok(o.Parse("calibration:\n  method: mse\nexclude: [head]\n"))
	line("options from YAML", get(o.JSON()))
	lineError("malformed options", o.Parse("{\"seed\": "))
	ok(o.Close())
}

func tensors() {
	data := []float32{0, 0.5, -1, 2, 3.25, float32(math.Copysign(0, -1))}
	t := get(libmo.NewTensor(data, 2, 3))
	lineTensor("tensor of floats", t)
	data[0] = 9
	ok(libmo.Write(t, data))
	lineTensor("tensor written to", t)
	lineError("read with a wrong size", libmo.Read(t, make([]float32, 5)))
	lineError("too few bytes", fails(libmo.NewTensor(data[:5], 2, 3)))
	lineError("negative size", fails(libmo.NewTensorZeros(libmo.Float32, -1)))
	u := get(libmo.NewTensorZeros(libmo.Int64, 4))
	lineTensor("zeros", u)
	u.Close()
	u = get(libmo.NewTensor([]float64{2.5}))
	lineTensor("scalar", u)
	u.Close()
	u = get(libmo.NewTensorStrings([]string{"a", "", "é😀"}, 3))
	lineTensor("texts", u)

	ts := get(libmo.NewTensors())
	ok(ts.Set("c", t))
	ok(ts.Set("a", t))
	ok(ts.Set("b", u))
	u.Close()
	line("names in order", strings.Join(ts.Names(), " "))
	ok(ts.Set("b", t))
	line("replaced, not added", ts.Len())
	lineNamed("tensor that replaced", ts, "b")
	lineError("name that is not there", fails(ts.Get("d")))
	lineError("empty name", ts.Set("", t))
	ok(ts.Save("tensors 😀.npz"))
	ok(ts.Close())
	ts = get(libmo.LoadTensors("tensors 😀.npz", 0))
	line("saved and loaded on a path with an emoji", strings.Join(ts.Names(), " "))
	lineNamed("tensor saved and loaded", ts, "a")
	ok(ts.Close())
	ok(t.Close())
	lineError("file that is not there", fails(libmo.LoadTensors("missing.npz", 0)))
}

func models(path string, m *libmo.Model) {
	line("description", hash(get(m.DescribeJSON())))
	line("digest", get(m.Digest()))
	linePort("input", m.Inputs()[0])
	linePort("output", m.Outputs()[0])
	data := get(os.ReadFile(path))
	other := get(libmo.LoadModelBytes(data, ""))
	line("digest of the same bytes", get(other.Digest()))
	ok(other.Close())
	lineError("half a file", fails(libmo.LoadModelBytes(data[:len(data)/2], "")))
	lineError("no model", fails(libmo.LoadModel("missing.onnx")))
	ok(m.Save("saved.onnx"))
	lineFile("saved file", "saved.onnx")
	line("saved bytes", hash(get(m.Bytes())))
	other = get(m.WithMetadata("author", "Jürgen"))
	line("metadata", get(other.Metadata("author")))
	ok(other.Close())
	lineError("metadata that is not there", fails(m.Metadata("author")))
}

func sessions(m, add *libmo.Model) {
	s := get(libmo.NewSession(add))
	in := one("x", get(libmo.NewTensor([]float32{1.5, -1, 0}, 3)))
	out := get(s.Run(ctx, in))
	line("outputs", strings.Join(out.Names(), " "))
	lineNamed("one more than the input", out, "y")
	out.Close()
	out = one("y", get(libmo.NewTensorZeros(libmo.Float32, 3)))
	ok(s.RunInto(ctx, in, out))
	lineNamed("written into a tensor", out, "y")
	out.Close()
	out = one("y", get(libmo.NewTensorZeros(libmo.Float32, 2)))
	lineError("written into a tensor of another shape", s.RunInto(ctx, in, out))
	out.Close()
	in.Close()
	in = one("x", get(libmo.NewTensorZeros(libmo.Int32, 3)))
	lineError("input of another type", fails(s.Run(ctx, in)))
	in.Close()
	s.Close()

	s = get(libmo.NewSession(m, libmo.SessionThreads(1)))
	in = images(1, 2)
	for _, name := range []string{"scores", "scores again"} {
		out = get(s.Run(ctx, in))
		lineNamed(name, out, "scores")
		out.Close()
	}
	if strings.Contains(get(s.ExplainText()), "first") {
		line("explanation", "names the node")
	} else {
		line("explanation", "does not name the node")
	}
	in.Close()
	in = one("picture", ramp(1, 2, 3, 8, 7))
	lineError("input of another name", fails(s.Run(ctx, in)))
	in.Close()
	in = one("image", ramp(1, 2, 3, 8, 7))
	lineError("input of another shape", fails(s.Run(ctx, in)))
	in.Close()
	in = get(libmo.NewTensors())
	lineError("no input", fails(s.Run(ctx, in)))
	in.Close()
	s.Close()
}

func samples(count, batch int64) *libmo.Dataset {
	arrays := images(5, count)
	defer arrays.Close()
	label := make([]int64, count)
	for i := range label {
		label[i] = int64(i % 10)
	}
	ok(libmo.Put(arrays, "label", label, count))
	return get(libmo.NewDataset(arrays, libmo.DatasetBatchSize(batch)))
}

func datasets() {
	d := samples(10, 4)
	line("samples", get(d.Count()))
	b := get(d.Next())
	lineNamed("first batch", b.Inputs, "image")
	lineTensor("its labels", b.Label)
	b.Close()
	batches := 1
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		ok(err)
		batches++
		b.Close()
	}
	line("batches", batches)
	ok(d.Rewind())
	b = get(d.Next())
	lineNamed("first batch after rewinding", b.Inputs, "image")
	b.Close()
	d.Close()
	lineError("data set that is not there", fails(libmo.OpenDataset("missing.npz")))
}

func quantized(ctx context.Context, m *libmo.Model, c *libmo.Calibration, options ...libmo.QuantizeOption) error {
	_, _, err := libmo.Quantize(ctx, m, c, options...)
	return err
}

func quantization(m, add *libmo.Model) {
	all := get(libmo.NewCalibration(m))
	lineError("calibration without data", quantized(ctx, m, all))
	lineError("no calibration", quantized(ctx, m, nil))
	half := get(libmo.NewCalibration(m))
	for i := range int64(4) {
		in := images(i, 4)
		if i < 2 {
			ok(all.Feed(ctx, in))
		} else {
			ok(half.Feed(ctx, in))
		}
		in.Close()
	}
	line("samples fed", all.Count())
	ok(all.Merge(half))
	line("samples after merging", all.Count())
	half.Close()
	ok(all.Save("statistics"))
	lineFile("saved statistics", "statistics")
	lineError("statistics of another model", fails(libmo.LoadCalibration("statistics", add)))
	other := get(libmo.LoadCalibration("statistics", m))
	line("samples loaded", other.Count())
	other.Close()

	one := libmo.QuantizeThreads(1)
	stages := []string{}
	note := libmo.WithProgress(ctx, func(stage string, done, total int64) error {
		if len(stages) == 0 || stages[len(stages)-1] != stage {
			stages = append(stages, stage)
		}
		return nil
	})
	small, report, err := libmo.Quantize(note, m, all, one)
	ok(err)
	line("stages", strings.Join(stages, ", "))
	line("quantize passed", truth(report.Passed()))
	report.Close()
	line("int8 model", hash(get(small.Bytes())))
	s := get(libmo.NewSession(small))
	in := images(1, 2)
	out := get(s.Run(ctx, in))
	lineNamed("scores of the int8 model", out, "scores")
	out.Close()
	in.Close()
	s.Close()
	small.Close()

	refuse := libmo.WithProgress(ctx, func(string, int64, int64) error { return errors.New("no") })
	lineError("progress that cancels", quantized(refuse, m, all, one))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	lineError("cancelled before", quantized(cancelled, m, all, one))
	late, stop := context.WithTimeout(ctx, time.Nanosecond)
	lineError("deadline passed", quantized(late, m, all, one))
	stop()
	small, report, err = libmo.Quantize(ctx, m, nil, libmo.QuantizePrecision("fp16"))
	ok(err)
	line("fp16 model", hash(get(small.Bytes())))
	report.Close()
	small.Close()
	all.Close()
}

func measures(m *libmo.Model) {
	d := samples(10, 4)
	r := get(libmo.Evaluate(ctx, m, d, libmo.EvaluateMinimum(0.99)))
	line("gate met", truth(r.Passed()))
	r.Close()
	r = get(libmo.Compare(ctx, m, m, d, libmo.CompareSeconds(0.01)))
	line("compare passed", truth(r.Passed()))
	r.Close()
	r = get(libmo.Benchmark(ctx, m, nil, libmo.BenchmarkRuns(3)))
	line("benchmark passed", truth(r.Passed()))
	r.Close()
	d.Close()
}

func refused(err error) string {
	if errors.Is(err, libmo.ErrClosed) {
		return "refused"
	}
	return "accepted"
}

func afterClosing(path string) {
	in := images(1, 1)
	defer in.Close()
	m := get(libmo.LoadModel(path))
	s := get(libmo.NewSession(m))
	c := get(libmo.NewCalibration(m))
	ok(s.Close())
	ok(c.Close())
	ok(m.Close())
	line("run of a closed session", refused(fails(s.Run(ctx, in))))
	line("description of a closed model", refused(fails(m.DescribeJSON())))
	line("closed calibration fed", refused(c.Feed(ctx, in)))
	if refused(m.Close()) == "refused" && refused(s.Close()) == "refused" {
		line("closed twice", "ok")
	}
}

// quantize makes the model that tests/bindings/quantize.c makes.
func quantize(model, data string, samples int64, result string) {
	m := get(libmo.LoadModel(model))
	defer m.Close()
	d := get(libmo.OpenDataset(data, libmo.DatasetSamples(samples)))
	defer d.Close()
	c := get(libmo.NewCalibration(m))
	defer c.Close()
	for batch, err := range d.Batches() {
		ok(err)
		ok(c.Feed(ctx, batch.Inputs))
	}
	small, report, err := libmo.Quantize(ctx, m, c)
	ok(err)
	ok(small.Save(result))
	ok(errors.Join(small.Close(), report.Close()))
}

func main() {
	if len(os.Args) == 6 && os.Args[1] == "quantize" {
		quantize(os.Args[2], os.Args[3], get(strconv.ParseInt(os.Args[4], 10, 64)), os.Args[5])
		return
	}
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance MODELS | quantize MODEL DATA SAMPLES RESULT")
		os.Exit(2)
	}
	path := os.Args[1] + "/classifier.onnx"
	get(libmo.BuildInfo()) // what asks for a library: without one the program ends here
	library()
	options()
	tensors()
	m := get(libmo.LoadModel(path))
	add := get(libmo.LoadModel(os.Args[1] + "/add.onnx"))
	models(path, m)
	sessions(m, add)
	datasets()
	quantization(m, add)
	measures(m)
	afterClosing(path)
	add.Close()
	m.Close()
	fmt.Printf("%d checks\n", number)
}
