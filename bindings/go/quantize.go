package libmo

import (
	"context"
	"runtime/cgo"

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

// Metric judges a model: how good it is, in a unit of the caller's. The model is valid until Metric returns. An error ends the search with
// [CodeCallback], and errors.Is and errors.As find it; a panic goes on in the caller once the library has returned.
type Metric func(model *Model) (float64, error)

// judge connects one search with a Metric.
type judge struct {
	metric   Metric
	handle   cgo.Handle
	failed   error
	panicked any
	panics   bool
}

var borrowedKind = &kind{"model", func(uintptr) {}}

func newJudge(metric Metric) *judge {
	j := &judge{metric: metric}
	if metric == nil {
		return j
	}
	j.handle = cgo.NewHandle(native.MetricFunc(func(address uintptr) (value float64, done bool) {
		model := &Model{own(address, borrowedKind)}
		defer func() {
			if !done && j.failed == nil {
				j.panicked, j.panics = recover(), true
			}
			model.Close()
		}()
		value, j.failed = j.metric(model)
		return value, j.failed == nil
	}))
	return j
}

func (j *judge) finish(err error) error {
	if j.panics {
		panic(j.panicked)
	}
	if e, is := err.(*Error); is && e.Code == CodeCallback && j.failed != nil {
		e.cause = j.failed
	}
	return err
}

// QuantizeToGoal is [Quantize] with a choice of precision for each node that keeps limits on a metric, on size and on latency, and leaves in float what is
// not faster in integers on this machine. The metric is the given one or, when that is nil, the one that the goal names, on data. data may be nil when
// no metric is limited or metric is given. quantize and goal may be nil; [Report.Passed] says whether the limits were kept.
func QuantizeToGoal(ctx context.Context, model *Model, calibration *Calibration, data *Dataset, metric Metric, quantize []QuantizeOption,
	goal []GoalOption) (*Model, *Report, error) {
	var out, report uintptr
	err := search(ctx, model, calibration, data, metric, quantize, "goal", goal, func(m, k, d, j, q, o, c uintptr) uintptr {
		return native.Mo_quantize_to_goal(m, k, d, j, q, o, c, &out, &report)
	})
	if err != nil {
		return nil, nil, err
	}
	return &Model{own(out, modelKind)}, &Report{own(report, reportKind)}, nil
}

// Sensitivity tells what quantizing each node (or block) alone does to the outputs, the most harmful first. The arguments are those of [QuantizeToGoal].
func Sensitivity(ctx context.Context, model *Model, calibration *Calibration, data *Dataset, metric Metric, quantize []QuantizeOption,
	options []SensitivityOption) (*Report, error) {
	var out uintptr
	err := search(ctx, model, calibration, data, metric, quantize, "sensitivity", options, func(m, k, d, j, q, o, c uintptr) uintptr {
		return native.Mo_sensitivity(m, k, d, j, q, o, c, &out)
	})
	return wrapReport(out, err)
}

func search[O ~func(uintptr) error](ctx context.Context, model *Model, calibration *Calibration, data *Dataset, metric Metric, quantize []QuantizeOption,
	operation string, options []O, call func(model, calibration, data, metric, quantize, options, control uintptr) uintptr) error {
	var l lease
	defer l.release()
	m := l.shared(model.handle(), modelKind)
	k := l.optional(calibration.handle(), calibrationKind)
	d := l.optional(data.handle(), datasetKind)
	if l.err != nil {
		return l.err
	}
	c, err := watch(ctx)
	if err != nil {
		return err
	}
	j := newJudge(metric)
	if j.handle != 0 {
		defer j.handle.Delete()
	}
	err = fill("quantize", quantize, func(q uintptr) error {
		return fill(operation, options, func(o uintptr) error { return check(call(m, k, d, uintptr(j.handle), q, o, c.native())) })
	})
	return j.finish(c.finish(err))
}
