// Command overhead times a session run on one element through the Go face, buffers used again; compare with bench/bindings/overhead.c.
// usage: overhead ADD_MODEL
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"time"

	"libmo.ai/libmo"
)

func one(name string) *libmo.Tensors {
	ts, err := libmo.NewTensors()
	if err != nil {
		log.Fatal(err)
	}
	if err := libmo.Put(ts, name, []float32{0}, 1); err != nil {
		log.Fatal(err)
	}
	return ts
}

func main() {
	const batches, runs = 300, 2000
	model, err := libmo.LoadModel(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	session, err := libmo.NewSession(model, libmo.SessionThreads(1))
	if err != nil {
		log.Fatal(err)
	}
	in, out, ctx := one("x"), one("y"), context.Background()
	times := make([]float64, batches)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for batch := range batches {
		begin := time.Now()
		for range runs {
			if err := session.RunInto(ctx, in, out); err != nil {
				log.Fatal(err)
			}
		}
		times[batch] = float64(time.Since(begin).Nanoseconds()) / runs
	}
	runtime.ReadMemStats(&after)
	slices.Sort(times)
	fmt.Printf("Go: minimum %.0f ns, median %.0f ns a run, %d allocations in %d runs\n", times[0], times[batches/2], after.Mallocs-before.Mallocs, batches*runs)
}
