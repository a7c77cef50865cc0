// Times a model and stops at a deadline. usage: go run benchmark.go MODEL [SECONDS]
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"libmo.ai/libmo"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: benchmark MODEL [SECONDS]")
	}
	seconds := 1.0
	if len(os.Args) > 2 {
		var err error
		if seconds, err = strconv.ParseFloat(os.Args[2], 64); err != nil {
			log.Fatal(err)
		}
	}
	model, err := libmo.LoadModel(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	report, err := libmo.Benchmark(ctx, model, nil, libmo.BenchmarkSeconds(seconds), libmo.BenchmarkThreads(1))
	if errors.Is(err, context.DeadlineExceeded) {
		log.Fatal("not done within a minute")
	} else if err != nil {
		log.Fatal(err)
	}
	defer report.Close()
	var measured struct {
		Median float64 `json:"median_ms"`
		P99    float64 `json:"p99_ms"`
	}
	if err := report.Decode(&measured); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("median %.4g ms, 99 %% within %.4g ms\n", measured.Median, measured.P99)
	fmt.Println(report.Text())
}
