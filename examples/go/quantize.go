// Quantizes a model to int8: a goroutine makes the calibration batches and sends them through a channel. usage: go run quantize.go MODEL OUT
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand"
	"os"
	"os/signal"

	"libmo.ai/libmo"
)

// batches sends count batches of the size that model wants; yours would come from files, a queue, a database.
func batches(model *libmo.Model, count int, send chan<- *libmo.Tensors) {
	defer close(send)
	random := rand.New(rand.NewSource(1))
	for range count {
		batch, err := libmo.NewTensors()
		if err != nil {
			log.Fatal(err)
		}
		for _, input := range model.Inputs() {
			shape, size := []int64{}, int64(1)
			for axis, n := range input.Shape {
				if n < 0 && axis == 0 {
					n = 8
				}
				shape = append(shape, max(n, 1))
				size *= max(n, 1)
			}
			data := make([]float32, size)
			for i := range data {
				data[i] = random.Float32()*2 - 1
			}
			if err := libmo.Put(batch, input.Name, data, shape...); err != nil {
				log.Fatal(err)
			}
		}
		send <- batch
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: quantize MODEL OUT")
	}
	model, err := libmo.LoadModel(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	calibration, err := libmo.NewCalibration(model)
	if err != nil {
		log.Fatal(err)
	}
	defer calibration.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // Ctrl-C stops the work, nothing is half-written
	defer stop()

	channel := make(chan *libmo.Tensors, 4)
	go batches(model, 20, channel)
	for batch := range channel {
		if err := calibration.Feed(ctx, batch); err != nil {
			log.Fatal(err)
		}
		batch.Close()
	}

	ctx = libmo.WithProgress(ctx, func(stage string, done, total int64) error {
		fmt.Fprintf(os.Stderr, "\r%-20s %d/%d ", stage, done, total)
		return nil
	})
	small, report, err := libmo.Quantize(ctx, model, calibration, libmo.QuantizePrecision(libmo.QuantizePrecisionInt8))
	fmt.Fprintln(os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	defer small.Close()
	defer report.Close()
	if err := small.Save(os.Args[2]); err != nil {
		log.Fatal(err)
	}
	before, err := model.Describe()
	if err != nil {
		log.Fatal(err)
	}
	after, err := small.Describe()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d samples, %d of %d nodes quantized, %d -> %d bytes\n", calibration.Count(), after.QuantizedNodes, before.Nodes, before.FileBytes, after.FileBytes)
}
