package libmo

import (
	"context"
	"runtime/cgo"
	"time"

	"libmo.ai/libmo/internal/native"
)

// Progress hears how far the work is: what is being done ("calibrate"), units done and in all (0: unknown). It may be called on another thread than
// the caller's, never twice at once for one call. An error that it returns stops the work, which then returns that error
// (errors.Is and errors.As find it) with [CodeCancelled]; a panic goes on in the caller once the library has returned.
type Progress func(stage string, done, total int64) error

type progressKey struct{}

// WithProgress gives a context whose work reports to progress.
func WithProgress(ctx context.Context, progress Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, progress)
}

// control connects one native call with a context. Its zero value is a call that nobody watches.
type control struct {
	address  uintptr
	ctx      context.Context
	stop     func() bool
	ended    chan struct{}
	handle   cgo.Handle
	stopped  error // what the progress function returned
	panicked any
	panics   bool
}

// watch makes the control of a call; nil when nothing can end or hear it. The caller calls finish, whatever happened.
func watch(ctx context.Context) (*control, error) {
	if ctx == nil {
		return nil, nil
	}
	progress, _ := ctx.Value(progressKey{}).(Progress)
	if ctx.Done() == nil && progress == nil {
		return nil, nil
	}
	c := &control{ctx: ctx}
	if progress != nil {
		c.handle = cgo.NewHandle(native.ProgressFunc(func(stage string, done, total int64) (goOn bool) {
			defer func() {
				if !goOn && c.stopped == nil {
					c.panicked, c.panics = recover(), true
				}
			}()
			if err := progress(stage, done, total); err != nil {
				c.stopped = err
				return false
			}
			return true
		}))
	}
	var address uintptr // of its own, as C must not see the Go pointers beside c.address
	if err := check(native.Mo_control_create(uintptr(c.handle), &address)); err != nil {
		c.drop()
		return nil, err
	}
	c.address = address
	if deadline, has := ctx.Deadline(); has {
		_ = check(native.Mo_control_set_deadline(c.address, max(time.Until(deadline).Seconds(), 1e-9)))
	}
	if ctx.Err() == context.Canceled { // at once; AfterFunc would take its time
		native.Mo_control_cancel(c.address)
	} else if ctx.Done() != nil {
		c.ended = make(chan struct{})
		c.stop = context.AfterFunc(ctx, func() {
			if ctx.Err() == context.DeadlineExceeded {
				_ = check(native.Mo_control_set_deadline(c.address, 1e-9))
			} else {
				native.Mo_control_cancel(c.address)
			}
			close(c.ended)
		})
	}
	return c, nil
}

func (c *control) native() uintptr {
	if c == nil {
		return 0
	}
	return c.address
}

// finish frees the control and gives the call's error its cause; a panic of the progress function goes on here.
func (c *control) finish(err error) error {
	if c == nil {
		return err
	}
	c.drop()
	if c.panics {
		panic(c.panicked)
	}
	if e, is := err.(*Error); is && (e.Code == CodeCancelled || e.Code == CodeDeadline) {
		switch {
		case c.stopped != nil:
			e.cause = c.stopped
		case c.ctx.Err() != nil:
			e.cause = context.Cause(c.ctx)
		}
	}
	return err
}

func (c *control) drop() {
	if c.stop != nil && !c.stop() {
		<-c.ended
	}
	native.Mo_control_free(c.address)
	if c.handle != 0 {
		c.handle.Delete()
	}
}
