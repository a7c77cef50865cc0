package libmo

import (
	"encoding/json"
	"unsafe"

	"libmo.ai/libmo/internal/native"
)

// Options are the settings of one operation by key, for programs that learn the keys at run time; others use the typed options ([SessionThreads] and
// its like). The operation's From option ([SessionFrom]) passes them to a call.
type Options struct {
	h         *handle
	operation string
}

// NewOptions makes all defaults of an operation: "load", "save", "session", "dataset", "calibration", "quantize", "benchmark", ...
func NewOptions(operation string) (*Options, error) {
	if err := compatible(); err != nil {
		return nil, err
	}
	if err := plain("operation", operation); err != nil {
		return nil, err
	}
	var out uintptr
	err := check(native.Mo_options_create(cstring(operation), &out))
	h, err := made(out, optionsKind, err)
	if err != nil {
		return nil, err
	}
	return &Options{h, operation}, nil
}

// Set sets one key to a string, bool, int, int64, float64 or []string. An unknown key or an illegal value is an error that names the nearest
// legal ones and leaves the options as they were.
func (o *Options) Set(key string, value any) error {
	if err := plain("key", key); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.exclusive(o.handle(), optionsKind)
	if l.err != nil {
		return l.err
	}
	return set(p, key, value)
}

// Add adds one item to a list.
func (o *Options) Add(key, item string) error {
	if err := firstOf(plain("key", key), plain("item", item)); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.exclusive(o.handle(), optionsKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_options_add_string(p, key, cstring(item)))
}

// Parse sets keys from a JSON object or a YAML mapping, all or nothing.
func (o *Options) Parse(jsonOrYAML string) error {
	if err := plain("text", jsonOrYAML); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.exclusive(o.handle(), optionsKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_options_parse(p, jsonOrYAML))
}

// JSON gives the values that differ from the defaults, as an object that Parse reads.
func (o *Options) JSON() (string, error) {
	var l lease
	defer l.release()
	p := l.shared(o.handle(), optionsKind)
	if l.err != nil {
		return "", l.err
	}
	var out uintptr
	err := check(native.Mo_options_json(p, &out))
	return text(out, err)
}

// Operation is the word the options were made for.
func (o *Options) Operation() string { return o.operation }

// Close frees the options. See [ErrClosed].
func (o *Options) Close() error { return o.handle().close() }

func (o *Options) handle() *handle {
	if o == nil {
		return nil
	}
	return o.h
}

// DescribeOptions gives the schema of an operation's options as JSON: key, type, default, range, choices and help. "" lists the operations.
func DescribeOptions(operation string) (json.RawMessage, error) {
	if err := firstOf(compatible(), plain("operation", operation)); err != nil {
		return nil, err
	}
	var name unsafe.Pointer
	if operation != "" {
		name = cstring(operation)
	}
	var out uintptr
	err := check(native.Mo_options_describe_json(name, &out))
	return bytes(out, err)
}

// setting is one step that fills native options.
type setting func(options uintptr) error

// fill makes the options of a call for the time of f; 0 when nothing was set.
func fill[O ~func(uintptr) error](operation string, options []O, f func(options uintptr) error) error {
	if err := compatible(); err != nil {
		return err
	}
	if len(options) == 0 {
		return f(0)
	}
	var p uintptr
	if err := check(native.Mo_options_create(cstring(operation), &p)); err != nil {
		return err
	}
	defer native.Mo_options_free(p)
	for _, option := range options {
		if option == nil {
			continue
		}
		if err := option(p); err != nil {
			return err
		}
	}
	return f(p)
}

func setKey(key string, value any) setting {
	return func(p uintptr) error { return set(p, key, value) }
}

func setParsed(jsonOrYAML string) setting {
	return func(p uintptr) error {
		if err := plain("options text", jsonOrYAML); err != nil {
			return err
		}
		return check(native.Mo_options_parse(p, jsonOrYAML))
	}
}

func setFrom(operation string, o *Options) setting {
	return func(p uintptr) error {
		if o != nil && o.operation != operation {
			return failed(CodeInvalidArgument, "options of %q given where options of %q are wanted", o.operation, operation)
		}
		values, err := o.JSON()
		if err != nil {
			return err
		}
		return check(native.Mo_options_parse(p, values))
	}
}

func set(p uintptr, key string, value any) error {
	switch v := value.(type) {
	case string:
		if err := plain(key, v); err != nil {
			return err
		}
		return check(native.Mo_options_set_string(p, key, cstring(v)))
	case bool:
		flag := 0
		if v {
			flag = 1
		}
		return check(native.Mo_options_set_bool(p, key, flag))
	case int:
		return check(native.Mo_options_set_int(p, key, int64(v)))
	case int64:
		return check(native.Mo_options_set_int(p, key, v))
	case float64:
		return check(native.Mo_options_set_double(p, key, v))
	case []string:
		return setStrings(p, key, v)
	}
	return failed(CodeType, "%s: a value of type %T is not a string, bool, int, int64, float64 or []string", key, value)
}

// setStrings replaces a list. An array of C strings would hold Go pointers, which C must not see; item by item it needs none.
func setStrings(p uintptr, key string, items []string) error {
	for _, item := range items {
		if err := plain(key, item); err != nil {
			return err
		}
	}
	if err := check(native.Mo_options_set_strings(p, key, 0, 0)); err != nil {
		return err
	}
	for _, item := range items {
		if err := check(native.Mo_options_add_string(p, key, cstring(item))); err != nil {
			return err
		}
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
