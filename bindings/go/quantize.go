package libmo

import (
	"context"

	"libmo.ai/libmo/internal/native"
)

// Quantize makes a model in lower precision, as standard ONNX, and a report of what was done. Static quantization needs a calibration with at
// least one batch; the other modes take nil.
func Quantize(ctx context.Context, model *Model, calibration *Calibration, options ...QuantizeOption) (*Model, *Report, error) {
	var l lease
	defer l.release()
	p := l.shared(model.handle(), modelKind)
	q := l.optional(calibration.handle(), calibrationKind)
	if l.err != nil {
		return nil, nil, l.err
	}
	c, err := watch(ctx)
	if err != nil {
		return nil, nil, err
	}
	var out, report uintptr
	err = c.finish(fill("quantize", options, func(o uintptr) error { return check(native.Mo_quantize(p, q, o, c.native(), &out, &report)) }))
	if err != nil {
		return nil, nil, err
	}
	return &Model{own(out, modelKind)}, &Report{own(report, reportKind)}, nil
}
