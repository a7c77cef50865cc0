// Constant: the tensor of one of its attributes (value, value_int(s), value_float(s), value_string(s)).
#include "ops/helpers.h"

namespace mo::ops {

namespace {

template <class T>
Tensor list_of(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<int64_t>(values.size())}, values);
}

Tensor value_of(const Node& n) {
  if (const Tensor* t = n.tensor("value")) return *t;
  if (n.has("value_int")) return Tensor::scalar<int64_t>(n.i("value_int", 0));
  if (n.has("value_ints")) return list_of(n.ints("value_ints"));
  if (n.has("value_float")) return Tensor::scalar<float>(n.f("value_float", 0));
  if (n.has("value_floats")) return list_of(n.floats("value_floats"));
  if (n.has("value_string")) return Tensor::scalar<std::string>(n.s("value_string", ""));
  if (n.has("value_strings")) return list_of(n.strings("value_strings"));
  fail(Code::format, "a constant without a value attribute");
}

void infer(Infer& c) {
  Tensor t = value_of(c.node);
  c.output(0) = Type::tensor(t.dtype(), t.shape());
}

void run(Run& c) { c.out(0, Datum(value_of(c.node))); }

int since(const Node& n, std::span<const Type>) {
  const Tensor* t = n.tensor("value");
  if (!t) return 12;  // the value_* forms
  switch (t->dtype()) {
    case DType::bf16: return 13;
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz: return 19;
    case DType::i4:
    case DType::u4: return 21;
    case DType::f4e2m1: return 23;
    case DType::f8e8m0: return 24;
    case DType::i2:
    case DType::u2: return 25;
    default: return 7;
  }
}

}  // namespace

extern const OpDef constant{
    .name = "Constant",
    .infer = infer,
    .run = run,
    .since_of = since,
};

}  // namespace mo::ops
