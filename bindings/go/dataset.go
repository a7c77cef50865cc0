package libmo

import (
	"io"
	"iter"

	"libmo.ai/libmo/internal/native"
)

// Dataset is samples, read batch by batch and never all in memory.
type Dataset struct{ h *handle }

// Batch is a few samples: the inputs by name, and the truth, nil when the data set has none.
type Batch struct {
	Inputs *Tensors
	Label  *Tensor
}

// Close frees both parts.
func (b *Batch) Close() error {
	err := b.Inputs.Close()
	if b.Label != nil {
		err = firstOf(err, b.Label.Close())
	}
	return err
}

func wrapDataset(address uintptr, err error) (*Dataset, error) {
	h, err := made(address, datasetKind, err)
	if err != nil {
		return nil, err
	}
	return &Dataset{h}, nil
}

// OpenDataset opens an .npz (arrays named like the model's inputs, first axis = samples, the truth under "label"), an .npy, a folder of .npz, .npy or ONNX
// .pb samples, or a data set .yaml.
func OpenDataset(path string, options ...DatasetOption) (*Dataset, error) {
	if err := plain("path", path); err != nil {
		return nil, err
	}
	var out uintptr
	err := fill("dataset", options, func(o uintptr) error { return check(native.Mo_dataset_open(path, o, &out)) })
	return wrapDataset(out, err)
}

// NewDataset makes a data set of arrays that share their first axis, whose length is the number of samples.
func NewDataset(arrays *Tensors, options ...DatasetOption) (*Dataset, error) {
	var l lease
	defer l.release()
	p := l.shared(arrays.handle(), tensorsKind)
	if l.err != nil {
		return nil, l.err
	}
	var out uintptr
	err := fill("dataset", options, func(o uintptr) error { return check(native.Mo_dataset_create(p, o, &out)) })
	return wrapDataset(out, err)
}

// Next gives the next batch, and io.EOF at the end.
func (d *Dataset) Next() (*Batch, error) {
	var l lease
	defer l.release()
	p := l.shared(d.handle(), datasetKind)
	if l.err != nil {
		return nil, l.err
	}
	var inputs, label uintptr
	if err := check(native.Mo_dataset_next(p, &inputs, &label)); err != nil {
		return nil, err
	}
	if inputs == 0 {
		return nil, io.EOF
	}
	b := &Batch{Inputs: &Tensors{own(inputs, tensorsKind)}}
	if label != 0 {
		b.Label = &Tensor{own(label, tensorKind)}
	}
	return b, nil
}

// Batches goes through the batches from here to the end; after an error it stops. Each batch is closed when its turn ends.
func (d *Dataset) Batches() iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for {
			b, err := d.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			goOn := yield(b, nil)
			b.Close()
			if !goOn {
				return
			}
		}
	}
}

// Rewind starts again with the first batch.
func (d *Dataset) Rewind() error {
	var l lease
	defer l.release()
	p := l.shared(d.handle(), datasetKind)
	if l.err != nil {
		return l.err
	}
	return check(native.Mo_dataset_rewind(p))
}

// Count is the number of samples in all; -1 when only reading tells.
func (d *Dataset) Count() (int64, error) {
	var l lease
	defer l.release()
	p := l.shared(d.handle(), datasetKind)
	if l.err != nil {
		return 0, l.err
	}
	var count int64
	err := check(native.Mo_dataset_count(p, &count))
	return count, err
}

// Close frees the data set. See [ErrClosed].
func (d *Dataset) Close() error { return d.handle().close() }

func (d *Dataset) handle() *handle {
	if d == nil {
		return nil
	}
	return d.h
}
