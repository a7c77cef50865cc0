// Command overhead measures the cost of a session run on one element through the Go face; bench/bindings/overhead.py says what it answers.
// usage: overhead ADD_MODEL
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"testing"
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
	const batches, runs = 50, 1000
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
	measure := func() {
		for batch := range times {
			begin := time.Now()
			for range runs {
				if err := session.RunInto(ctx, in, out); err != nil {
					log.Fatal(err)
				}
			}
			times[batch] = float64(time.Since(begin).Nanoseconds()) / runs
		}
	}
	for line := bufio.NewScanner(os.Stdin); line.Scan(); {
		allocations := testing.AllocsPerRun(1, measure) // runs it twice and counts the second
		slices.Sort(times)
		fmt.Printf("%.1f %.4f allocations\n", times[batches/2], allocations/(batches*runs))
	}
}
