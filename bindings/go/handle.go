package libmo

import (
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"

	"libmo.ai/libmo/internal/native"
)

// handle owns one native object. Its state counts the calls that use the object, so that closing never frees under a running call: the object
// goes when it is closed and the last call has returned.
type handle struct {
	address uintptr
	kind    *kind
	state   atomic.Int64 // calls in progress, and the two bits below
}

const (
	closedBit    = int64(1) << 62
	exclusiveBit = int64(1) << 61
)

// kind is what the handles of one type have in common.
type kind struct {
	name string
	free func(uintptr)
}

var (
	modelKind       = &kind{"model", native.Mo_model_free}
	sessionKind     = &kind{"session", native.Mo_session_free}
	tensorKind      = &kind{"tensor", native.Mo_tensor_free}
	tensorsKind     = &kind{"tensors", native.Mo_tensors_free}
	datasetKind     = &kind{"dataset", native.Mo_dataset_free}
	calibrationKind = &kind{"calibration", native.Mo_calibration_free}
	reportKind      = &kind{"report", native.Mo_report_free}
	optionsKind     = &kind{"options", native.Mo_options_free}
)

// live counts the objects that are not freed yet; the tests look at it.
var live atomic.Int64

func own(address uintptr, k *kind) *handle {
	h := &handle{address: address, kind: k}
	live.Add(1)
	runtime.SetFinalizer(h, (*handle).finalize)
	return h
}

func (h *handle) finalize() { h.close() }

func (h *handle) close() error {
	if h == nil {
		return failed(CodeInvalidArgument, "object was never made")
	}
	for {
		s := h.state.Load()
		if s&closedBit != 0 {
			return closed(h.kind.name)
		}
		if h.state.CompareAndSwap(s, s|closedBit) {
			runtime.SetFinalizer(h, nil)
			if s == 0 {
				h.free()
			}
			return nil
		}
	}
}

func (h *handle) free() {
	h.kind.free(h.address)
	live.Add(-1)
}

// enter marks the object as in use; alone forbids every other use meanwhile.
func (h *handle) enter(alone bool) error {
	for {
		s := h.state.Load()
		switch {
		case s&closedBit != 0:
			return closed(h.kind.name)
		case s&exclusiveBit != 0, alone && s != 0:
			return failed(CodeBusy, "%s is in use by another call", h.kind.name)
		}
		next := s + 1
		if alone {
			next |= exclusiveBit
		}
		if h.state.CompareAndSwap(s, next) {
			return nil
		}
	}
}

func (h *handle) leave(alone bool) {
	by := int64(-1)
	if alone {
		by -= exclusiveBit
	}
	if h.state.Add(by) == closedBit {
		h.free()
	}
}

// lease is the use of a few objects for the time of one call. The first failure stays in err.
type lease struct {
	held  [6]*handle
	alone [6]bool
	n     int
	err   error
}

func (l *lease) take(h *handle, what *kind, alone bool) uintptr {
	if l.err != nil {
		return 0
	}
	if h == nil {
		l.err = failed(CodeInvalidArgument, "%s is nil", what.name)
		return 0
	}
	if l.err = h.enter(alone); l.err != nil {
		return 0
	}
	l.held[l.n], l.alone[l.n] = h, alone
	l.n++
	return h.address
}

func (l *lease) shared(h *handle, what *kind) uintptr    { return l.take(h, what, false) }
func (l *lease) exclusive(h *handle, what *kind) uintptr { return l.take(h, what, true) }

// optional is shared, and 0 for nil.
func (l *lease) optional(h *handle, what *kind) uintptr {
	if h == nil {
		return 0
	}
	return l.take(h, what, false)
}

func (l *lease) release() {
	for i := l.n - 1; i >= 0; i-- {
		l.held[i].leave(l.alone[i])
	}
	l.n = 0
}

// made wraps the result of a constructor.
func made(address uintptr, k *kind, err error) (*handle, error) {
	if err != nil {
		return nil, err
	}
	return own(address, k), nil
}

// text copies a buffer and frees it.
func text(buffer uintptr, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer native.Mo_buffer_free(buffer)
	return native.Mo_buffer_text(buffer), nil
}

func bytes(buffer uintptr, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer native.Mo_buffer_free(buffer)
	size := native.Mo_buffer_size(buffer)
	out := make([]byte, size)
	copy(out, unsafe.Slice((*byte)(native.Mo_buffer_data(buffer)), size))
	return out, nil
}

// plain refuses text that C would cut short.
func plain(what, s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return failed(CodeInvalidArgument, "%s holds a NUL character", what)
	}
	return nil
}

// cstring is s as C takes it.
func cstring(s string) unsafe.Pointer {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return unsafe.Pointer(&b[0])
}
