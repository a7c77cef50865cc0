package libmo_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"libmo.ai/libmo"
)

func resident(t testing.TB) int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc")
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// often is how many times the long tests repeat: LIBMO_OFTEN, or few. The million of docs/go.md is LIBMO_OFTEN=1000000.
func often(few int) int {
	if n, err := strconv.Atoi(os.Getenv("LIBMO_OFTEN")); err == nil {
		return n
	}
	return few
}

func TestReusedBuffersAllocateNothing(t *testing.T) {
	s := session(t, doubler(), libmo.SessionThreads(1))
	in, out := tensors(t, "x", []float32{1}, 1), tensors(t, "y", []float32{0}, 1)
	x, _ := in.Get("x")
	y, _ := out.Get("y")
	defer x.Close()
	defer y.Close()
	buffer := []float32{3}
	ctx := context.Background()
	if n := testing.AllocsPerRun(1000, func() {
		if libmo.Write(x, buffer) != nil || s.RunInto(ctx, in, out) != nil || libmo.Read(y, buffer) != nil {
			t.Error("failed")
		}
	}); n != 0 {
		t.Errorf("%g allocations per run", n)
	}
}

// made is what the tests of memory make and close, each with the one that it needs.
func made(t testing.TB) map[string]func() {
	m := load(t, doubler())
	x, err := libmo.NewTensor([]float32{1, 2}, 2)
	must(t, err)
	t.Cleanup(func() { x.Close() })
	in := tensors(t, "x", []float32{1}, 1)
	return map[string]func(){
		"tensors": func() {
			x, err := libmo.NewTensor([]float32{1, 2}, 2)
			must(t, err)
			must(t, x.Close())
		},
		"maps": func() {
			ts, err := libmo.NewTensors()
			must(t, err)
			must(t, ts.Set("x", x))
			must(t, ts.Close())
		},
		"options": func() {
			o, err := libmo.NewOptions("session")
			must(t, err)
			must(t, o.Set("threads", 1))
			must(t, o.Close())
		},
		"models": func() {
			with, err := m.WithMetadata("k", "v")
			must(t, err)
			must(t, with.Close())
		},
		"sessions": func() {
			s, err := libmo.NewSession(m, libmo.SessionThreads(1))
			must(t, err)
			must(t, s.Close())
		},
		"sessions that ran": func() {
			s, err := libmo.NewSession(m, libmo.SessionThreads(1))
			must(t, err)
			out, err := s.Run(context.Background(), in)
			must(t, err)
			must(t, out.Close())
			must(t, s.Close())
		},
	}
}

func TestCreateAndCloseKeepsMemoryFlat(t *testing.T) {
	for kind, cycle := range made(t) {
		t.Run(kind, func(t *testing.T) {
			n := often(5000)
			for range n / 10 {
				cycle()
			}
			runtime.GC()
			samples := []int64{resident(t) >> 10}
			begin := time.Now()
			for range 10 {
				for range n / 10 {
					cycle()
				}
				samples = append(samples, resident(t)>>10)
			}
			t.Logf("%d %s in %.1f s, RSS in kB: %d", n/10*10, kind, time.Since(begin).Seconds(), samples)
			if grown := samples[10] - samples[0]; grown > 8<<10 && os.Getenv("MO_SANITIZED") == "" { // AddressSanitizer keeps what was freed
				t.Errorf("%d kB more", grown)
			}
		})
	}
}

func TestSixteenGoroutinesAgree(t *testing.T) {
	s := session(t, doubler(), libmo.SessionThreads(1))
	runs := often(5000) / 10
	stop := make(chan struct{})
	go func() { // the collector at work all the time
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			value := float32(g)
			in, _ := libmo.NewTensors()
			out, _ := libmo.NewTensors()
			defer in.Close()
			defer out.Close()
			libmo.Put(in, "x", []float32{value}, 1)
			libmo.Put(out, "y", []float32{0}, 1)
			y, _ := out.Get("y")
			defer y.Close()
			got := []float32{0}
			for range runs {
				if err := s.RunInto(context.Background(), in, out); err != nil {
					t.Error(err)
					return
				}
				if libmo.Read(y, got); got[0] != 2*value {
					t.Errorf("%g from %g", got[0], value)
					return
				}
			}
		}()
	}
	wg.Wait()
	close(stop)
}

func BenchmarkRunInto(b *testing.B) {
	s := session(b, doubler(), libmo.SessionThreads(1))
	in, out := tensors(b, "x", []float32{1}, 1), tensors(b, "y", []float32{0}, 1)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := s.RunInto(ctx, in, out); err != nil {
			b.Fatal(err)
		}
	}
}
