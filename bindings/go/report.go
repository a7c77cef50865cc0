package libmo

import (
	"encoding/json"

	"libmo.ai/libmo/internal/native"
)

// Report is what an operation did and measured.
type Report struct{ h *handle }

func wrapReport(address uintptr, err error) (*Report, error) {
	h, err := made(address, reportKind, err)
	if err != nil {
		return nil, err
	}
	return &Report{h}, nil
}

// JSON gives the report for programs; keys are only ever added. nil when closed.
func (r *Report) JSON() json.RawMessage {
	var l lease
	defer l.release()
	p := l.shared(r.handle(), reportKind)
	if l.err != nil {
		return nil
	}
	return json.RawMessage(native.Mo_report_json(p))
}

// Decode fills v (a pointer to a struct or a map) from the report's JSON.
func (r *Report) Decode(v any) error {
	var l lease
	defer l.release()
	p := l.shared(r.handle(), reportKind)
	if l.err != nil {
		return l.err
	}
	return json.Unmarshal([]byte(native.Mo_report_json(p)), v)
}

// Number gives the number that the report has under key, "median_ms"; [CodeNotFound] when it has none.
func (r *Report) Number(key string) (float64, error) {
	var all map[string]json.RawMessage
	if err := r.Decode(&all); err != nil {
		return 0, err
	}
	var number float64
	if value, has := all[key]; !has || json.Unmarshal(value, &number) != nil {
		return 0, failed(CodeNotFound, "the report has no number called %s", key)
	}
	return number, nil
}

// Text gives the report for people, as aligned lines. "" when closed.
func (r *Report) Text() string {
	var l lease
	defer l.release()
	return native.Mo_report_text(l.shared(r.handle(), reportKind))
}

// HTML gives the report as one page that needs nothing else.
func (r *Report) HTML() (string, error) {
	var l lease
	defer l.release()
	p := l.shared(r.handle(), reportKind)
	if l.err != nil {
		return "", l.err
	}
	var out uintptr
	err := check(native.Mo_report_html(p, &out))
	return text(out, err)
}

// String is Text.
func (r *Report) String() string { return r.Text() }

// Passed tells whether every gate that the options set was met; true when none was set, false when closed.
func (r *Report) Passed() bool {
	var l lease
	defer l.release()
	return native.Mo_report_passed(l.shared(r.handle(), reportKind)) != 0
}

// Close frees the report. See [ErrClosed].
func (r *Report) Close() error { return r.handle().close() }

func (r *Report) handle() *handle {
	if r == nil {
		return nil
	}
	return r.h
}
