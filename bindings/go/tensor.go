package libmo

import (
	"fmt"
	"strings"
	"unsafe"

	"libmo.ai/libmo/internal/native"
)

// Tensor is a typed, shaped array in the library's memory, outermost dimension first. Go data is copied in and out; [Access] works in place.
type Tensor struct{ h *handle }

// NewTensor makes a tensor with a copy of data. No size at all makes a scalar.
func NewTensor[T Element](data []T, shape ...int64) (*Tensor, error) {
	return newTensor(DTypeOf[T](), shape, unsafe.Pointer(unsafe.SliceData(data)), int64(len(data))*size[T](), data != nil)
}

// NewTensorBytes makes a tensor of any type, with a copy of its content as it lies in memory.
func NewTensorBytes(dtype DType, data []byte, shape ...int64) (*Tensor, error) {
	return newTensor(dtype, shape, unsafe.Pointer(unsafe.SliceData(data)), int64(len(data)), data != nil)
}

// NewTensorZeros makes a tensor of zeros (of empty texts).
func NewTensorZeros(dtype DType, shape ...int64) (*Tensor, error) {
	return newTensor(dtype, shape, nil, 0, false)
}

// NewTensorStrings makes a tensor of texts.
func NewTensorStrings(texts []string, shape ...int64) (*Tensor, error) {
	packed, err := pack(texts, shape)
	if err != nil {
		return nil, err
	}
	return NewTensorBytes(String, packed, shape...)
}

func newTensor(dtype DType, shape []int64, data unsafe.Pointer, bytes int64, given bool) (*Tensor, error) {
	if err := compatible(); err != nil {
		return nil, err
	}
	if given && bytes == 0 { // an empty slice is content of no bytes, not "all zeros"
		for _, n := range shape {
			if n == 0 {
				given = false
			}
		}
		if given && dtype != String {
			return nil, failed(CodeShape, "no data for a tensor of shape %v", shape)
		}
	}
	var out uintptr
	err := check(native.Mo_tensor_create(int(dtype), shape, data, bytes, &out))
	h, err := made(out, tensorKind, err)
	if err != nil {
		return nil, err
	}
	return &Tensor{h}, nil
}

func size[T Element]() int64 {
	var zero T
	return int64(unsafe.Sizeof(zero))
}

func pack(texts []string, shape []int64) ([]byte, error) {
	count := int64(1)
	for _, n := range shape {
		count *= n
	}
	if count != int64(len(texts)) {
		return nil, failed(CodeShape, "%d texts do not fill a tensor of shape %v", len(texts), shape)
	}
	packed := []byte{}
	for _, s := range texts {
		if err := plain("a text", s); err != nil {
			return nil, err
		}
		packed = append(append(packed, s...), 0)
	}
	return packed, nil
}

// DType is the type of the elements; Undefined for a closed tensor.
func (t *Tensor) DType() DType {
	var l lease
	defer l.release()
	return DType(native.Mo_tensor_dtype(l.shared(t.handle(), tensorKind)))
}

// Shape gives the sizes; empty for a scalar, nil for a closed tensor.
func (t *Tensor) Shape() []int64 {
	var l lease
	defer l.release()
	p := l.shared(t.handle(), tensorKind)
	if p == 0 {
		return nil
	}
	shape := make([]int64, native.Mo_tensor_rank(p))
	for i := range shape {
		shape[i] = native.Mo_tensor_dim(p, int64(i))
	}
	return shape
}

// Len is the number of elements; 0 for a closed tensor.
func (t *Tensor) Len() int64 {
	shape := t.Shape()
	if shape == nil {
		return 0
	}
	count := int64(1)
	for _, n := range shape {
		count *= n
	}
	return count
}

// Size is the content's size in bytes.
func (t *Tensor) Size() int64 {
	var l lease
	defer l.release()
	return native.Mo_tensor_bytes(l.shared(t.handle(), tensorKind))
}

// String describes the tensor, "float32[2, 3]"; it shows no content.
func (t *Tensor) String() string {
	shape := t.Shape()
	if shape == nil {
		return "closed tensor"
	}
	sizes := make([]string, len(shape))
	for i, n := range shape {
		sizes[i] = fmt.Sprint(n)
	}
	return fmt.Sprintf("%s[%s]", t.DType(), strings.Join(sizes, ", "))
}

// Bytes copies the content as it lies in memory.
func (t *Tensor) Bytes() ([]byte, error) {
	var l lease
	defer l.release()
	p := l.shared(t.handle(), tensorKind)
	if l.err != nil {
		return nil, l.err
	}
	out := make([]byte, native.Mo_tensor_bytes(p))
	return out, check(native.Mo_tensor_read(p, unsafe.Pointer(unsafe.SliceData(out)), int64(len(out))))
}

// Strings copies the elements of a tensor of texts.
func (t *Tensor) Strings() ([]string, error) {
	packed, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	if got := t.DType(); got != String {
		return nil, failed(CodeType, "tensor holds %s, not string", got)
	}
	if len(packed) == 0 {
		return []string{}, nil
	}
	return strings.Split(string(packed[:len(packed)-1]), "\x00"), nil
}

// WriteBytes replaces the content with data, as it lies in memory. Every handle on the same tensor sees it.
func (t *Tensor) WriteBytes(data []byte) error {
	return t.write(unsafe.Pointer(unsafe.SliceData(data)), int64(len(data)))
}

// WriteStrings replaces the content of a tensor of texts.
func (t *Tensor) WriteStrings(texts []string) error {
	packed, err := pack(texts, t.Shape())
	if err != nil {
		return err
	}
	return t.WriteBytes(packed)
}

func (t *Tensor) write(data unsafe.Pointer, bytes int64) error {
	var l lease
	defer l.release()
	p := l.exclusive(t.handle(), tensorKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_tensor_write(p, data, bytes))
}

// Close frees the tensor; collections that hold it keep its content. See [ErrClosed].
func (t *Tensor) Close() error { return t.handle().close() }

func (t *Tensor) handle() *handle {
	if t == nil {
		return nil
	}
	return t.h
}

// Data copies the content of a tensor of T.
func Data[T Element](t *Tensor) ([]T, error) {
	out := make([]T, t.Len())
	return out, Read(t, out)
}

// Read copies the content of a tensor of T into dst, which has as many elements. It allocates nothing.
func Read[T Element](t *Tensor, dst []T) error {
	var l lease
	defer l.release()
	p := l.shared(t.handle(), tensorKind)
	if l.err != nil {
		return l.err
	}
	if err := holds[T](p); err != nil {
		return err
	}
	return check(native.Mo_tensor_read(p, unsafe.Pointer(unsafe.SliceData(dst)), int64(len(dst))*size[T]()))
}

// Write replaces the content of a tensor of T with src, which has as many elements. Every handle on the same tensor sees it. It allocates
// nothing.
func Write[T Element](t *Tensor, src []T) error {
	var l lease
	defer l.release()
	p := l.exclusive(t.handle(), tensorKind)
	if l.err != nil {
		return l.err
	}
	if err := holds[T](p); err != nil {
		return err
	}
	return check(native.Mo_tensor_write(p, unsafe.Pointer(unsafe.SliceData(src)), int64(len(src))*size[T]()))
}

// Access lends the content of a tensor of T to f, without a copy. The slice is the library's memory: it is valid until f returns, also
// when the tensor is closed meanwhile, and must not be kept. A run that uses the tensor at the same time races with f.
func Access[T Element](t *Tensor, f func(data []T) error) error {
	var l lease
	defer l.release()
	p := l.exclusive(t.handle(), tensorKind)
	if l.err != nil {
		return l.err
	}
	if err := holds[T](p); err != nil {
		return err
	}
	return f(unsafe.Slice((*T)(native.Mo_tensor_data(p)), native.Mo_tensor_bytes(p)/size[T]()))
}

func holds[T Element](p uintptr) error {
	if got, want := DType(native.Mo_tensor_dtype(p)), DTypeOf[T](); got != want {
		return failed(CodeType, "tensor holds %s, not %s", got, want)
	}
	return nil
}
