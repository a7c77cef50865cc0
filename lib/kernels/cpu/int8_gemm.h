// Products of rows of 8-bit data with packed 8-bit weights, exact in int32 on every instruction set: u8 x s8 dot products of four where VNNI exists,
// with AVX2 the same by its saturating instruction where weights leave it nothing to saturate, pairs of 16-bit products elsewhere. Rows are given by pointers and segments of k, so that a convolution needs no copy of a window.
#pragma once
#include "kernels/cpu/int8_epilogue.h"
#include "kernels/cpu/int8_groups.h"
#include "kernels/cpu/simd.h"

namespace mo::kernels::int8 {

// Where weights are found: element (n, segment, j) of the product is data[n * n_stride + offset[segment * length + j]].
struct WeightView {
  const Tensor* tensor = nullptr;
  int64_t first = 0, n_stride = 0;
  std::vector<int64_t> offset;
  int64_t segments = 1, length = 0;
  bool bytes = false;  // takes_bytes, of all products that meet the same rows
};

// One step of a kernel: everything the vector files need.
struct Tile {
  const uint8_t* const* rows;  // [segment][k_pointers]; without VNNI one per row
  const int64_t* offset;       // wide: of each segment from a row's pointer, in bytes
  int64_t segments, depth;
  const void* weights;
  const Groups* groups;  // AVX2, bytes
  const int32_t* start;
  const float *scale, *add, *after;
  const int32_t *w_zero, *sums;
  uint32_t flip;
  int count, columns;
  uint8_t* dst;
  int64_t dst_stride;
  const uint8_t* r;
  int64_t r_stride;
  const Steps* steps;
};
using TileKernel = void (*)(const Tile&);
// values: floats, with a float residual where there is one. inner_...: VNNI and AVX2 only.
enum class Finish : uint8_t { sums, values, steps, residual, inner_residual, inner_channel };
// Kernels of falling numbers of rows; the last one serves any rest. Those for AVX2 go on with the next rows.
struct TileChoice {
  int rows;
  TileKernel kernel;
};
std::optional<Finish> finish_in_registers(const Epilogue& epilogue, Isa isa);  // what a whole epilogue there is, where the tiles have it
std::vector<TileChoice> avx512_tiles(bool vnni, int registers, Finish finish);
std::vector<TileChoice> avx2_tiles(int64_t width, bool bytes, Finish finish);  // of 16 or 8 columns; rows and weights are bytes, else 16-bit numbers

// Where a kernel that finishes in registers keeps its columns: the order that unpacking bytes to 32 bits lane by lane gives. Element 4 L + i of
// register z of Z is column 4 (Z L + z) + i. AVX2 has two registers of 8 elements, or one.
constexpr int64_t column_of(int64_t registers, int64_t z, int64_t element) { return 4 * (registers * (element / 4) + z) + element % 4; }

// A block of at most 64 columns in registers of 16; of 16 or 8 columns below AVX-512.
struct Lane {
  int64_t first, count;      // columns from `first`
  int64_t registers, width;  // columns that its panel has
  int64_t at;                // in the arrays per column
  int64_t weights;           // byte offset of its panel
  std::vector<TileChoice> tiles;
  Groups groups;  // AVX2, bytes: set by place_groups
  std::vector<int32_t> placed;
};

struct Gemm {
  Isa isa = Isa::scalar;
  bool fused = false;                // the whole epilogue in registers
  bool values = false;               // floats leave the registers, the rest of the epilogue works on tiles of them
  bool direct = false;               // those floats are the result
  bool bytes = false;                // AVX2: rows are bytes, too
  int64_t segments = 1, length = 0;  // elements of a row per segment
  int64_t panel_bytes = 0;
  int64_t together = 1;  // lanes that some rows meet in turn,
  int64_t at_once = 0;   // and how many rows that is where a kernel takes more than its tile
  int64_t depth = 0;     // groups of 4 bytes that the kernel reads of each segment
  Side x;
  std::vector<Lane> lanes;
  std::shared_ptr<const void> weights;
  const int32_t* lists = nullptr;  // AVX2, bytes: of pack_groups, lane by lane
  // per column in register order; w_zero is empty where no weight has a zero point to be corrected for
  std::vector<int32_t> start, w_zero;
  std::vector<int32_t> by_zero;  // what the zero point of x, where it is not known before the run, multiplies to be added to `start`
  std::vector<float> scale, add, after;
  Epilogue epilogue;

  int64_t row_elements() const { return segments * length; }
  int64_t reach() const { return bytes ? std::max(4 * depth, k_window) : 4 * depth; }  // bytes of a segment that a kernel may read
  bool wide() const { return isa < Isa::avx512_vnni && !bytes; }                       // rows are 16-bit numbers with the zero point subtracted
};

// Rows of a chunk. VNNI: pointers[s * k_pointers + r] is segment s of row r. Else it lies at pointers[r] + offset[s], in 16 bits where wide; with AVX2
// and bytes place_groups knows that offset and bytes are flipped. Either way reach() bytes are readable. As many pointers again as a kernel takes rows are valid behind the last row.
constexpr int64_t k_chunk = 48, k_spare = 12, k_pointers = k_chunk + k_spare;
constexpr int64_t k_one_segment[] = {0};

struct Rows {
  const uint8_t* const* pointers;
  int64_t count;       // at most k_chunk with VNNI
  uint8_t* dst;        // first row, column 0
  int64_t dst_stride;  // bytes
  const uint8_t* r;    // residual likewise
  int64_t r_stride;
  const int32_t* sums;  // per row: sum of its unsigned bytes, where w_zero is not empty
  const int64_t* offset = k_one_segment;
};
// Of `rows` rows without VNNI: how many make a chunk that stays in the second-level cache.
int64_t row_chunk(const Gemm& g, int64_t rows);

// Scale and zero point of x that are computed before the node runs: inputs 4 and 5 of mo.Conv and mo.MatMul, when they are not constants.
struct ComputedScale {
  int scale_input = -1, zero_input = -1;
  DType dtype = DType::u8;
  explicit operator bool() const { return scale_input >= 0; }
  bool reads(int input) const { return *this && (input == scale_input || input == zero_input); }
  onednn::Quant unit() const;  // what the plan is made with: the run brings the rest
  void read(const Args& args, float& scale, Side& side) const;
};
ComputedScale computed_scale(const Request& r, std::string& reason);

// Of one run with a computed scale: arrays in register order, as Gemm::start and Gemm::scale, of one gemm after another.
struct Moving {
  const int32_t* start = nullptr;
  const float* scale = nullptr;
  Moving of(const Gemm& g, int64_t which) const {
    const int64_t at = which * static_cast<int64_t>(g.start.size());
    return start ? Moving{start + at, scale + at} : Moving{};
  }
};
int64_t moving_bytes(const std::vector<Gemm>& gemms);
Moving begin_moving(const std::vector<Gemm>& gemms, float x_scale, int32_t x_zero, void* memory);

// Only lanes and sizes where `view` has no tensor. `w_zero`: one, or one per column. The epilogue belongs to these columns.
Gemm make_gemm(const Request& r, const WeightView& view, std::vector<int32_t> w_zero, Side x, Epilogue epilogue);
// AVX2: weights fit bytes, and rows of bytes are worth it.
bool takes_bytes(const WeightView& view, std::span<const int32_t> w_zero, int64_t columns);
// Segments lie at these offsets from a row's pointer, from then on at this address of `g`. A single segment at the pointer has been placed already.
void place_groups(Gemm& g, std::span<const int64_t> offset);
// Lanes from .. to. `weights` other than the packed ones: panels that pack_wide made during the run.
void run_lanes(const Gemm& g, int64_t from, int64_t to, const Rows& rows, const void* weights = nullptr, const Moving& moving = {});
// Panels of wide rows from weights that are not known before; element (n, k) is data[n * n_stride + k * k_stride].
void pack_wide(const Gemm& g, const uint8_t* data, int64_t n_stride, int64_t k_stride, Side side, void* panels);

// Bytes to 16-bit numbers less their zero point.
using WidenRow = void (*)(const uint8_t* src, int16_t* dst, int64_t n, uint8_t flip, int16_t zero);
WidenRow widen_row();
void flip_row(const uint8_t* src, uint8_t* dst, int64_t n, uint8_t flip);
int32_t byte_sum(const uint8_t* src, int64_t n, uint8_t flip);

}  // namespace mo::kernels::int8
