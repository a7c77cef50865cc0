package libmo_test

import (
	"context"
	"errors"
	"fmt"
	"log"

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
