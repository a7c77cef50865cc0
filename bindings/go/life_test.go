package libmo_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"libmo.ai/libmo"
)

func TestClosedObjectsGiveErrors(t *testing.T) {
	ctx := context.Background()
	m, err := libmo.LoadModelBytes(linear(), "")
	must(t, err)
	s, err := libmo.NewSession(m)
	must(t, err)
	c, err := libmo.NewCalibration(m)
	must(t, err)
	ts := tensors(t, "x", ramp(16, 0), 1, 16)
	x, err := ts.Get("x")
	must(t, err)
	d, err := libmo.NewDataset(ts)
	must(t, err)
	o, err := libmo.NewOptions("session")
	must(t, err)
	r, err := libmo.Benchmark(ctx, m, nil, libmo.BenchmarkRuns(1))
	must(t, err)
	for _, object := range []interface{ Close() error }{m, s, c, ts, x, d, o, r} {
		must(t, object.Close())
		if err := object.Close(); !errors.Is(err, libmo.ErrClosed) {
			t.Errorf("%T closed twice: %v", object, err)
		}
	}
	_, run := s.Run(ctx, ts)
	_, bytes := m.Bytes()
	_, next := d.Next()
	_, json := o.JSON()
	_, again := libmo.NewSession(m)
	_, _, quantized := libmo.Quantize(ctx, m, c)
	_, get := ts.Get("x")
	_, content := x.Bytes()
	_, count := d.Count()
	_, memory := s.Memory()
	for i, err := range []error{run, bytes, next, json, again, quantized, get, content, count, memory, c.Feed(ctx, ts), c.Merge(c), o.Set("threads", 1),
		d.Rewind(), ts.Set("x", x), libmo.Write(x, ramp(16, 0)), r.Decode(&struct{}{}), m.Save("never"), s.RunInto(ctx, ts, ts)} {
		if !errors.Is(err, libmo.ErrClosed) {
			t.Errorf("call %d on a closed object: %v", i, err)
		}
	}
	if r.Text() != "" || r.JSON() != nil || r.Passed() || m.Inputs() != nil || ts.Len() != 0 || x.Shape() != nil || x.DType() != libmo.Undefined ||
		c.Count() != 0 || x.String() != "closed tensor" {
		t.Error("a closed object answered")
	}
}

func TestNilObjectsGiveErrors(t *testing.T) {
	ctx := context.Background()
	var m *libmo.Model
	var s *libmo.Session
	var ts *libmo.Tensors
	var x *libmo.Tensor
	_, err := libmo.NewSession(m)
	wants(t, err, libmo.CodeInvalidArgument)
	_, err = s.Run(ctx, ts)
	wants(t, err, libmo.CodeInvalidArgument)
	wants(t, ts.Set("x", x), libmo.CodeInvalidArgument)
	wants(t, x.Close(), libmo.CodeInvalidArgument)
	wants(t, new(libmo.Model).Close(), libmo.CodeInvalidArgument)
	_, err = new(libmo.Session).Memory()
	wants(t, err, libmo.CodeInvalidArgument)
}

func TestCloseWhileRunning(t *testing.T) {
	for range 20 {
		m, err := libmo.LoadModelBytes(linear(), "")
		must(t, err)
		s, err := libmo.NewSession(m, libmo.SessionThreads(1))
		must(t, err)
		in := tensors(t, "x", ramp(16, 0), 1, 16)
		var wg sync.WaitGroup
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					out, err := s.Run(context.Background(), in)
					if err != nil {
						if !errors.Is(err, libmo.ErrClosed) {
							t.Error(err)
						}
						return
					}
					out.Close()
				}
			}()
		}
		time.Sleep(time.Millisecond)
		m.Close()
		in.Close()
		must(t, s.Close())
		wg.Wait()
	}
}

func TestChangingWhatIsReadIsBusy(t *testing.T) {
	x, err := libmo.NewTensor([]float32{1}, 1)
	must(t, err)
	defer x.Close()
	must(t, libmo.Access(x, func([]float32) error {
		wants(t, libmo.Write(x, []float32{2}), libmo.CodeBusy)
		return nil
	}))
	must(t, libmo.Access(x, func(data []float32) error {
		must(t, x.Close())
		data[0] = 3 // still there
		return nil
	}))
}

// forgotten makes objects that nobody closes, n of each kind.
func forgotten(t testing.TB, n int) {
	m := load(t, linear())
	for range n {
		_, model := m.WithMetadata("k", "v")
		_, session := libmo.NewSession(m, libmo.SessionThreads(1))
		_, tensor := libmo.NewTensorZeros(libmo.Float32, 1024)
		_, collection := libmo.NewTensors()
		_, options := libmo.NewOptions("session")
		must(t, errors.Join(model, session, tensor, collection, options))
	}
}

func TestForgottenObjectsAreFreed(t *testing.T) {
	before := libmo.Live()
	forgotten(t, 2000)
	if made := libmo.Live() - before; made < 100 {
		t.Errorf("%d objects made", made)
	}
	end := time.Now().Add(time.Minute)
	for libmo.Live() > before+1 && time.Now().Before(end) { // the one that is left is the model of forgotten
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	left := libmo.Live() - before - 1
	t.Logf("%d of 10000 forgotten objects are left", left)
	if left > 0 {
		t.Error("all of them ought to be freed")
	}
}

func TestContextStopsTheWork(t *testing.T) {
	m := load(t, linear())
	ctx, cancel := context.WithCancelCause(context.Background())
	mine := errors.New("my reason")
	ctx = libmo.WithProgress(ctx, func(string, int64, int64) error { cancel(mine); return nil })
	_, err := libmo.Benchmark(ctx, m, nil, libmo.BenchmarkSeconds(60))
	if !errors.Is(err, mine) || !errors.Is(err, libmo.CodeCancelled) {
		t.Error(err)
	}
	_, err = libmo.Benchmark(ctx, m, nil)
	if !errors.Is(err, mine) {
		t.Error("a context that has ended already", err)
	}
	late, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	_, err = libmo.Benchmark(late, m, nil, libmo.BenchmarkSeconds(60))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, libmo.CodeDeadline) {
		t.Error(err)
	}
	plain, stop2 := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, stop2)
	_, err = libmo.Benchmark(plain, m, nil, libmo.BenchmarkSeconds(60))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r, err := libmo.Benchmark(context.Background(), m, nil, libmo.BenchmarkRuns(1))
	must(t, err)
	r.Close()
}

func TestProgressErrorAndPanicReachTheCaller(t *testing.T) {
	m := load(t, linear())
	mine := errors.New("enough")
	ctx := libmo.WithProgress(context.Background(), func(string, int64, int64) error { return mine })
	_, err := libmo.Benchmark(ctx, m, nil, libmo.BenchmarkSeconds(60))
	if !errors.Is(err, mine) || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 100 {
		func() {
			defer func() {
				if r := recover(); r != "oh" {
					t.Error("recovered", r)
				}
			}()
			ctx := libmo.WithProgress(context.Background(), func(string, int64, int64) error { panic("oh") })
			libmo.Benchmark(ctx, m, nil, libmo.BenchmarkSeconds(60))
			t.Error("no panic")
		}()
	}
	r, err := libmo.Benchmark(context.Background(), m, nil, libmo.BenchmarkRuns(1)) // the library is as it was
	must(t, err)
	r.Close()
}
