package libmo

import (
	"encoding/json"
	"io"
	"io/fs"
	"unsafe"

	"libmo.ai/libmo/internal/native"
)

// Model is an ONNX model. It never changes.
type Model struct{ h *handle }

// Port is an input or output that a model declares.
type Port struct {
	Name     string
	DType    DType   // Undefined when the model leaves it open
	Shape    []int64 // -1 where the caller chooses; nil when the model leaves the rank open
	Optional bool    // an input that has a default
}

func wrapModel(address uintptr, err error) (*Model, error) {
	h, err := made(address, modelKind, err)
	if err != nil {
		return nil, err
	}
	return &Model{h}, nil
}

// LoadModel reads an .onnx file; external data is looked for beside it, and only there.
func LoadModel(path string, options ...LoadOption) (*Model, error) {
	if err := plain("path", path); err != nil {
		return nil, err
	}
	var out uintptr
	err := fill("load", options, func(o uintptr) error { return check(native.Mo_model_load(path, o, &out)) })
	return wrapModel(out, err)
}

// LoadModelBytes reads a model from memory. External data is refused unless baseDir, which may be "", names the folder that holds it.
func LoadModelBytes(data []byte, baseDir string, options ...LoadOption) (*Model, error) {
	if err := plain("folder", baseDir); err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, failed(CodeFormat, "the model is empty")
	}
	var base unsafe.Pointer
	if baseDir != "" {
		base = cstring(baseDir)
	}
	var out uintptr
	err := fill("load", options, func(o uintptr) error {
		return check(native.Mo_model_load_bytes(unsafe.Pointer(unsafe.SliceData(data)), int64(len(data)), base, o, &out))
	})
	return wrapModel(out, err)
}

// LoadModelFrom reads a model from r to its end; external data is refused.
func LoadModelFrom(r io.Reader, options ...LoadOption) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return LoadModelBytes(data, "", options...)
}

// LoadModelFS reads a model from a file system, an embed.FS for example; external data is refused.
func LoadModelFS(fsys fs.FS, name string, options ...LoadOption) (*Model, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return LoadModelFrom(file, options...)
}

// Save writes an .onnx file, and its external data beside it when the model needs that. The file is whole or as it was before.
func (m *Model) Save(path string, options ...SaveOption) error {
	if err := plain("path", path); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.shared(m.handle(), modelKind)
	if l.err != nil {
		return l.err
	}
	return fill("save", options, func(o uintptr) error { return check(native.Mo_model_save(p, path, o)) })
}

// Bytes gives the model as an .onnx file in memory; at most 2 GiB.
func (m *Model) Bytes(options ...SaveOption) ([]byte, error) {
	var l lease
	defer l.release()
	p := l.shared(m.handle(), modelKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := fill("save", options, func(o uintptr) error { return check(native.Mo_model_save_bytes(p, o, &out)) })
	return bytes(out, err)
}

// WriteTo writes the model as an .onnx file to w.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	data, err := m.Bytes()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(data)
	return int64(n), err
}

// Description is what is in a model.
type Description struct {
	Name           string            `json:"name"`
	Producer       string            `json:"producer"`
	IRVersion      int64             `json:"ir_version"`
	Opsets         map[string]int64  `json:"opsets"`
	Nodes          int64             `json:"nodes"`
	Operators      map[string]int64  `json:"operators"`
	QuantizedNodes int64             `json:"quantized_nodes"`
	FileBytes      int64             `json:"file_bytes"` // as saved with default options
	Parameters     int64             `json:"parameters"`
	ParameterBytes int64             `json:"parameter_bytes"`
	BytesByDType   map[string]int64  `json:"bytes_by_dtype"`
	MACs           float64           `json:"macs"` // of one run with every free axis at 1
	Metadata       map[string]string `json:"metadata"`
	Digest         string            `json:"digest"`
}

// Describe tells what is in the model.
func (m *Model) Describe() (*Description, error) {
	data, err := m.DescribeJSON()
	if err != nil {
		return nil, err
	}
	var d Description
	return &d, json.Unmarshal(data, &d)
}

// DescribeJSON gives everything the library tells about the model, as a JSON object.
func (m *Model) DescribeJSON() (json.RawMessage, error) {
	return m.buffer(native.Mo_model_describe_json)
}

// Digest is "sha256:" and 64 hexadecimal digits, over the bytes that saving with default options writes.
func (m *Model) Digest() (string, error) {
	digest, err := m.buffer(native.Mo_model_digest)
	return string(digest), err
}

// Metadata gives the value that the model's metadata has for key; [CodeNotFound] when it has none.
func (m *Model) Metadata(key string) (string, error) {
	if err := plain("key", key); err != nil {
		return "", err
	}
	value, err := m.buffer(func(p uintptr, out *uintptr) uintptr { return native.Mo_model_metadata_get(p, key, out) })
	return string(value), err
}

// WithMetadata gives a model that differs in one metadata entry and shares the weights.
func (m *Model) WithMetadata(key, value string) (*Model, error) {
	return m.metadata(key, value, cstring(value))
}

// WithoutMetadata gives a model that lacks one metadata entry and shares the weights.
func (m *Model) WithoutMetadata(key string) (*Model, error) { return m.metadata(key, "", nil) }

func (m *Model) metadata(key, value string, c unsafe.Pointer) (*Model, error) {
	if err := firstOf(plain("key", key), plain("value", value)); err != nil {
		return nil, err
	}
	var l lease
	defer l.release()
	p := l.shared(m.handle(), modelKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := check(native.Mo_model_metadata_set(p, key, c, &out))
	return wrapModel(out, err)
}

func (m *Model) buffer(call func(uintptr, *uintptr) uintptr) ([]byte, error) {
	var l lease
	defer l.release()
	p := l.shared(m.handle(), modelKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := check(call(p, &out))
	return bytes(out, err)
}

// Inputs lists what the model takes, in its own order; nil when closed.
func (m *Model) Inputs() []Port { return m.ports(native.Mo_model_input_count, native.Mo_model_input) }

// Outputs lists what the model gives, in its own order; nil when closed.
func (m *Model) Outputs() []Port {
	return m.ports(native.Mo_model_output_count, native.Mo_model_output)
}

func (m *Model) ports(count func(uintptr) int64, at func(uintptr, int64) uintptr) []Port {
	var l lease
	defer l.release()
	p := l.shared(m.handle(), modelKind)
	if l.err != nil {
		return nil
	}
	ports := make([]Port, count(p))
	for i := range ports {
		q := at(p, int64(i))
		ports[i] = Port{Name: native.Mo_port_name(q), DType: DType(native.Mo_port_dtype(q)), Optional: native.Mo_port_optional(q) != 0}
		if rank := native.Mo_port_rank(q); rank >= 0 {
			ports[i].Shape = make([]int64, rank)
			for axis := range ports[i].Shape {
				ports[i].Shape[axis] = native.Mo_port_dim(q, int64(axis))
			}
		}
	}
	return ports
}

// Close frees the model; sessions made of it stay. See [ErrClosed].
func (m *Model) Close() error { return m.handle().close() }

func (m *Model) handle() *handle {
	if m == nil {
		return nil
	}
	return m.h
}
