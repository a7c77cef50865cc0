package libmo_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"libmo.ai/libmo"
)

// The models of the tests, written here byte by byte so that the tests need nothing else. proto is a protobuf message in the making.
type proto []byte

func (p proto) number(field int, v int64) proto {
	return binary.AppendUvarint(binary.AppendUvarint(p, uint64(field)<<3), uint64(v))
}

func (p proto) text(field int, s string) proto {
	return append(binary.AppendUvarint(binary.AppendUvarint(p, uint64(field)<<3|2), uint64(len(s))), s...)
}

func (p proto) message(field int, m proto) proto { return p.text(field, string(m)) }

func port(name string, dims ...int64) proto {
	shape := proto{}
	for _, n := range dims {
		dim := proto{}.number(1, n)
		if n < 0 {
			dim = proto{}.text(2, "N")
		}
		shape = shape.message(1, dim)
	}
	tensor := proto{}.number(1, 1).message(2, shape)
	return proto{}.text(1, name).message(2, proto{}.message(1, tensor))
}

func node(name, op string, output string, inputs ...string) proto {
	n := proto{}
	for _, in := range inputs {
		n = n.text(1, in)
	}
	return n.text(2, output).text(3, name).text(4, op)
}

func weight(name string, values []float32, dims ...int64) proto {
	t := proto{}
	for _, n := range dims {
		t = t.number(1, n)
	}
	raw := new(bytes.Buffer)
	binary.Write(raw, binary.LittleEndian, values)
	return t.number(2, 1).text(8, name).text(9, raw.String())
}

func model(graph proto) []byte {
	return proto{}.number(1, 8).text(2, "libmo tests").message(7, graph.text(2, "g")).message(8, proto{}.text(1, "").number(2, 17))
}

// doubler is y[1] = x[1] + x[1].
func doubler() []byte {
	return model(proto{}.message(1, node("twice", "Add", "y", "x", "x")).message(11, port("x", 1)).message(12, port("y", 1)))
}

// linear is y[N, 8] = Relu(x[N, 16] W), where W[i, j] is a small number.
func linear() []byte {
	w := make([]float32, 16*8)
	for i := range w {
		w[i] = float32(i%13-6) / 8
	}
	return model(proto{}.message(1, node("product", "MatMul", "h", "x", "W")).message(1, node("relu", "Relu", "y", "h")).
		message(5, weight("W", w, 16, 8)).message(11, port("x", -1, 16)).message(12, port("y", -1, 8)))
}

func load(t testing.TB, data []byte) *libmo.Model {
	t.Helper()
	m, err := libmo.LoadModelBytes(data, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func session(t testing.TB, data []byte, options ...libmo.SessionOption) *libmo.Session {
	t.Helper()
	s, err := libmo.NewSession(load(t, data), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func tensors(t testing.TB, name string, data []float32, shape ...int64) *libmo.Tensors {
	t.Helper()
	ts, err := libmo.NewTensors()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ts.Close() })
	if err := libmo.Put(ts, name, data, shape...); err != nil {
		t.Fatal(err)
	}
	return ts
}

func ramp(n int, phase float32) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32((i*7)%11)/5 - 1 + phase
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommittedModelIsTheOneWrittenHere(t *testing.T) {
	data, err := os.ReadFile("testdata/linear.onnx")
	if os.Getenv("LIBMO_WRITE_TESTDATA") != "" {
		must(t, os.WriteFile("testdata/linear.onnx", linear(), 0o644))
		return
	}
	must(t, err)
	if !bytes.Equal(data, linear()) {
		t.Fatal("testdata/linear.onnx differs; LIBMO_WRITE_TESTDATA=1 go test writes it")
	}
}
