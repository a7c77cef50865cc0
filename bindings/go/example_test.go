package libmo_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"libmo.ai/libmo"
)

func Example() {
	model, err := libmo.LoadModel("testdata/linear.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	session, err := libmo.NewSession(model, libmo.SessionThreads(1))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	inputs, err := libmo.NewTensors()
	if err != nil {
		log.Fatal(err)
	}
	defer inputs.Close()
	if err := libmo.Put(inputs, "x", make([]float32, 16), 1, 16); err != nil {
		log.Fatal(err)
	}
	outputs, err := session.Run(context.Background(), inputs)
	if err != nil {
		log.Fatal(err)
	}
	defer outputs.Close()
	y, shape, err := libmo.Get[float32](outputs, "y")
	fmt.Println(y, shape, err)
	// Output: [0 0 0 0 0 0 0 0] [1 8] <nil>
}

func ExampleQuantize() {
	model, err := libmo.LoadModel("testdata/linear.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	calibration, err := libmo.NewCalibration(model)
	if err != nil {
		log.Fatal(err)
	}
	defer calibration.Close()
	for range 10 { // batches of your own data
		batch, err := libmo.NewTensors()
		if err != nil {
			log.Fatal(err)
		}
		if err := libmo.Put(batch, "x", ramp(32, 0), 2, 16); err != nil {
			log.Fatal(err)
		}
		if err := calibration.Feed(context.Background(), batch); err != nil {
			log.Fatal(err)
		}
		batch.Close()
	}
	small, report, err := libmo.Quantize(context.Background(), model, calibration, libmo.QuantizePrecision(libmo.QuantizePrecisionInt8))
	if err != nil {
		log.Fatal(err)
	}
	defer small.Close()
	defer report.Close()
	what, err := small.Describe()
	fmt.Println(calibration.Count(), "samples,", what.QuantizedNodes > 0, err)
	// Output: 20 samples, true <nil>
}

func ExampleError() {
	_, err := libmo.LoadModel("no such file.onnx")
	var e *libmo.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code)
	}
	fmt.Println(errors.Is(err, libmo.CodeNotFound))
	// Output:
	// MO_ERR_NOT_FOUND
	// true
}

func ExampleWithProgress() {
	model, err := libmo.LoadModel("testdata/linear.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	enough := errors.New("enough")
	ctx := libmo.WithProgress(context.Background(), func(stage string, done, total int64) error { return enough })
	_, err = libmo.Benchmark(ctx, model, nil, libmo.BenchmarkSeconds(60))
	fmt.Println(errors.Is(err, enough), errors.Is(err, libmo.CodeCancelled))
	// Output: true true
}

func ExampleAccess() {
	t, err := libmo.NewTensor([]float32{1, 2, 3}, 3)
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	err = libmo.Access(t, func(data []float32) error {
		for i := range data {
			data[i] *= 10
		}
		return nil
	})
	values, _ := libmo.Data[float32](t)
	fmt.Println(values, err)
	// Output: [10 20 30] <nil>
}

func ExampleSession_RunInto() {
	model, err := libmo.LoadModel("testdata/linear.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	session, err := libmo.NewSession(model, libmo.SessionThreads(1))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	x, err := libmo.NewTensorZeros(libmo.Float32, 1, 16) // used again by every run
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	y, err := libmo.NewTensorZeros(libmo.Float32, 1, 8)
	if err != nil {
		log.Fatal(err)
	}
	defer y.Close()
	inputs, err := libmo.NewTensors()
	if err != nil {
		log.Fatal(err)
	}
	defer inputs.Close()
	outputs, err := libmo.NewTensors()
	if err != nil {
		log.Fatal(err)
	}
	defer outputs.Close()
	if err := errors.Join(inputs.Set("x", x), outputs.Set("y", y)); err != nil {
		log.Fatal(err)
	}
	sample, scores := make([]float32, 16), make([]float32, 8)
	for i := range 3 {
		sample[0] = float32(i) // your data
		if err := errors.Join(libmo.Write(x, sample), session.RunInto(context.Background(), inputs, outputs), libmo.Read(y, scores)); err != nil {
			log.Fatal(err)
		}
		fmt.Println(scores[7])
	}
	// Output:
	// 0
	// 0.125
	// 0.25
}

func ExampleLoadModelFrom() {
	file, err := os.Open("testdata/linear.onnx") // or the body of an answer, an entry of an archive
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	model, err := libmo.LoadModelFrom(file)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	for _, port := range model.Inputs() {
		fmt.Println(port.Name, port.DType, port.Shape)
	}
	// Output: x float32 [-1 16]
}

func ExampleDataset_Batches() {
	arrays, err := libmo.NewTensors() // or OpenDataset("samples.npz")
	if err != nil {
		log.Fatal(err)
	}
	defer arrays.Close()
	if err := libmo.Put(arrays, "x", ramp(5*16, 0), 5, 16); err != nil {
		log.Fatal(err)
	}
	data, err := libmo.NewDataset(arrays, libmo.DatasetBatchSize(2))
	if err != nil {
		log.Fatal(err)
	}
	defer data.Close()
	for batch, err := range data.Batches() {
		if err != nil {
			log.Fatal(err)
		}
		_, shape, err := libmo.Get[float32](batch.Inputs, "x")
		fmt.Println(shape, err)
	}
	// Output:
	// [2 16] <nil>
	// [2 16] <nil>
	// [1 16] <nil>
}

func ExampleBenchmark() {
	model, err := libmo.LoadModel("testdata/linear.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond) // ends the work, not only the wait for it
	defer cancel()
	_, err = libmo.Benchmark(ctx, model, nil, libmo.BenchmarkSeconds(60))
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, libmo.CodeDeadline))
	// Output: true true
}
