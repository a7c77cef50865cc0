// A few rows of 8-bit data times constant 8-bit weights without VNNI: weights stay bytes and are read in one pass, exact sums, the epilogue of int8_epilogue.h.
#include <cstdlib>
#include <cstring>

#include "base/lasting_memory.h"
#include "kernels/cpu/int8_gemm.h"
#include "kernels/cpu/matmul_views.h"
#include "kernels/cpu/panels_avx2.h"
#include "kernels/cpu/parallel.h"

namespace mo::kernels {
namespace {

using namespace int8;

struct RowsMatmul {
  Panels w;           // without scales: `zero` as unsigned numbers
  Epilogue epilogue;  // of all columns
  Side x;             // unless computed
  ComputedScale computed;
  int64_t rows, a_row, y_row, r_row = 0;  // rows and what lies between them, in bytes
  int64_t words, y_size, r_size;          // words of a row
  bool residual = false;
  int threads;

  void run(const Args& args) const {
    Side side = x;
    float scale = 1;
    if (computed) computed.read(args, scale, side);
    const auto* a = static_cast<const uint8_t*>(args.src[0]);
    auto* dst = static_cast<uint8_t*>(args.dst[0]);
    const auto* res = residual ? static_cast<const uint8_t*>(args.src[3]) : nullptr;
    auto* to = static_cast<int16_t*>(args.scratch);
    int32_t of_rows[words::k_few];
    for (int64_t r = 0; r < rows; ++r) of_rows[r] = words::bytes_to_words(a + r * a_row, w.k, side.flip, side.zero, to + r * words, words);
    parallel_for(threads, w.count(), 1, [&](int64_t from, int64_t end) {
      int32_t sums[words::k_few * k_panel];
      float scales[k_panel];
      for (int64_t p = from; p < end; ++p) {
        const int64_t first = p * k_panel, n = std::min(k_panel, w.n - first);
        words::sum_panel(static_cast<const uint8_t*>(w.panel(p)), w.columns(p), w.depth(), to, words, rows, sums);
        if (computed)
          for (int64_t j = 0; j < n; ++j) scales[j] = scale * epilogue.scale[static_cast<size_t>(first + j)];
        for (int64_t r = 0; r < rows; ++r) {
          int32_t* row = sums + r * k_panel;
          for (int64_t j = 0; j < n; ++j)
            row[j] = static_cast<int32_t>(static_cast<uint32_t>(row[j]) -
                                          static_cast<uint32_t>(w.zero[static_cast<size_t>(first + j)]) * static_cast<uint32_t>(of_rows[r]));
          epilogue.row(row, first, n, res ? res + r * r_row + first * r_size : nullptr, dst + r * y_row + first * y_size,
                       computed ? scales : nullptr);
        }
      }
    });
  }
};

// Element (k, n) of B is data[k * k_stride + n * n_stride].
std::shared_ptr<const void> pack(const Panels& p, const uint8_t* data, int64_t k_stride, int64_t n_stride, uint8_t flip, int threads) {
  const int64_t depth = p.depth();
  std::shared_ptr<void> packed = lasting_memory(p.bytes());
  auto* dst = static_cast<uint8_t*>(packed.get());
  parallel_for(threads, p.count(), 1, [&](int64_t from, int64_t to) {
    for (int64_t e = from; e < to; ++e) {
      uint8_t* panel = dst + e * k_panel * depth * 4;
      const int64_t live = std::min(k_panel, p.n - e * k_panel);
      const uint8_t* first = data + e * k_panel * n_stride;
      for (int64_t k = 0; k < p.k; ++k)
        for (int64_t j = 0; j < live; ++j)
          panel[((j / 16 * depth + k / 4) * 16 + j % 16) * 4 + k % 4] = static_cast<uint8_t>(first[k * k_stride + j * n_stride] ^ flip);
    }
  });
  return packed;
}

Offer prepare(const Request& r) {
  const Operand &a = r.in(0), &b = r.in(1), &res = r.in(3), &y = r.out();
  if (isa() < Isa::avx2 || isa() >= Isa::avx512_vnni) return Decline{"not for this processor"};
  if (info(a.dtype).bits != 8 || info(b.dtype).bits != 8 || !r.in(4).present || !r.in(6).present) return Decline{"operands are not 8-bit"};
  if (!b.constant || b.shape.size() != 2 || element_count(b.shape) == 0) return Decline{"not a constant matrix"};
  std::string reason;
  auto job = std::make_shared<RowsMatmul>();
  RowsMatmul& m = *job;
  m.computed = computed_scale(r, reason);
  if (!reason.empty()) return Decline{reason};
  auto qa = m.computed ? m.computed.unit() : onednn::read_quant(r, 4, 5, reason);
  auto qb = onednn::read_quant(r, 6, 7, reason);
  if (!qa || !qb) return Decline{reason};
  if (!qa->per_tensor() || qa->zero.size() != 1) return Decline{"scale of A per row"};
  const ProductSpec spec = product_spec(r.node);
  Product p = product_of(spec, r);
  m.residual = res.present && !(res.constant && res.dtype == DType::f32 && res.shape != y.shape);
  if (m.residual) {
    if (!spec.perm_y.empty() || res.shape != y.shape) return Decline{"epilogue operand of another shape"};
    p.along.push_back(p.y);
  }
  collapse(p);
  m.rows = p.m();
  const int64_t n = p.n(), k = p.k();
  if (p.y.dims.size() != 2 || m.rows < 1 || m.rows > words::k_few) return Decline{text(m.rows, " rows")};
  if ((p.a.strides[1] != 1 && k > 1) || (p.y.strides[1] != 1 && n > 1)) return Decline{"transposed rows"};
  std::optional<Epilogue> epilogue = make_epilogue(r, n, *qa, *qb, spec.alpha, reason);
  if (!epilogue) return Decline{reason};
  m.epilogue = std::move(*epilogue);
  m.x = side_of(a.dtype, qa->zero[0]);
  m.y_size = y.dtype == DType::f32 ? 4 : 1;
  m.r_size = res.dtype == DType::f32 ? 4 : 1;
  m.a_row = p.a.strides[0];
  m.y_row = p.y.strides[0] * m.y_size;
  if (m.residual) m.r_row = p.along[0].strides[0] * m.r_size;
  m.w.kind = PanelKind::i8_words;
  m.w.n = n, m.w.k = k;
  for (int64_t j = 0; j < n; ++j) m.w.zero.push_back(side_of(b.dtype, qb->zero[qb->zero.size() == 1 ? 0 : static_cast<size_t>(j)]).zero);
  auto make = [&]() -> Pack {
    return pack(m.w, static_cast<const uint8_t*>(b.constant->raw()), p.b.strides[0], p.b.strides[1], side_of(b.dtype, 0).flip, r.threads);
  };
  m.w.data = r.packed(*b.constant, text("int8 rows ", n, " ", k, " ", p.b.strides[0], " ", p.b.strides[1]), m.w.bytes(), make);
  m.words = (k + 63) / 64 * 64;
  m.threads = static_cast<double>(m.rows) * static_cast<double>(n) * static_cast<double>(k) < 2e5 ? 1 : r.threads;
  Prepared out;
  out.detail = text(isa_name(), ", weights as bytes", m.computed ? " dynamic" : "");
  out.scratch_bytes = m.rows * m.words * 2;
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (!m.computed.reads(i) && r.in(static_cast<size_t>(i)).constant) out.unused_inputs.push_back(i);
  out.run = [job](const Args& args) { job->run(args); };
  return out;
}

}  // namespace

extern const Candidate int8_rows{"MatMul", "mo", "int8_rows", Wish::plain, prepare};

}  // namespace mo::kernels
