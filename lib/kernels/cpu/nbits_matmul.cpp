// MatMulNBits with 4-bit weights: read once in packed form and multiplied as integers, or widened tile by tile where there are no vectors.
#include <algorithm>
#include <cstring>

#include "base/lasting_memory.h"
#include "kernels/cpu/attention_tiles.h"
#include "kernels/cpu/nbits_tiles.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"

namespace mo::kernels {
namespace {

using namespace nbits;

// Packed weights and what they are made of, in one block of memory.
struct Packed {
  std::shared_ptr<const void> data, scales, zeros;
};

struct Shapes {
  int64_t rows, k, n, block, blocks, depth, groups;
};

Packed pack(const Request& r, const Shapes& s) {
  const Tensor &b = *r.in(1).constant, &scale = *r.in(2).constant;
  const Tensor* zero = r.in(3).present ? r.in(3).constant : nullptr;
  auto nibble = [](const uint8_t* p, int64_t i) { return static_cast<uint32_t>(i % 2 ? p[i / 2] >> 4 : p[i / 2] & 15); };
  auto make_data = [&]() -> Pack {
    std::shared_ptr<void> out = lasting_memory(s.groups * s.depth / 2 * k_columns);
    auto* dst = static_cast<uint32_t*>(out.get());
    const auto* src = static_cast<const uint8_t*>(b.raw());
    parallel_for(r.threads, s.groups, 1, [&](int64_t from, int64_t to) {
      for (int64_t g = from; g < to; ++g)
        for (int64_t c = 0; c < k_columns && g * k_columns + c < s.n; ++c) {
          const uint8_t* column = src + (g * k_columns + c) * s.depth / 2;
          for (int64_t e = 0; e < s.depth / 8; ++e) {
            uint32_t v = 0;
            for (int64_t i = 0; i < 8; ++i) v |= nibble(column, 8 * e + i) << (i < 4 ? 8 * i : 8 * (i - 4) + 4);
            dst[(g * s.depth / 8 + e) * k_columns + c] = v;
          }
        }
    });
    return out;
  };
  auto spread = [&](auto value) {
    return [&s, value]() -> Pack {
      std::vector<float> out(static_cast<size_t>(s.groups * s.blocks * k_columns), 0.0f);
      for (int64_t n = 0; n < s.n; ++n)
        for (int64_t k = 0; k < s.blocks; ++k) out[static_cast<size_t>((n / k_columns * s.blocks + k) * k_columns + n % k_columns)] = value(n, k);
      return onednn::floats(std::move(out));
    };
  };
  auto make_scales = spread([&](int64_t n, int64_t k) { return static_cast<float>(scale.number(n * s.blocks + k)); });
  auto make_zeros = spread([&](int64_t n, int64_t k) {
    if (zero->dtype() != DType::u8) return static_cast<float>(zero->number(n * s.blocks + k));
    return static_cast<float>(nibble(static_cast<const uint8_t*>(zero->raw()) + n * ((s.blocks + 1) / 2), k));
  });
  auto get = [&](const char* what, const Tensor& t, int64_t per_column, auto make) {
    return r.packed(t, text("nbits ", what, " ", s.n, " ", s.k, " ", s.block), s.groups * k_columns * per_column, make);
  };
  return {get("data", b, s.depth / 2, make_data), get("scales", scale, 4 * s.blocks, make_scales),
          zero ? get("zeros", *zero, 4 * s.blocks, make_zeros) : nullptr};
}

struct Job {
  Shapes s;
  Packed packed;
  Weights w;
  std::vector<float> bias;
  int threads;
  // 8-bit way
  Multiply multiply = nullptr;
  Quantize quantize = nullptr;
  bool fine = false;
  int64_t most_rows = 1;                                              // of one pass
  int64_t step = 0, high_bytes = 0, scale_bytes = 0, pass_bytes = 0;  // of one pass of k_rows rows
  // widened way
  Expand expand = nullptr;
  TileProduct product = nullptr;
  int64_t chunk = 0, worker_bytes = 0;

  struct Pass {
    int64_t row, rows;
  };
  std::vector<Pass> passes;
  void cut_rows() {
    for (int64_t row = 0; row < s.rows; row += passes.back().rows) {
      const int64_t left = s.rows - row;
      int64_t rows = most_rows;
      while (rows > left) rows = rows > 8 ? 8 : rows / 2;
      passes.push_back({row, rows});
    }
  }

  void add_bias(float* y, int64_t row_count, int64_t first, int64_t columns) const {
    if (bias.empty()) return;
    for (int64_t r = 0; r < row_count; ++r)
      for (int64_t c = 0; c < columns; ++c) y[r * s.n + c] += bias[static_cast<size_t>(first + c)];
  }

  void run_integer(const float* x, float* y, char* scratch) const {
    const int64_t count = static_cast<int64_t>(passes.size());
    auto activations = [&](int64_t p) {
      char* at = scratch + p * pass_bytes;
      Activations a;
      a.high = reinterpret_cast<const int8_t*>(at);
      a.low = fine ? a.high + high_bytes : nullptr;
      a.scale = reinterpret_cast<const float*>(at + high_bytes * (fine ? 2 : 1));
      a.sum = a.scale + scale_bytes / 4;
      a.step = step;
      return a;
    };
    parallel_for(count > 1 ? threads : 1, count, 1, [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; ++p) {
        const auto [row, rows] = passes[static_cast<size_t>(p)];
        Activations a = activations(p);
        quantize(x + row * s.k, s.k, rows, s.k, s.depth, step, const_cast<int8_t*>(a.high), const_cast<int8_t*>(a.low), const_cast<float*>(a.scale),
                 const_cast<float*>(a.sum));
      }
    });
    parallel_for(threads, s.groups, 1, [&](int64_t from, int64_t to) {
      float edge[k_rows * k_columns];
      for (int64_t g = from; g < to; ++g) {
        const int64_t first = g * k_columns, columns = std::min(k_columns, s.n - first);
        for (int64_t p = 0; p < count; ++p) {
          const auto [row, rows] = passes[static_cast<size_t>(p)];
          float* to_y = y + row * s.n + first;
          if (columns == k_columns) {
            multiply(w, activations(p), rows, g, to_y, s.n);
          } else {
            multiply(w, activations(p), rows, g, edge, k_columns);
            for (int64_t r = 0; r < rows; ++r) std::memcpy(to_y + r * s.n, edge + r * k_columns, static_cast<size_t>(columns) * sizeof(float));
          }
          add_bias(to_y, rows, first, columns);
        }
      }
    });
  }

  void run_widened(const float* x, float* y, char* scratch) const {
    parallel_for(threads, threads, 1, [&](int64_t worker, int64_t end) {
      for (; worker < end; ++worker) {
        auto* tile = reinterpret_cast<float*>(scratch + worker * worker_bytes);
        float* result = tile + chunk * k_columns;
        for (int64_t g = s.groups * worker / threads; g < s.groups * (worker + 1) / threads; ++g) {
          const int64_t first = g * k_columns, columns = std::min(k_columns, s.n - first);
          for (int64_t from = 0; from < s.k; from += chunk) {
            const int64_t to = std::min(from + chunk, s.depth);
            expand(w, g, from, to, tile, k_columns);
            product(x + from, s.k, tile, k_columns, result, k_columns, s.rows, std::min(to, s.k) - from, k_columns, from > 0);
          }
          float* to_y = y + first;
          for (int64_t r = 0; r < s.rows; ++r) std::memcpy(to_y + r * s.n, result + r * k_columns, static_cast<size_t>(columns) * sizeof(float));
          add_bias(to_y, s.rows, first, columns);
        }
      }
    });
  }
};

Offer prepare(const Request& r) {
  const graph::Node& n = r.node;
  if (n.i("bits", 4) != 4) return Decline{text("weights of ", n.i("bits", 4), " bits")};
  if (r.in(0).dtype != DType::f32) return Decline{text("dtype ", name(r.in(0).dtype))};
  if (r.in(4).present) return Decline{"reordered weights"};
  for (size_t i : {1, 2, 3, 5})
    if (r.in(i).present && !r.in(i).constant) return Decline{"weights are not constant"};
  auto job = std::make_shared<Job>();
  Job& j = *job;
  Shapes& s = j.s;
  s.k = n.i("K", 0), s.n = n.i("N", 0), s.block = n.i("block_size", 0);
  if (s.k < 1 || s.n < 1 || s.block < 16 || (s.block & (s.block - 1)) != 0 || r.in(0).shape.empty() || r.in(0).shape.back() != s.k)
    return Decline{"sizes"};
  s.blocks = (s.k + s.block - 1) / s.block;
  s.depth = s.blocks * s.block;
  s.groups = (s.n + k_columns - 1) / k_columns;
  s.rows = element_count(r.in(0).shape) / s.k;
  const bool packed_zeros = r.in(3).present && r.in(3).constant->dtype() == DType::u8;
  if (r.in(1).constant->size() != s.n * s.depth / 2 || r.in(2).constant->size() != s.n * s.blocks ||
      (r.in(3).present && r.in(3).constant->size() != (packed_zeros ? s.n * ((s.blocks + 1) / 2) : s.n * s.blocks)) ||
      (r.in(5).present && r.in(5).constant->size() != s.n))
    return Decline{"sizes"};
  j.packed = pack(r, s);
  j.w = {static_cast<const uint32_t*>(j.packed.data.get()), static_cast<const float*>(j.packed.scales.get()),
         static_cast<const float*>(j.packed.zeros.get()), s.depth, s.block};
  if (r.in(5).present) j.bias = r.in(5).constant->floats();
  j.threads = r.threads;

  Prepared p;
  if (isa() >= Isa::avx2) {
    const bool vnni = isa() >= Isa::avx512_vnni;
    // accuracy_level 4 allows activations of 8 bits; else they get 15
    j.fine = n.i("accuracy_level", 0) != 4;
    j.step = std::min<int64_t>(s.block, j.fine ? 64 : 128);
    j.most_rows = !vnni ? 4 : j.fine ? 8 : 12;
    j.cut_rows();
    j.multiply = vnni ? multiply_vnni(j.fine) : multiply_avx2(j.fine);
    j.quantize = quantize_rows();
    auto rounded = [](int64_t bytes) { return (bytes + 63) / 64 * 64; };
    j.high_bytes = rounded(s.depth * k_rows);
    j.scale_bytes = rounded(s.depth / j.step * k_rows * 4);
    j.pass_bytes = j.high_bytes * (j.fine ? 2 : 1) + 2 * j.scale_bytes;
    p.detail = text(vnni ? "avx512_vnni" : "avx2", ", activations of ", j.fine ? 15 : 8, " bits");
    p.scratch_bytes = j.pass_bytes * static_cast<int64_t>(j.passes.size());
    p.run = [job](const Args& a) {
      job->run_integer(static_cast<const float*>(a.src[0]), static_cast<float*>(a.dst[0]), static_cast<char*>(a.scratch));
    };
  } else {
    j.expand = expand_group();
    j.product = tile_product();
    j.chunk = std::min<int64_t>(s.depth, 512 / s.block > 0 ? 512 : s.block);
    j.chunk = std::max<int64_t>(j.chunk / s.block * s.block, s.block);
    j.worker_bytes = ((j.chunk + s.rows) * k_columns * 4 + 63) / 64 * 64;
    p.detail = text(isa_name(), ", widened");
    p.scratch_bytes = j.worker_bytes * std::max(r.threads, 1);
    p.run = [job](const Args& a) {
      job->run_widened(static_cast<const float*>(a.src[0]), static_cast<float*>(a.dst[0]), static_cast<char*>(a.scratch));
    };
  }
  for (int i : {1, 2, 3, 5})
    if (r.in(static_cast<size_t>(i)).present) p.unused_inputs.push_back(i);
  return p;
}

}  // namespace

extern const Candidate packed_nbits{"MatMulNBits", "com.microsoft", "packed_nbits", Wish::plain, prepare};

}  // namespace mo::kernels
