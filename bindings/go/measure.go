package libmo

import (
	"context"

	"libmo.ai/libmo/internal/native"
)

// Benchmark measures latency, throughput, memory and load time of a model on this machine. inputs may be nil: seeded random values, free
// dimensions as the options say. The report has "median_ms", "min_ms", "p90_ms", "p99_ms", "throughput", "peak_rss_mb", "load_ms".
func Benchmark(ctx context.Context, model *Model, inputs *Tensors, options ...BenchmarkOption) (*Report, error) {
	var l lease
	defer l.release()
	p := l.shared(model.handle(), modelKind)
	in := l.optional(inputs.handle(), tensorsKind)
	return measure(ctx, &l, "benchmark", options, func(o, c uintptr, out *uintptr) uintptr { return native.Mo_benchmark(p, in, o, c, out) })
}

// Evaluate measures a metric of the model over a data set, which is rewound first. The report has "metric", "value", "samples".
func Evaluate(ctx context.Context, model *Model, data *Dataset, options ...EvaluateOption) (*Report, error) {
	var l lease
	defer l.release()
	p := l.shared(model.handle(), modelKind)
	d := l.shared(data.handle(), datasetKind)
	return measure(ctx, &l, "evaluate", options, func(o, c uintptr, out *uintptr) uintptr { return native.Mo_evaluate(p, d, o, c, out) })
}

// Compare puts two models with the same inputs and outputs side by side: size, parameters, latency, memory; with data (may be nil) also the
// metric of both, how far their outputs agree, and the error at each node that both have.
func Compare(ctx context.Context, a, b *Model, data *Dataset, options ...CompareOption) (*Report, error) {
	var l lease
	defer l.release()
	p := l.shared(a.handle(), modelKind)
	q := l.shared(b.handle(), modelKind)
	d := l.optional(data.handle(), datasetKind)
	return measure(ctx, &l, "compare", options, func(o, c uintptr, out *uintptr) uintptr { return native.Mo_compare(p, q, d, o, c, out) })
}

func measure[O ~func(uintptr) error](ctx context.Context, l *lease, operation string, options []O,
	call func(options, control uintptr, out *uintptr) uintptr) (*Report, error) {
	if l.err != nil {
		return nil, l.err
	}
	c, err := watch(ctx)
	if err != nil {
		return nil, err
	}
	var out uintptr
	err = c.finish(fill(operation, options, func(o uintptr) error { return check(call(o, c.native(), &out)) }))
	return wrapReport(out, err)
}
