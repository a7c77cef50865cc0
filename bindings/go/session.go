package libmo

import (
	"context"
	"encoding/json"

	"libmo.ai/libmo/internal/native"
)

// Session is a model made ready to run. Many goroutines may run it at once.
type Session struct{ h *handle }

// NewSession makes model ready to run; kernels and memory are planned per set of input shapes, at their first run.
func NewSession(model *Model, options ...SessionOption) (*Session, error) {
	var l lease
	defer l.release()
	p := l.shared(model.handle(), modelKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := fill("session", options, func(o uintptr) error { return check(native.Mo_session_create(p, o, &out)) })
	h, err := made(out, sessionKind, err)
	if err != nil {
		return nil, err
	}
	return &Session{h}, nil
}

// LoadSession makes a file's model ready to run. Nobody else holds that model, so weights that are released (SessionReleaseWeights) are never in memory
// twice. load is how the file is read; nil: by the defaults.
func LoadSession(path string, load []LoadOption, options ...SessionOption) (*Session, error) {
	if err := plain("path", path); err != nil {
		return nil, err
	}
	var out uintptr
	err := fill("load", load, func(l uintptr) error {
		return fill("session", options, func(o uintptr) error { return check(native.Mo_session_load(path, l, o, &out)) })
	})
	h, err := made(out, sessionKind, err)
	if err != nil {
		return nil, err
	}
	return &Session{h}, nil
}

// Run runs once. inputs names every input that has no default.
func (s *Session) Run(ctx context.Context, inputs *Tensors) (*Tensors, error) {
	var l lease
	defer l.release()
	p := l.shared(s.handle(), sessionKind)
	in := l.shared(inputs.handle(), tensorsKind)
	if l.err != nil {
		return nil, l.err
	}
	c, err := watch(ctx)
	if err != nil {
		return nil, err
	}
	var out uintptr
	err = c.finish(check(native.Mo_session_run(p, in, c.native(), &out)))
	return wrapTensors(out, err)
}

// RunInto runs once and writes into the tensors that outputs holds, whose type and shape must be what the run makes; outputs that are not there are
// added. With all of them there and a context that cannot end it allocates nothing. After an error the content of the outputs is unspecified.
// Each goroutine needs outputs of its own.
func (s *Session) RunInto(ctx context.Context, inputs, outputs *Tensors) error {
	var l lease
	defer l.release()
	p := l.shared(s.handle(), sessionKind)
	in := l.shared(inputs.handle(), tensorsKind)
	out := l.exclusive(outputs.handle(), tensorsKind)
	if l.err != nil {
		return l.err
	}
	c, err := watch(ctx)
	if err != nil {
		return err
	}
	return c.finish(check(native.Mo_session_run_into(p, in, c.native(), out)))
}

// Explain tells, of the shapes run last, the kernel of each node, what was fused, and why faster kernels declined, as JSON.
func (s *Session) Explain() (json.RawMessage, error) { return s.buffer(native.Mo_session_explain_json) }

// ExplainText is Explain as aligned text for people.
func (s *Session) ExplainText() (string, error) {
	out, err := s.buffer(native.Mo_session_explain_text)
	return string(out), err
}

// Profile is Explain with the time of each node, over iterations >= 1 runs on inputs.
func (s *Session) Profile(inputs *Tensors, iterations int) (json.RawMessage, error) {
	var l lease
	defer l.release()
	in := l.shared(inputs.handle(), tensorsKind)
	if l.err != nil {
		return nil, l.err
	}
	if iterations < 1 || iterations > 1<<31-1 {
		return nil, failed(CodeInvalidArgument, "%d iterations", iterations)
	}
	return s.buffer(func(p uintptr, out *uintptr) uintptr { return native.Mo_session_profile_json(p, in, iterations, out) })
}

// Memory is what a session holds, in bytes.
type Memory struct {
	Arena    int64 `json:"arena_bytes"`
	Packed   int64 `json:"packed_bytes"`
	Weights  int64 `json:"weight_bytes"`
	PeakRSS  int64 `json:"peak_rss_bytes"` // of the whole process
	Plans    int64 `json:"plans"`          // sets of shapes planned
	Contexts int64 `json:"contexts"`       // runs that can go on at once without a new arena

	PacksMade   int64 `json:"packs_made"`   // with a cache folder: weights packed here
	PacksMapped int64 `json:"packs_mapped"` // and weights found in its file
}

// Memory tells what the session holds.
func (s *Session) Memory() (*Memory, error) {
	data, err := s.buffer(native.Mo_session_memory_json)
	if err != nil {
		return nil, err
	}
	var m Memory
	return &m, json.Unmarshal(data, &m)
}

func (s *Session) buffer(call func(uintptr, *uintptr) uintptr) ([]byte, error) {
	var l lease
	defer l.release()
	p := l.shared(s.handle(), sessionKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := check(call(p, &out))
	return bytes(out, err)
}

// Close frees the session. See [ErrClosed].
func (s *Session) Close() error { return s.handle().close() }

func (s *Session) handle() *handle {
	if s == nil {
		return nil
	}
	return s.h
}
