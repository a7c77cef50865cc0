package libmo_test

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"libmo.ai/libmo"
)

//go:embed testdata
var files embed.FS

func TestLibrarySaysWhatItIs(t *testing.T) {
	if libmo.ABIVersion() != 1 || !strings.Contains(libmo.Version(), ".") {
		t.Fatal(libmo.ABIVersion(), libmo.Version())
	}
	info, err := libmo.BuildInfo()
	must(t, err)
	var built struct{ Version string }
	must(t, json.Unmarshal(info, &built))
	if built.Version != libmo.Version() {
		t.Error(built.Version)
	}
	devices, err := libmo.Devices()
	must(t, err)
	if devices[0].Name != "cpu" || devices[0].Threads < 1 {
		t.Error(devices)
	}
}

func TestCodesAndTypesHaveTheNumbersOfTheHeader(t *testing.T) {
	if libmo.CodeInternal.String() != "MO_ERR_INTERNAL" || libmo.CodeShape.String() != "MO_ERR_SHAPE" || libmo.OK.String() != "MO_OK" {
		t.Error("codes")
	}
	if libmo.Float6E3M2 != 28 || libmo.Float6E3M2.String() != "float6e3m2" || libmo.DType(99).String() != "dtype(99)" {
		t.Error("types")
	}
}

func TestErrorsCarryCodeNodeAndOperator(t *testing.T) {
	_, err := libmo.LoadModel(filepath.Join(t.TempDir(), "no 😀 such.onnx"))
	var e *libmo.Error
	if !errors.As(err, &e) || e.Code != libmo.CodeNotFound || !errors.Is(err, libmo.CodeNotFound) || errors.Is(err, libmo.CodeIO) {
		t.Fatal(err)
	}
	if !strings.Contains(e.Message, "no 😀 such.onnx") {
		t.Error(e.Message)
	}
	s := session(t, model(proto{}.message(1, node("sum", "Add", "y", "a", "b")).
		message(11, port("a", -1)).message(11, port("b", -1)).message(12, port("y", -1))))
	in := tensors(t, "a", ramp(2, 0), 2)
	must(t, libmo.Put(in, "b", ramp(3, 0), 3))
	_, err = s.Run(context.Background(), in)
	if !errors.As(err, &e) || e.Code != libmo.CodeShape || e.Node != "sum" || e.Operator != "Add" {
		t.Fatalf("%#v", e)
	}
}

func TestTensorRoundTripsEveryElementType(t *testing.T) {
	roundTrip(t, []float32{1, -2, float32(math.Inf(1))})
	roundTrip(t, []float64{1, -2, math.MaxFloat64})
	roundTrip(t, []int8{1, -128, 127})
	roundTrip(t, []int16{1, -32768, 7})
	roundTrip(t, []int32{1, math.MinInt32, 7})
	roundTrip(t, []int64{1, math.MinInt64, 7})
	roundTrip(t, []uint8{1, 255, 7})
	roundTrip(t, []uint16{1, 65535, 7})
	roundTrip(t, []uint32{1, math.MaxUint32, 7})
	roundTrip(t, []uint64{1, math.MaxUint64, 7})
	roundTrip(t, []bool{true, false, true})
	roundTrip(t, []complex64{1i, 2, 3})
	roundTrip(t, []complex128{1i, 2, 3})
}

func roundTrip[T libmo.Element](t *testing.T, data []T) {
	t.Helper()
	x, err := libmo.NewTensor(data, 3, 1)
	must(t, err)
	defer x.Close()
	got, err := libmo.Data[T](x)
	must(t, err)
	if !reflect.DeepEqual(got, data) || x.DType() != libmo.DTypeOf[T]() || !slices.Equal(x.Shape(), []int64{3, 1}) || x.Len() != 3 {
		t.Error(x, got)
	}
	slices.Reverse(data)
	must(t, libmo.Write(x, data))
	must(t, libmo.Access(x, func(inside []T) error {
		if !reflect.DeepEqual(inside, data) {
			t.Error(x, inside)
		}
		return nil
	}))
}

func TestTensorRefusesWhatDoesNotFit(t *testing.T) {
	_, err := libmo.NewTensor([]float32{1, 2, 3}, 2, 2)
	wants(t, err, libmo.CodeShape)
	_, err = libmo.NewTensor([]float32{1, 2}, -1)
	if err == nil {
		t.Error("a negative size")
	}
	_, err = libmo.NewTensor([]float32{}, 2)
	wants(t, err, libmo.CodeShape)
	x, err := libmo.NewTensor([]float32{1, 2}, 2)
	must(t, err)
	defer x.Close()
	_, err = libmo.Data[int32](x)
	wants(t, err, libmo.CodeType)
	if err := libmo.Read(x, make([]float32, 3)); err == nil {
		t.Error("a slice of another length")
	}
	scalar, err := libmo.NewTensor([]float64{4})
	must(t, err)
	defer scalar.Close()
	if scalar.String() != "float64[]" || scalar.Len() != 1 {
		t.Error(scalar)
	}
	empty, err := libmo.NewTensor([]float32{}, 0, 4)
	must(t, err)
	defer empty.Close()
	zeros, err := libmo.NewTensorZeros(libmo.BFloat16, 2, 3)
	must(t, err)
	defer zeros.Close()
	if zeros.Size() != 12 {
		t.Error(zeros.Size())
	}
}

func TestTensorOfTexts(t *testing.T) {
	texts := []string{"", "naïve 😀", "b"}
	x, err := libmo.NewTensorStrings(texts, 3)
	must(t, err)
	defer x.Close()
	got, err := x.Strings()
	must(t, err)
	if !slices.Equal(got, texts) {
		t.Error(got)
	}
	must(t, x.WriteStrings([]string{"1", "22", "333"}))
	got, _ = x.Strings()
	if got[2] != "333" {
		t.Error(got)
	}
	_, err = libmo.NewTensorStrings([]string{"a\x00b"}, 1)
	wants(t, err, libmo.CodeInvalidArgument)
}

func TestTensorsKeepOrderAndSaveToNumPy(t *testing.T) {
	ts := tensors(t, "second", ramp(4, 0), 2, 2)
	must(t, libmo.Put(ts, "first", []int64{7}))
	if ts.Len() != 2 || !slices.Equal(ts.Names(), []string{"second", "first"}) {
		t.Error(ts.Names())
	}
	path := filepath.Join(t.TempDir(), "a 😀.npz")
	must(t, ts.Save(path))
	back, err := libmo.LoadTensors(path, 0)
	must(t, err)
	defer back.Close()
	data, shape, err := libmo.Get[float32](back, "second")
	must(t, err)
	if !slices.Equal(data, ramp(4, 0)) || !slices.Equal(shape, []int64{2, 2}) {
		t.Error(data, shape)
	}
	_, err = ts.Get("third")
	wants(t, err, libmo.CodeNotFound)
	seen := 0
	for name, x := range ts.All() {
		seen += len(name) + int(x.Len())
	}
	if seen != 6+4+5+1 {
		t.Error(seen)
	}
	kept, err := ts.Get("first")
	must(t, err)
	ts.Close()
	if value, err := libmo.Data[int64](kept); err != nil || value[0] != 7 {
		t.Error("a tensor outlives its collection", value, err)
	}
	kept.Close()
}

func TestModelLoadsFromEverywhereAndSaves(t *testing.T) {
	a := load(t, linear())
	b, err := libmo.LoadModelFrom(bytes.NewReader(linear()))
	must(t, err)
	defer b.Close()
	c, err := libmo.LoadModelFS(files, "testdata/linear.onnx")
	must(t, err)
	defer c.Close()
	path := filepath.Join(t.TempDir(), "saved 😀.onnx")
	must(t, a.Save(path, libmo.SaveOpset(17)))
	d, err := libmo.LoadModel(path, libmo.LoadMaxNodes(10))
	must(t, err)
	defer d.Close()
	var out bytes.Buffer
	n, err := a.WriteTo(&out)
	must(t, err)
	if n != int64(out.Len()) || n == 0 {
		t.Error(n)
	}
	want, err := a.Digest()
	must(t, err)
	for _, m := range []*libmo.Model{b, c, d} {
		if got, err := m.Digest(); err != nil || got != want {
			t.Error(got, want, err)
		}
	}
	if _, err := libmo.LoadModelFrom(io.MultiReader(strings.NewReader("garbage"), failing{})); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	_, err = libmo.LoadModelFrom(strings.NewReader("garbage"))
	wants(t, err, libmo.CodeFormat)
	_, err = libmo.LoadModelBytes(nil, "")
	wants(t, err, libmo.CodeFormat)
	_, err = libmo.LoadModel("a\x00b")
	wants(t, err, libmo.CodeInvalidArgument)
	_, err = libmo.LoadModel(path, libmo.LoadMaxNodes(1))
	wants(t, err, libmo.CodeLimit)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestModelTellsWhatIsInIt(t *testing.T) {
	m := load(t, linear())
	if got := m.Inputs(); len(got) != 1 || !reflect.DeepEqual(got[0], libmo.Port{Name: "x", DType: libmo.Float32, Shape: []int64{-1, 16}}) {
		t.Errorf("%+v", got)
	}
	if got := m.Outputs(); len(got) != 1 || got[0].Name != "y" {
		t.Errorf("%+v", got)
	}
	d, err := m.Describe()
	must(t, err)
	if d.Nodes != 2 || d.Operators["MatMul"] != 1 || d.Parameters != 128 || d.Producer != "libmo tests" || d.MACs != 128 {
		t.Errorf("%+v", d)
	}
	with, err := m.WithMetadata("author", "größe")
	must(t, err)
	defer with.Close()
	if value, err := with.Metadata("author"); err != nil || value != "größe" {
		t.Error(value, err)
	}
	without, err := with.WithoutMetadata("author")
	must(t, err)
	defer without.Close()
	_, err = without.Metadata("author")
	wants(t, err, libmo.CodeNotFound)
}

func TestSessionRuns(t *testing.T) {
	s := session(t, linear(), libmo.SessionThreads(1))
	in := tensors(t, "x", ramp(32, 0), 2, 16)
	out, err := s.Run(context.Background(), in)
	must(t, err)
	defer out.Close()
	first, shape, err := libmo.Get[float32](out, "y")
	must(t, err)
	if !slices.Equal(shape, []int64{2, 8}) {
		t.Error(shape)
	}
	for row := range 2 {
		for column := range 8 {
			sum := float32(0)
			for k := range 16 {
				sum += ramp(32, 0)[row*16+k] * float32((k*8+column)%13-6) / 8
			}
			if got := first[row*8+column]; math.Abs(float64(got-max(sum, 0))) > 1e-5 {
				t.Errorf("y[%d, %d] is %g, not %g", row, column, got, max(sum, 0))
			}
		}
	}
	into, err := libmo.NewTensors()
	must(t, err)
	defer into.Close()
	for range 3 {
		must(t, s.RunInto(context.Background(), in, into))
	}
	again, _, err := libmo.Get[float32](into, "y")
	must(t, err)
	if !slices.Equal(first, again) {
		t.Error("RunInto differs from Run")
	}
	text, err := s.ExplainText()
	must(t, err)
	if !strings.Contains(text, "product") {
		t.Error(text)
	}
	_, err = s.Explain()
	must(t, err)
	profile, err := s.Profile(in, 2)
	must(t, err)
	if !json.Valid(profile) {
		t.Error(string(profile))
	}
	_, err = s.Profile(in, 0)
	wants(t, err, libmo.CodeInvalidArgument)
	memory, err := s.Memory()
	must(t, err)
	if memory.Plans != 1 || memory.PeakRSS == 0 {
		t.Errorf("%+v", memory)
	}
	if err := s.RunInto(context.Background(), in, in); err == nil {
		t.Error("inputs as outputs")
	}
	_, err = s.Run(context.Background(), into)
	wants(t, err, libmo.CodeNotFound)
}

func TestSessionOutlivesItsModel(t *testing.T) {
	m, err := libmo.LoadModelBytes(doubler(), "")
	must(t, err)
	s, err := libmo.NewSession(m)
	must(t, err)
	defer s.Close()
	must(t, m.Close())
	out, err := s.Run(context.Background(), tensors(t, "x", []float32{21}, 1))
	must(t, err)
	defer out.Close()
	if y, _, err := libmo.Get[float32](out, "y"); err != nil || y[0] != 42 {
		t.Error(y, err)
	}
}

func TestManyGoroutinesRunOneSession(t *testing.T) {
	s := session(t, linear(), libmo.SessionThreads(1))
	in := tensors(t, "x", ramp(16, 0), 1, 16)
	ref, err := s.Run(context.Background(), in)
	must(t, err)
	defer ref.Close()
	want, _, _ := libmo.Get[float32](ref, "y")
	var wg sync.WaitGroup
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out, err := libmo.NewTensors()
			if err != nil {
				t.Error(err)
				return
			}
			defer out.Close()
			for range 200 {
				if err := s.RunInto(context.Background(), in, out); err != nil {
					t.Error(err)
					return
				}
			}
			if got, _, _ := libmo.Get[float32](out, "y"); !slices.Equal(got, want) {
				t.Error("another result", got)
			}
		}()
	}
	wg.Wait()
}

func TestOptionsByKey(t *testing.T) {
	o, err := libmo.NewOptions("quantize")
	must(t, err)
	defer o.Close()
	for key, value := range map[string]any{"precision": "int8", "seed": 3, "threads": int64(1), "fold_batch_norm": false, "calibration.percentile": 99.5,
		"exclude": []string{"a,b", "c"}} {
		must(t, o.Set(key, value))
	}
	must(t, o.Add("exclude", "d"))
	must(t, o.Parse("calibration:\n  method: percentile\n"))
	values, err := o.JSON()
	must(t, err)
	var got map[string]any
	must(t, json.Unmarshal([]byte(values), &got))
	if !reflect.DeepEqual(got["exclude"], []any{"a,b", "c", "d"}) || !strings.Contains(values, "percentile") || got["seed"] != 3.0 {
		t.Error(values)
	}
	err = o.Set("presicion", "int8")
	if err == nil || !strings.Contains(err.Error(), "precision") {
		t.Error("the message names the nearest key", err)
	}
	wants(t, o.Set("seed", struct{}{}), libmo.CodeType)
	must(t, o.Set("exclude", []string{}))
	_, err = libmo.NewOptions("dance")
	wants(t, err, libmo.CodeNotFound)
	all, err := libmo.DescribeOptions("")
	must(t, err)
	if !strings.Contains(string(all), `"quantize"`) {
		t.Error(string(all))
	}
	one, err := libmo.DescribeOptions("session")
	must(t, err)
	if !strings.Contains(string(one), "release_weights") {
		t.Error(string(one))
	}
}

func TestTypedOptionsReachTheLibrary(t *testing.T) {
	m := load(t, linear())
	_, err := libmo.NewSession(m, libmo.SessionThreads(5000))
	if err == nil || !strings.Contains(err.Error(), "threads") {
		t.Error(err)
	}
	_, err = libmo.NewSession(m, libmo.SessionJSON(`{"thraeds": 1}`))
	if err == nil || !strings.Contains(err.Error(), "threads") {
		t.Error(err)
	}
	o, err := libmo.NewOptions("session")
	must(t, err)
	defer o.Close()
	must(t, o.Set("extra_outputs", []string{"h"}))
	s, err := libmo.NewSession(m, libmo.SessionFrom(o), libmo.SessionThreads(1))
	must(t, err)
	defer s.Close()
	out, err := s.Run(context.Background(), tensors(t, "x", ramp(16, 0), 1, 16))
	must(t, err)
	defer out.Close()
	if !slices.Contains(out.Names(), "h") {
		t.Error(out.Names())
	}
	_, err = libmo.NewSession(m, libmo.SessionFrom(nil))
	if err == nil {
		t.Error("options that are nil")
	}
	q, err := libmo.NewOptions("quantize")
	must(t, err)
	defer q.Close()
	_, err = libmo.NewSession(m, libmo.SessionFrom(q))
	wants(t, err, libmo.CodeInvalidArgument)
}

func TestDatasetGivesBatches(t *testing.T) {
	arrays := tensors(t, "x", ramp(5*16, 0), 5, 16)
	must(t, libmo.Put(arrays, "label", []int64{0, 1, 2, 3, 4}, 5))
	d, err := libmo.NewDataset(arrays, libmo.DatasetBatchSize(2))
	must(t, err)
	defer d.Close()
	if n, err := d.Count(); err != nil || n != 5 {
		t.Error(n, err)
	}
	sizes := []int64{}
	for b, err := range d.Batches() {
		must(t, err)
		sizes = append(sizes, b.Label.Len())
	}
	if !slices.Equal(sizes, []int64{2, 2, 1}) {
		t.Error(sizes)
	}
	if _, err := d.Next(); err != io.EOF {
		t.Error(err)
	}
	must(t, d.Rewind())
	b, err := d.Next()
	must(t, err)
	if data, _, err := libmo.Get[float32](b.Inputs, "x"); err != nil || !slices.Equal(data, ramp(5*16, 0)[:32]) {
		t.Error(data, err)
	}
	must(t, b.Close())
	path := filepath.Join(t.TempDir(), "d.npz")
	must(t, arrays.Save(path))
	f, err := libmo.OpenDataset(path, libmo.DatasetSamples(3))
	must(t, err)
	defer f.Close()
	if n, err := f.Count(); err != nil || n != 3 {
		t.Error(n, err)
	}
}

func calibrated(t testing.TB, m *libmo.Model) *libmo.Calibration {
	t.Helper()
	c, err := libmo.NewCalibration(m, libmo.CalibrationThreads(1))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	for i := range 4 {
		must(t, c.Feed(context.Background(), tensors(t, "x", ramp(32, float32(i)/10), 2, 16)))
	}
	return c
}

func TestQuantizeEvaluateCompareBenchmark(t *testing.T) {
	ctx := context.Background()
	m := load(t, linear())
	c := calibrated(t, m)
	if c.Count() != 8 {
		t.Error(c.Count())
	}
	var stages []string
	progress := libmo.WithProgress(ctx, func(stage string, done, total int64) error {
		stages = append(stages, stage)
		return nil
	})
	q, report, err := libmo.Quantize(progress, m, c, libmo.QuantizePrecision(libmo.QuantizePrecisionInt8), libmo.QuantizeThreads(1))
	must(t, err)
	defer q.Close()
	defer report.Close()
	if len(stages) == 0 || !report.Passed() || report.Text() == "" || !json.Valid(report.JSON()) {
		t.Error(stages, report)
	}
	if d, err := q.Describe(); err != nil || d.QuantizedNodes == 0 {
		t.Error(d, err)
	}
	arrays := tensors(t, "x", ramp(6*16, 0), 6, 16)
	must(t, libmo.Put(arrays, "label", []int64{0, 1, 2, 3, 4, 5}, 6))
	data, err := libmo.NewDataset(arrays)
	must(t, err)
	defer data.Close()
	e, err := libmo.Evaluate(ctx, q, data, libmo.EvaluateMetric("top1"), libmo.EvaluateMinimum(1.1))
	must(t, err)
	defer e.Close()
	if samples, err := e.Number("samples"); err != nil || samples != 6 || e.Passed() {
		t.Error(e)
	}
	_, err = e.Number("metric")
	wants(t, err, libmo.CodeNotFound)
	x, err := libmo.Compare(ctx, m, q, data, libmo.CompareSeconds(0.01))
	must(t, err)
	defer x.Close()
	y, err := libmo.Compare(ctx, m, q, nil, libmo.CompareSeconds(0))
	must(t, err)
	defer y.Close()
	b, err := libmo.Benchmark(ctx, m, nil, libmo.BenchmarkRuns(3), libmo.BenchmarkWarmup(1))
	must(t, err)
	defer b.Close()
	var measured struct {
		Median float64 `json:"median_ms"`
	}
	must(t, b.Decode(&measured))
	if measured.Median <= 0 {
		t.Error(b)
	}
	_, _, err = libmo.Quantize(ctx, m, nil)
	wants(t, err, libmo.CodeInvalidArgument)
	half, r, err := libmo.Quantize(ctx, m, nil, libmo.QuantizePrecision("fp16"))
	must(t, err)
	half.Close()
	r.Close()
}

func TestSearchesAskTheCallersMetric(t *testing.T) {
	ctx := context.Background()
	m := load(t, linear())
	c := calibrated(t, m)
	asked := 0
	metric := func(model *libmo.Model) (float64, error) {
		asked++
		if len(model.Inputs()) != 1 {
			t.Error("not a model")
		}
		return 0.9, nil
	}
	q, report, err := libmo.QuantizeToGoal(ctx, m, c, nil, metric, []libmo.QuantizeOption{libmo.QuantizeThreads(1)}, []libmo.GoalOption{libmo.GoalMaxDrop(0.1)})
	must(t, err)
	q.Close()
	if html, err := report.HTML(); err != nil || !strings.Contains(html, "<html") || asked == 0 {
		t.Error(html, err, asked)
	}
	report.Close()
	s, err := libmo.Sensitivity(ctx, m, c, nil, nil, nil, nil)
	must(t, err)
	if !strings.Contains(string(s.JSON()), "units") {
		t.Error(s)
	}
	s.Close()
	mine := errors.New("mine")
	_, _, err = libmo.QuantizeToGoal(ctx, m, c, nil, func(*libmo.Model) (float64, error) { return 0, mine }, nil, []libmo.GoalOption{libmo.GoalMaxDrop(0.1)})
	if !errors.Is(err, mine) || !errors.Is(err, libmo.CodeCallback) {
		t.Error(err)
	}
	defer func() {
		if r := recover(); r != "oh" {
			t.Error("recovered", r)
		}
	}()
	libmo.QuantizeToGoal(ctx, m, c, nil, func(*libmo.Model) (float64, error) { panic("oh") }, nil, []libmo.GoalOption{libmo.GoalMaxDrop(0.1)})
	t.Error("no panic")
}

func TestCalibrationMergesAndSaves(t *testing.T) {
	m := load(t, linear())
	a, b := calibrated(t, m), calibrated(t, m)
	must(t, a.Merge(b))
	if a.Count() != 16 {
		t.Error(a.Count())
	}
	path := filepath.Join(t.TempDir(), "c")
	must(t, a.Save(path))
	back, err := libmo.LoadCalibration(path, m)
	must(t, err)
	defer back.Close()
	if back.Count() != 16 {
		t.Error(back.Count())
	}
	_, err = libmo.LoadCalibration(path, load(t, doubler()))
	wants(t, err, libmo.CodeInvalidArgument)
}

func TestLogReachesTheSinkAndStops(t *testing.T) {
	libmo.SetLog(libmo.LogDebug, func(level libmo.LogLevel, message string) { panic("dropped") })
	s := session(t, linear())
	out, err := s.Run(context.Background(), tensors(t, "x", ramp(16, 0), 1, 16))
	must(t, err)
	out.Close()
	libmo.SetLog(libmo.LogOff, nil)
}

func wants(t testing.TB, err error, code libmo.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("%v where %v is wanted", err, code)
	}
}
