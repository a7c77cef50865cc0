// Scores many samples with one session and a pool of goroutines that use their buffers again. usage: go run batch.go MODEL SAMPLES
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"libmo.ai/libmo"
)

// worker scores samples until there are none left; it allocates nothing per sample.
func worker(ctx context.Context, session *libmo.Session, in, out libmo.Port, samples <-chan int, classes []int) error {
	shape, size := sizes(in)
	outShape, outSize := sizes(out)
	x, y := make([]float32, size), make([]float32, outSize)
	inputs, err := libmo.NewTensors()
	if err != nil {
		return err
	}
	defer inputs.Close()
	outputs, err := libmo.NewTensors()
	if err != nil {
		return err
	}
	defer outputs.Close()
	if err := libmo.Put(inputs, in.Name, x, shape...); err != nil {
		return err
	}
	if err := libmo.Put(outputs, out.Name, y, outShape...); err != nil {
		return err
	}
	xs, err := inputs.Get(in.Name)
	if err != nil {
		return err
	}
	defer xs.Close()
	ys, err := outputs.Get(out.Name)
	if err != nil {
		return err
	}
	defer ys.Close()
	for sample := range samples {
		for i := range x { // your data here
			x[i] = float32((i*7+sample*31)%255)/127.5 - 1
		}
		if err := libmo.Write(xs, x); err != nil {
			return err
		}
		if err := session.RunInto(ctx, inputs, outputs); err != nil {
			return err
		}
		if err := libmo.Read(ys, y); err != nil {
			return err
		}
		for class, score := range y {
			if score > y[classes[sample]] {
				classes[sample] = class
			}
		}
	}
	return nil
}

func sizes(p libmo.Port) (shape []int64, size int64) {
	size = 1
	for _, n := range p.Shape {
		shape = append(shape, max(n, 1))
		size *= max(n, 1)
	}
	return shape, size
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: batch MODEL SAMPLES")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	model, err := libmo.LoadModel(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	session, err := libmo.NewSession(model, libmo.SessionThreads(1)) // the pool is the parallelism
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	begin := time.Now()
	samples, classes := make(chan int, 64), make([]int, count)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := worker(context.Background(), session, model.Inputs()[0], model.Outputs()[0], samples, classes); err != nil {
				log.Fatal(err)
			}
		}()
	}
	for i := range count {
		samples <- i
	}
	close(samples)
	wg.Wait()
	found := map[int]int{}
	for _, class := range classes {
		found[class]++
	}
	fmt.Printf("%d samples, %.0f a second, classes %v\n", count, float64(count)/time.Since(begin).Seconds(), found)
}
