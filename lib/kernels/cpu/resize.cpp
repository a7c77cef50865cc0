// Resize, one axis after the other: the weights of each output position are what the reference kernel makes of unit vectors, so every mode and every
// coordinate rule is the reference's own; rows are then blended by vector loops.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/strided_copy.h"
#include "ops/op.h"

namespace mo::kernels {
namespace {

struct Tap {
  int64_t index;
  float weight;
};

struct Pass {
  int64_t outer = 1, in = 1, out = 1, inner = 1;
  std::vector<Tap> taps;
  std::vector<int64_t> first;  // of each output position, one more at the end
  bool copies = true;          // every position takes one element as it is
};

// Runs the node's own rule along one axis of the n x n identity.
Pass taps_of(const graph::Node& node, int64_t in, int64_t out, const Tensor* scale, int64_t entry, bool by_size) {
  Tensor unit = Tensor::zeros(DType::f32, {in, in});
  for (int64_t i = 0; i < in; ++i) unit.mutable_data<float>()[i * in + i] = 1;
  graph::Node one = node;
  one.erase("keep_aspect_ratio_policy");
  one.set("axes", std::vector<int64_t>{1});
  one.inputs = {0, graph::k_none, by_size ? graph::k_none : 1, by_size ? 2 : graph::k_none};
  one.outputs = {3};
  Datum data[3] = {unit, Datum(), Datum()};
  if (by_size) data[2] = Tensor::of<int64_t>({1}, {out});
  else data[1] = Tensor::of<float>({1}, {static_cast<float>(scale->number(entry))});
  const Datum* inputs[4] = {&data[0], nullptr, by_size ? nullptr : &data[1], by_size ? &data[2] : nullptr};
  Datum result[1];
  ops::Run run(one, inputs, result);
  ops::run_node(run);
  const Tensor& w = result[0].tensor;
  MO_ASSERT(w.dim(1) == out);
  Pass p;
  p.in = in;
  p.out = out;
  for (int64_t o = 0; o < out; ++o) {
    p.first.push_back(static_cast<int64_t>(p.taps.size()));
    for (int64_t i = 0; i < in; ++i)
      if (float v = w.data<float>()[i * out + o]; v != 0) p.taps.push_back({i, v});
    p.copies = p.copies && static_cast<int64_t>(p.taps.size()) == p.first.back() + 1 && p.taps.back().weight == 1;
  }
  p.first.push_back(static_cast<int64_t>(p.taps.size()));
  return p;
}

MO_INLINE void blend_body(const float* x, int64_t inner, const Tap* t, int64_t count, float* y) {
  if (count == 2) {
    const float *a = x + t[0].index * inner, *b = x + t[1].index * inner;
    const float wa = t[0].weight, wb = t[1].weight;
#pragma omp simd
    for (int64_t j = 0; j < inner; ++j) y[j] = wa * a[j] + wb * b[j];
    return;
  }
  for (int64_t k = 0; k < count; ++k) {
    const float* a = x + t[k].index * inner;
    const float w = t[k].weight;
    if (k == 0) {
#pragma omp simd
      for (int64_t j = 0; j < inner; ++j) y[j] = w * a[j];
    } else {
#pragma omp simd
      for (int64_t j = 0; j < inner; ++j) y[j] += w * a[j];
    }
  }
  if (count == 0)
    for (int64_t j = 0; j < inner; ++j) y[j] = 0;
}
MO_SIMD_PLAIN(blend, void, (const float* x, int64_t inner, const Tap* t, int64_t count, float* y), (x, inner, t, count, y))

template <class T>
void gather_elements(const Pass& p, const T* x, T* y) {
  for (int64_t o = 0; o < p.out; ++o) y[o] = x[p.taps[static_cast<size_t>(o)].index];
}

void run_pass(const Pass& p, int bytes, const char* x, char* y, int threads, decltype(&blend_scalar) blend) {
  if (p.outer * p.out * p.inner < 1 << 15) threads = 1;
  if (p.inner == 1) {
    parallel_for(threads, p.outer, 8, [&](int64_t from, int64_t to) {
      for (int64_t o = from; o < to; ++o) {
        const char* src = x + o * p.in * bytes;
        char* dst = y + o * p.out * bytes;
        if (p.copies && bytes == 4) gather_elements(p, reinterpret_cast<const uint32_t*>(src), reinterpret_cast<uint32_t*>(dst));
        else if (p.copies && bytes == 1) gather_elements(p, reinterpret_cast<const uint8_t*>(src), reinterpret_cast<uint8_t*>(dst));
        else
          for (int64_t i = 0; i < p.out; ++i) {
            float v = 0;
            for (int64_t k = p.first[i]; k < p.first[i + 1]; ++k) v += p.taps[k].weight * reinterpret_cast<const float*>(src)[p.taps[k].index];
            reinterpret_cast<float*>(dst)[i] = v;
          }
      }
    });
    return;
  }
  const int64_t row = p.inner * bytes;
  parallel_for(threads, p.outer * p.out, 1, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) {
      int64_t o = r / p.out, i = r % p.out;
      const char* src = x + o * p.in * row;
      char* dst = y + r * row;
      const Tap* t = p.taps.data() + p.first[i];
      if (p.copies) std::memcpy(dst, src + t->index * row, static_cast<size_t>(row));
      else blend(reinterpret_cast<const float*>(src), p.inner, t, p.first[i + 1] - p.first[i], reinterpret_cast<float*>(dst));
    }
  });
}

const Tensor* filled(const Operand& x) { return x.constant && x.constant->size() > 0 ? x.constant : nullptr; }

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  int bytes = element_bytes(x.dtype);
  const bool is_float = x.dtype == DType::f32;
  if (!is_float && !(r.node.s("mode", "nearest") == "nearest" && bytes == 1)) return Decline{text("dtype ", name(x.dtype))};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  if (r.node.s("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize") return Decline{"crops"};
  if (r.node.s("keep_aspect_ratio_policy", "stretch") != "stretch") return Decline{"keeps the aspect ratio"};
  const Tensor *scales = filled(r.in(2)), *sizes = filled(r.in(3));
  if (!scales && !sizes) return Decline{"sizes are not known at plan time"};
  const int64_t rank = static_cast<int64_t>(x.shape.size());
  std::vector<int64_t> axes = r.node.ints("axes");
  if (axes.empty())
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  std::vector<Pass> passes;
  Shape now = physical_shape(x);
  for (size_t e = 0; e < axes.size(); ++e) {
    int64_t axis = axes[e] < 0 ? axes[e] + rank : axes[e], in = x.shape[axis], out = y.shape[axis];
    if (in == out && (sizes || scales->number(static_cast<int64_t>(e)) == 1)) continue;
    if (in > 4096 || in * out > 1 << 24) return Decline{"axis above 4096"};
    Pass p = taps_of(r.node, in, out, scales, static_cast<int64_t>(e), sizes != nullptr);
    size_t at = static_cast<size_t>(physical_axis(x, axis));
    for (size_t i = 0; i < at; ++i) p.outer *= now[i];
    for (size_t i = at + 1; i < now.size(); ++i) p.inner *= now[i];
    now[at] = out;
    if (!is_float && !p.copies) return Decline{"blends of bytes"};
    passes.push_back(std::move(p));
  }
  if (passes.empty()) return Decline{"nothing changes"};
  int64_t largest = 0;
  for (size_t i = 0; i + 1 < passes.size(); ++i) largest = std::max(largest, passes[i].outer * passes[i].out * passes[i].inner * bytes);
  largest = (largest + 63) / 64 * 64;
  auto blend = blend_pick();
  const int threads = r.threads;
  Prepared p;
  p.detail = isa_name();
  p.scratch_bytes = largest * (passes.size() > 2 ? 2 : 1);
  for (int i = 1; i < 4; ++i)
    if (r.in(i).constant) p.unused_inputs.push_back(i);
  p.run = [passes = std::move(passes), bytes, threads, blend, largest](const Args& a) {
    const char* src = static_cast<const char*>(a.src[0]);
    for (size_t i = 0; i < passes.size(); ++i) {
      char* dst = i + 1 == passes.size() ? static_cast<char*>(a.dst[0]) : static_cast<char*>(a.scratch) + (i % 2) * largest;
      run_pass(passes[i], bytes, src, dst, threads, blend);
      src = dst;
    }
  };
  return p;
}

}  // namespace

extern const Candidate simd_resize{"Resize", "", "simd_resize", Wish::any_same, prepare};

}  // namespace mo::kernels
