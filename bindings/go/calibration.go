package libmo

import (
	"context"

	"libmo.ai/libmo/internal/native"
)

// Calibration is statistics of a model's activations. It is fed batch by batch and takes the same memory however many there are.
type Calibration struct{ h *handle }

func wrapCalibration(address uintptr, err error) (*Calibration, error) {
	h, err := made(address, calibrationKind, err)
	if err != nil {
		return nil, err
	}
	return &Calibration{h}, nil
}

// NewCalibration makes empty statistics of model.
func NewCalibration(model *Model, options ...CalibrationOption) (*Calibration, error) {
	var l lease
	defer l.release()
	p := l.shared(model.handle(), modelKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := fill("calibration", options, func(o uintptr) error { return check(native.Mo_calibration_create(p, o, &out)) })
	return wrapCalibration(out, err)
}

// LoadCalibration reads statistics from a file and checks that they belong to model.
func LoadCalibration(path string, model *Model) (*Calibration, error) {
	if err := plain("path", path); err != nil {
		return nil, err
	}
	var l lease
	defer l.release()
	p := l.shared(model.handle(), modelKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := check(native.Mo_calibration_load(path, p, &out))
	return wrapCalibration(out, err)
}

// Feed runs the model on one batch of inputs and takes note of its activations; NaN and infinities are counted and left out.
func (c *Calibration) Feed(ctx context.Context, inputs *Tensors) error {
	var l lease
	defer l.release()
	p := l.shared(c.handle(), calibrationKind)
	in := l.shared(inputs.handle(), tensorsKind)
	if l.err != nil {
		return l.err
	}
	w, err := watch(ctx)
	if err != nil {
		return err
	}
	return w.finish(check(native.Mo_calibration_feed(p, in, w.native())))
}

// Count is the number of samples fed so far, merged ones included.
func (c *Calibration) Count() int64 {
	var l lease
	defer l.release()
	return native.Mo_calibration_count(l.shared(c.handle(), calibrationKind))
}

// Merge adds the statistics of other, made from the same model with the same options, as if its batches had been fed here.
func (c *Calibration) Merge(other *Calibration) error {
	var l lease
	defer l.release()
	p := l.shared(c.handle(), calibrationKind)
	q := l.shared(other.handle(), calibrationKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_calibration_merge(p, q))
}

// Save writes the statistics into a file, which is whole or as it was before.
func (c *Calibration) Save(path string) error {
	if err := plain("path", path); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.shared(c.handle(), calibrationKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_calibration_save(p, path))
}

// Close frees the statistics. See [ErrClosed].
func (c *Calibration) Close() error { return c.handle().close() }

func (c *Calibration) handle() *handle {
	if c == nil {
		return nil
	}
	return c.h
}
