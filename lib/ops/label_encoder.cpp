// LabelEncoder: maps keys to values by two parallel lists (strings, integers, floats or tensors); a repeated key's last value counts.
#include <map>
#include <unordered_map>

#include "ops/movement.h"

namespace mo::ops {

namespace {

template <class T>
Tensor list_of(const std::vector<T>& v) {
  return Tensor::of<T>({static_cast<int64_t>(v.size())}, v);
}

// The attribute <what>_tensor, _strings, _int64s or _floats.
Tensor listed(const Node& n, const std::string& what) {
  if (const Tensor* t = n.tensor(what + "_tensor")) return *t;
  if (n.has(what + "_strings")) return list_of(n.strings(what + "_strings"));
  if (n.has(what + "_int64s")) return list_of(n.ints(what + "_int64s"));
  if (n.has(what + "_floats")) return list_of(n.floats(what + "_floats"));
  fail(Code::format, "attribute ", what, "_* is missing");
}

Tensor fallback(const Node& n, DType dtype) {
  if (const Tensor* t = n.tensor("default_tensor")) {
    require(t->size() == 1 && t->dtype() == dtype, Code::type, "default_tensor must hold one ", name(dtype));
    return *t;
  }
  if (dtype == DType::string) return Tensor::scalar<std::string>(n.s("default_string", "_Unused"));
  if (is_integer(dtype)) return Tensor::scalar<int64_t>(n.i("default_int64", -1)).cast(dtype);
  return Tensor::scalar<float>(n.f("default_float", -0.0f)).cast(dtype);
}

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = listed(c.node, "values").dtype();
}

// Floats as their bits with one NaN and one zero.
uint64_t key_bits(double v) {
  if (v != v) return ~uint64_t{0};
  return std::bit_cast<uint64_t>(v == 0 ? 0.0 : v);
}

template <class Key, class F>
std::vector<int64_t> look_up(const Tensor& keys, const Tensor& x, F&& key_of) {
  std::unordered_map<Key, int64_t> map;
  for (int64_t i = 0; i < keys.size(); ++i) map[key_of(keys, i)] = i;
  std::vector<int64_t> out;
  for (int64_t i = 0; i < x.size(); ++i) {
    auto it = map.find(key_of(x, i));
    out.push_back(it == map.end() ? -1 : it->second);
  }
  return out;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  Tensor keys = listed(c.node, "keys"), values = listed(c.node, "values");
  require(keys.size() == values.size(), Code::format, keys.size(), " keys beside ", values.size(), " values");
  require(keys.dtype() == x.dtype(), Code::type, "keys of ", name(keys.dtype()), " for an input of ", name(x.dtype()));
  std::vector<int64_t> at;
  if (x.dtype() == DType::string) at = look_up<std::string>(keys, x, [](const Tensor& t, int64_t i) { return t.strings()[i]; });
  else if (is_floating(x.dtype())) at = look_up<uint64_t>(keys, x, [](const Tensor& t, int64_t i) { return key_bits(t.number(i)); });
  else at = look_up<int64_t>(keys, x, [](const Tensor& t, int64_t i) { return t.integer(i); });
  Tensor other = fallback(c.node, values.dtype());
  Tensor& y = c.out(0, values.dtype(), x.shape());
  Mover found(y, values), missing(y, other);
  for (size_t i = 0; i < at.size(); ++i) {
    if (at[i] >= 0) found.copy(static_cast<int64_t>(i), at[i]);
    else missing.copy(static_cast<int64_t>(i), 0);
  }
}

int since(const Node& n, std::span<const Type>) { return n.has("keys_tensor") || n.has("values_tensor") || n.has("default_tensor") ? 4 : 2; }

}  // namespace

extern const OpDef label_encoder{
    .name = "LabelEncoder",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 2,
    .since_of = since,
};

}  // namespace mo::ops
