// Runs every candidate of a node on real tensors, in its layouts, and compares with the reference kernel.
#include "support/kernel_case.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "kernels/kernel.h"
#include "ops/op.h"
#include "plan/layout.h"

namespace mo::test {

using namespace kernels;

graph::Node node(std::string op, std::string domain, std::vector<std::pair<std::string, graph::AttrValue>> attributes) {
  graph::Node n;
  n.op = std::move(op);
  n.domain = std::move(domain);
  n.attributes = std::move(attributes);
  return n;
}

Tensor random_floats(Shape shape, uint32_t seed, float low, float high) {
  Tensor t = Tensor::allocate(DType::f32, std::move(shape));
  std::mt19937 random(seed);
  float* p = t.mutable_data<float>();
  for (int64_t i = 0; i < t.size(); ++i) p[i] = low + (high - low) * static_cast<float>(random() >> 8) / static_cast<float>(1 << 24);
  return t;
}

Tensor random_bytes(DType dtype, Shape shape, uint32_t seed) {
  Tensor t = Tensor::allocate(dtype, std::move(shape));
  std::mt19937 random(seed);
  auto* p = static_cast<uint8_t*>(t.raw_mutable());
  for (int64_t i = 0; i < t.bytes(); ++i) p[i] = static_cast<uint8_t>(random() >> 5);
  return t;
}

KernelInput constant(Tensor t) { return {std::move(t), true}; }

namespace {

std::vector<Tensor> reference(const KernelCase& c) {
  std::vector<Datum> data;
  for (const KernelInput& in : c.inputs) data.push_back(in.tensor ? Datum(in.tensor) : Datum());
  std::vector<const Datum*> in;
  for (const Datum& d : data) in.push_back(&d);
  std::vector<Datum> out(static_cast<size_t>(c.outputs));
  ops::Run run(c.node, in, out);
  ops::run_node(run);
  std::vector<Tensor> tensors;
  for (Datum& d : out) tensors.push_back(d.tensor);
  return tensors;
}

// A copy with the elements in another order and 64 guard bytes on each side.
struct Block {
  std::vector<char> memory;
  char* data;
  int64_t bytes;
  explicit Block(int64_t n) : memory(static_cast<size_t>(n) + 256, 0x5a), bytes(n) {
    data = memory.data() + 64;
    data += (64 - reinterpret_cast<uintptr_t>(data) % 64) % 64;
  }
  bool guards_intact() const {
    for (int i = 1; i <= 64; ++i)
      if (data[-i] != 0x5a || data[bytes + i - 1] != 0x5a) return false;
    return true;
  }
};

void compare(const KernelCase& c, const Tensor& want, const void* got, const std::string& what) {
  INFO(what);
  if ((want.dtype() == DType::bf16 || want.dtype() == DType::f16) && !c.exact)
    return compare(c, want.cast(DType::f32), Tensor::copy_of(want.dtype(), want.shape(), got).cast(DType::f32).raw(), what);
  const int steps = c.exact && what.starts_with("int8_") ? 0 : c.steps;
  if (want.dtype() == DType::f32) {
    const float *a = want.data<float>(), *b = static_cast<const float*>(got);
    float largest = 0, worst = 0;
    int64_t at = -1;
    for (int64_t i = 0; i < want.size(); ++i)
      if (std::isfinite(a[i])) largest = std::max(largest, std::fabs(a[i]));
    for (int64_t i = 0; i < want.size(); ++i) {
      if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
      float error = std::fabs(a[i] - b[i]);
      if (!(error <= worst)) worst = error, at = i;
    }
    INFO("element ", at, ": want ", at < 0 ? 0 : a[at], ", got ", at < 0 ? 0 : b[at]);
    CHECK(worst <= c.tolerance * largest + 1e-6f);
    return;
  }
  if (want.dtype() == DType::u8 || want.dtype() == DType::i8) {
    Tensor other = Tensor::copy_of(want.dtype(), want.shape(), got);
    int64_t worst = 0, at = -1;
    for (int64_t i = 0; i < want.size(); ++i) {
      int64_t error = std::abs(want.integer(i) - other.integer(i));
      if (error > worst) worst = error, at = i;
    }
    INFO("element ", at, ": want ", at < 0 ? 0 : want.integer(at), ", got ", at < 0 ? 0 : other.integer(at));
    CHECK(worst <= steps);
    return;
  }
  CHECK(std::memcmp(want.raw(), got, static_cast<size_t>(want.bytes())) == 0);
}

bool movable(const Shape& s) { return s.size() >= 3; }

// Returns false when the candidate declined.
bool run_one(const KernelCase& c, const Candidate& k, Layout layout, int threads, const std::vector<Tensor>& want, std::string& said) {
  size_t rank = 0;
  for (const KernelInput& in : c.inputs)
    if (in.tensor) rank = std::max(rank, in.tensor.shape().size());
  auto layout_of = [&](const Shape& s, bool is_constant) {
    if (is_constant && k.wish != Wish::any_same) return Layout::plain;
    return movable(s) && s.size() == rank ? layout : Layout::plain;
  };
  std::vector<Operand> in, out;
  std::vector<Block> memory;
  memory.reserve(c.inputs.size() + want.size());
  std::vector<const void*> src;
  for (const KernelInput& i : c.inputs) {
    Operand o;
    if (i.tensor) {
      o.present = true;
      o.dtype = i.tensor.dtype();
      o.shape = i.tensor.shape();
      o.layout = layout_of(o.shape, i.constant);
      if (i.constant && o.layout == Layout::plain) o.constant = &i.tensor;
      memory.emplace_back(i.tensor.bytes());
      if (o.layout == Layout::channels_last) plan::reorder(i.tensor.raw(), memory.back().data, o.shape, info(o.dtype).bits, true, 1);
      else if (i.tensor.bytes()) std::memcpy(memory.back().data, i.tensor.raw(), static_cast<size_t>(i.tensor.bytes()));
      src.push_back(memory.back().data);
    } else {
      src.push_back(nullptr);
    }
    in.push_back(o);
  }
  std::vector<void*> dst;
  size_t first_out = memory.size();
  for (const Tensor& t : want) {
    out.push_back({true, t.dtype(), t.shape(), layout_of(t.shape(), false), nullptr});
    memory.emplace_back(t.bytes());
    dst.push_back(memory.back().data);
  }
  Request request{c.node, in, out, threads, nullptr, c.bf16};
  Offer offer = k.prepare(request);
  if (auto* d = std::get_if<Decline>(&offer)) {
    said = d->reason;
    return false;
  }
  Prepared& p = std::get<Prepared>(offer);
  said = p.detail;
  for (int unused : p.unused_inputs)
    if (static_cast<size_t>(unused) < src.size() && in[static_cast<size_t>(unused)].constant) src[static_cast<size_t>(unused)] = nullptr;
  Block scratch(p.scratch_bytes);
  for (int round = 0; round < 2; ++round) {
    p.run({src.data(), dst.data(), scratch.data, threads});
    CHECK(scratch.guards_intact());
    for (size_t i = 0; i < want.size(); ++i) {
      const Block& b = memory[first_out + i];
      CHECK(b.guards_intact());
      std::vector<char> plain(static_cast<size_t>(b.bytes) + 1);
      if (out[i].layout == Layout::channels_last) plan::reorder(b.data, plain.data(), out[i].shape, info(out[i].dtype).bits, false, 1);
      else std::memcpy(plain.data(), b.data, static_cast<size_t>(b.bytes));
      compare(c, want[i], plain.data(), text(k.name, " ", said, layout == Layout::channels_last ? " channels_last" : " plain", " threads ", threads));
    }
  }
  return true;
}

}  // namespace

KernelResult check_candidates(const KernelCase& given) {
  KernelCase c = given;
  c.node.inputs.clear();
  c.node.outputs.clear();
  for (size_t i = 0; i < c.inputs.size(); ++i) c.node.inputs.push_back(c.inputs[i].tensor ? static_cast<graph::ValueId>(i) : graph::k_none);
  for (int i = 0; i < c.outputs; ++i) c.node.outputs.push_back(1000 + i);
  std::vector<Tensor> want = reference(c);
  KernelResult result;
  // the plan gives nodes with empty tensors to the reference kernel
  for (const Tensor& t : want)
    if (t.size() == 0) return result;
  for (const KernelInput& in : c.inputs)
    if (in.tensor && !in.constant && in.tensor.size() == 0) return result;
  for (const Candidate* k : cpu_candidates(c.node.op, c.node.domain)) {
    bool ran = false;
    std::string said;
    for (Layout layout : {Layout::plain, Layout::channels_last}) {
      if (k->wish == Wish::plain && layout != Layout::plain) continue;
      if (k->wish == Wish::channels_last && layout != Layout::channels_last) continue;
      for (int threads : {1, 2}) ran |= run_one(c, *k, layout, threads, want, said);
    }
    (ran ? result.ran : result.declined).push_back(text(k->name, ": ", said));
  }
  return result;
}

}  // namespace mo::test
