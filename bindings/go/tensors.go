package libmo

import (
	"iter"

	"libmo.ai/libmo/internal/native"
)

// Tensors holds tensors by name, in the order in which they were put in.
type Tensors struct{ h *handle }

// NewTensors makes an empty collection.
func NewTensors() (*Tensors, error) {
	if err := compatible(); err != nil {
		return nil, err
	}
	var out uintptr
	return wrapTensors(out2(&out, native.Mo_tensors_create))
}

func wrapTensors(address uintptr, err error) (*Tensors, error) {
	h, err := made(address, tensorsKind, err)
	if err != nil {
		return nil, err
	}
	return &Tensors{h}, nil
}

// LoadTensors reads an .npz file (NumPy): one array per name. maxBytes limits one array, 0: 8 GiB.
func LoadTensors(path string, maxBytes int64) (*Tensors, error) {
	if err := firstOf(compatible(), plain("path", path)); err != nil {
		return nil, err
	}
	var out uintptr
	err := check(native.Mo_tensors_load(path, maxBytes, &out))
	return wrapTensors(out, err)
}

// Save writes an .npz file; it is whole or as it was before.
func (ts *Tensors) Save(path string) error {
	if err := plain("path", path); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.shared(ts.handle(), tensorsKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_tensors_save(p, path))
}

// Set puts the tensor (not a copy of it) under name, in place of one that had the name. The tensor is still the caller's to close.
func (ts *Tensors) Set(name string, t *Tensor) error {
	if err := plain("name", name); err != nil {
		return err
	}
	var l lease
	defer l.release()
	p := l.exclusive(ts.handle(), tensorsKind)
	q := l.shared(t.handle(), tensorKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_tensors_set(p, name, q))
}

// Get gives the tensor called name; [CodeNotFound] when there is none. The caller closes it, the collection keeps the content.
func (ts *Tensors) Get(name string) (*Tensor, error) {
	if err := plain("name", name); err != nil {
		return nil, err
	}
	var l lease
	defer l.release()
	p := l.shared(ts.handle(), tensorsKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := check(native.Mo_tensors_get(p, name, &out))
	h, err := made(out, tensorKind, err)
	if err != nil {
		return nil, err
	}
	return &Tensor{h}, nil
}

// Len is the number of tensors; 0 for a closed collection.
func (ts *Tensors) Len() int {
	var l lease
	defer l.release()
	return int(native.Mo_tensors_count(l.shared(ts.handle(), tensorsKind)))
}

// Names lists the names in order.
func (ts *Tensors) Names() []string {
	var l lease
	defer l.release()
	p := l.shared(ts.handle(), tensorsKind)
	names := make([]string, native.Mo_tensors_count(p))
	for i := range names {
		names[i] = native.Mo_tensors_name(p, int64(i))
	}
	return names
}

// All goes through the collection in order. Each tensor is closed when its turn ends.
func (ts *Tensors) All() iter.Seq2[string, *Tensor] {
	return func(yield func(string, *Tensor) bool) {
		for _, name := range ts.Names() {
			t, err := ts.Get(name)
			if err != nil {
				return
			}
			goOn := yield(name, t)
			t.Close()
			if !goOn {
				return
			}
		}
	}
}

// Close frees the collection. See [ErrClosed].
func (ts *Tensors) Close() error { return ts.handle().close() }

func (ts *Tensors) handle() *handle {
	if ts == nil {
		return nil
	}
	return ts.h
}

// Put makes a tensor of data and puts it into the collection under name.
func Put[T Element](ts *Tensors, name string, data []T, shape ...int64) error {
	t, err := NewTensor(data, shape...)
	if err != nil {
		return err
	}
	defer t.Close()
	return ts.Set(name, t)
}

// Get copies the content of the tensor of T called name and gives its shape too.
func Get[T Element](ts *Tensors, name string) (data []T, shape []int64, err error) {
	t, err := ts.Get(name)
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	data, err = Data[T](t)
	return data, t.Shape(), err
}
