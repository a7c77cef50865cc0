// Float products with constant weights on machines whose widest vectors are AVX2's: weights in panels of 16 columns, blocks of k that keep a panel in the
// first-level cache and its rows in the second, the epilogue while a block of columns is still near. oneDNN is faster with wider vectors.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/float_epilogue.h"
#include "kernels/cpu/float_tiles.h"
#include "kernels/cpu/matmul_views.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"

namespace mo::kernels {
namespace {

constexpr int64_t k_depth = 256;   // of k at once: 16 KiB of a panel
constexpr int64_t k_chunk = 192;   // rows: 192 KiB of them
constexpr int64_t k_stride = 272;  // of their copies: rows of a power of two would fall on the same lines of the cache
constexpr int64_t k_columns = 64;  // that end together

struct Job {
  int64_t rows, columns, depth, a_row, y_row;
  int64_t chunks, groups;
  std::shared_ptr<const void> weights;
  std::vector<float> start;  // bias or zeros, in whole panels
  FloatEpilogue epilogue;
  int threads;
  bool by_columns;  // what is dealt out to threads: groups of columns, else chunks of rows

  int64_t chunk_rows() const { return (rows + chunks - 1) / chunks; }
  bool has_edge() const { return columns % k_float_panel != 0; }
  // One block of k: `count` rows copied, times the panels of columns [first_column, last_column).
  void block(const float* rows_of_a, int64_t count, int64_t from, int64_t to, int64_t first_column, int64_t last_column, float* y,
             float* edge) const {
    for (int64_t j = first_column; j < last_column; j += k_float_panel) {
      const float* panel = static_cast<const float*>(weights.get()) + j * depth + from * k_float_panel;
      const bool whole = j + k_float_panel <= columns;
      float* c = whole ? y + j : edge;
      const int64_t c_row = whole ? y_row : k_float_panel;
      // The panel that comes next is on its way while this one is used: a share of its lines before every tile.
      const float* next = j + k_float_panel < columns ? panel + k_float_panel * depth : nullptr;
      const int64_t lines = next ? to - from : 0, share = (lines * k_float_rows + count - 1) / count;
      for (int64_t i = 0, line = 0; i < count; i += k_float_rows) {
        for (int64_t stop = std::min(line + share, lines); line < stop; ++line) __builtin_prefetch(next + line * k_float_panel, 0, 2);
        float_tile_avx2(rows_of_a + i * k_stride, k_stride, panel, to - from, from == 0 ? start.data() + j : nullptr, c + i * c_row, c_row,
                        std::min(k_float_rows, count - i));
      }
      if (!whole && to == depth)
        for (int64_t i = 0; i < count; ++i) std::copy_n(edge + i * k_float_panel, columns - j, y + i * y_row + j);
    }
  }

  // Rows of one chunk, groups of columns [first_group, last_group).
  void run_chunk(int64_t chunk, int64_t first_group, int64_t last_group, const float* a, const float* operand, float* y, float* scratch) const {
    const int64_t first = rows * chunk / chunks, count = rows * (chunk + 1) / chunks - first, blocks = (depth + k_depth - 1) / k_depth;
    float *copies = scratch, *edge = scratch + chunk_rows() * k_stride;
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t from = depth * b / blocks, to = depth * (b + 1) / blocks;
      for (int64_t i = 0; i < count; ++i) std::copy_n(a + (first + i) * a_row + from, to - from, copies + i * k_stride);
      for (int64_t g = first_group; g < last_group; ++g) {
        const int64_t column = g * k_columns, last = std::min(column + k_columns, columns);
        block(copies, count, from, to, column, last, y + first * y_row, edge);
        if (to < depth || epilogue.stages.empty()) continue;
        for (int64_t i = first; i < first + count; ++i)
          epilogue.row(y + i * y_row + column, operand ? operand + i * columns + column : nullptr, last - column);
      }
    }
  }
};

std::shared_ptr<const void> pack(const Request& r, const Product& p) {
  const size_t rank = p.b.dims.size();
  const int64_t n = p.n(), k = p.k(), n_stride = p.b.strides[rank - 1], k_stride = p.b.strides[rank - 2];
  const Tensor& w = *r.in(1).constant;
  const int64_t panels = (n + k_float_panel - 1) / k_float_panel;
  auto make = [&]() -> Pack {
    Tensor out = Tensor::allocate(DType::f32, {panels, k, k_float_panel});
    auto* dst = out.mutable_data<float>();
    const float* src = w.data<float>();
    parallel_for(r.threads, panels, 1, [&](int64_t from, int64_t to) {
      for (int64_t q = from; q < to; ++q)
        for (int64_t i = 0; i < k; ++i) {
          const int64_t live = std::min(k_float_panel, n - q * k_float_panel);
          float* row = dst + (q * k + i) * k_float_panel;
          const float* at = src + i * k_stride + q * k_float_panel * n_stride;
          for (int64_t c = 0; c < live; ++c) row[c] = at[c * n_stride];
          for (int64_t c = live; c < k_float_panel; ++c) row[c] = 0;
        }
    });
    return onednn::hold(out);
  };
  return r.packed(w, text("panels of 16 ", n, " ", k, " ", n_stride, " ", k_stride), panels * k * k_float_panel * 4, make);
}

Offer prepare(const Request& r) {
  const Operand &a = r.in(0), &b = r.in(1), &y = r.out();
  if (isa() != Isa::avx2) return Decline{"vectors other than AVX2"};
  if (a.dtype != DType::f32 || b.dtype != DType::f32 || y.dtype != DType::f32 || r.in(4).present || r.in(6).present || r.in(8).present)
    return Decline{"not float"};
  if (!b.constant) return Decline{"weights are not constant"};
  if (element_count(a.shape) == 0 || element_count(b.shape) == 0) return Decline{"empty operand"};
  const ProductSpec spec = product_spec(r.node);
  if (spec.alpha != 1 || !spec.perm_y.empty()) return Decline{"scaled or transposed result"};
  Product p = product_of(spec, r);
  collapse(p);
  const size_t rank = p.y.dims.size();
  if (rank != 2) return Decline{"batches that are no rows"};
  if (p.m() < 2 || p.n() < k_float_panel || p.k() < 8) return Decline{text(p.m(), " x ", p.k(), " x ", p.n())};
  if (p.a.strides[1] != 1 || p.y.strides[1] != 1) return Decline{"rows are not contiguous"};
  std::string reason;
  std::optional<FloatEpilogue> end = float_epilogue(r, p.m(), p.n(), reason);
  if (!end) return Decline{reason};

  auto job = std::make_shared<Job>();
  job->rows = p.m(), job->columns = p.n(), job->depth = p.k(), job->a_row = p.a.strides[0], job->y_row = p.y.strides[0];
  job->chunks = (job->rows + k_chunk - 1) / k_chunk;
  job->groups = (job->columns + k_columns - 1) / k_columns;
  if (job->groups < r.threads) job->chunks = std::max<int64_t>(job->chunks, std::min<int64_t>(r.threads, job->rows / k_float_rows));
  job->weights = pack(r, p);
  job->start = end->bias;
  job->start.resize(static_cast<size_t>((job->columns + k_float_panel - 1) / k_float_panel * k_float_panel), 0.0f);
  job->epilogue = std::move(*end);
  job->threads = r.threads;
  job->by_columns = job->groups >= r.threads;
  const int64_t part_bytes = (job->chunk_rows() * (k_stride + (job->has_edge() ? k_float_panel : 0)) * 4 + 63) / 64 * 64;

  Prepared out;
  out.detail = isa_name();
  out.scratch_bytes = part_bytes * std::max(r.threads, 1);
  out.unused_inputs.push_back(1);
  if (r.in(2).present) out.unused_inputs.push_back(2);
  out.run = [job, part_bytes](const Args& args) {
    const Job& j = *job;
    const auto *x = static_cast<const float*>(args.src[0]), *operand = j.epilogue.with_operand ? static_cast<const float*>(args.src[3]) : nullptr;
    auto* y = static_cast<float*>(args.dst[0]);
    parallel_for(j.threads, j.threads, 1, [&](int64_t part, int64_t end_part) {
      for (; part < end_part; ++part) {
        auto* scratch = reinterpret_cast<float*>(static_cast<char*>(args.scratch) + part * part_bytes);
        const int64_t units = j.by_columns ? j.groups : j.chunks, from = units * part / j.threads, to = units * (part + 1) / j.threads;
        if (j.by_columns)
          for (int64_t c = 0; c < j.chunks; ++c) j.run_chunk(c, from, to, x, operand, y, scratch);
        else
          for (int64_t c = from; c < to; ++c) j.run_chunk(c, 0, j.groups, x, operand, y, scratch);
      }
    });
  };
  return out;
}

}  // namespace

extern const Candidate packed_matmul{"MatMul", "", "packed_matmul", Wish::plain, prepare};
extern const Candidate packed_gemm{"Gemm", "", "packed_matmul", Wish::plain, prepare};
extern const Candidate packed_mo_matmul{"MatMul", "mo", "packed_matmul", Wish::plain, prepare};

}  // namespace mo::kernels
