// One attention as the CPU kernel runs it: units of keys and values, the query rows that meet each, tables of offsets.
#pragma once
#include <vector>

#include "kernels/cpu/attention_bf16.h"
#include "kernels/cpu/attention_tiles.h"
#include "kernels/cpu/simd_quant.h"
#include "kernels/kernel.h"

namespace mo::kernels {

struct AttentionJob {
  int64_t rows = 0, keys = 0, width = 0, value_width = 0;  // of one head
  int64_t repeat = 1;                                      // heads of queries that share one head of keys (a unit)
  // Strides within a head, in elements.
  int64_t q_row = 0, q_column = 0, k_row = 0, k_column = 0, v_row = 0, v_column = 0, y_row = 0, y_column = 0, mask_row = 0, mask_column = 0;
  std::vector<int64_t> k_at, v_at;           // per unit
  std::vector<int64_t> q_at, y_at, mask_at;  // per unit and repetition
  float scale = 1, softcap = 0;
  enum class Mask : uint8_t { none, added, kept } mask = Mask::none;
  bool keeps = true;          // of Mask::kept: true stays
  float fill = 0;             // of Mask::kept: what the others become
  int64_t covered = -1;       // keys that the mask speaks of; those behind it are hidden (-1: all)
  std::vector<int32_t> seen;  // per unit, repetition and row: keys behind this many are masked anyway; empty: unknown
  bool causal = false;
  int64_t left = -1, right = -1;  // window around the row's position
  int64_t position = 0;           // of row 0, for causal and windows
  bool by_length = false;         // lengths per batch come with each run; the last row stands at its end
  int64_t units_per_batch = 1;
  // Chosen when the job is made.
  TileProduct product = tile_product();
  PackKeys pack = pack_keys();
  SoftmaxParts soften = softmax_parts();
  MaskRow keep = kernels::mask_row();
  ScaleRow scale_by = kernels::scale_row();
  CapRow cap = cap_row();
  std::optional<PairTiles> pairs;  // products of bfloat16
  QuantizeRow quantize = nullptr;  // of an 8-bit result
  LinearQuant y_quant;
  bool zero_empty = false;  // rows that see no key become zeros; else what softmax of -infinity gives

  int64_t units() const { return static_cast<int64_t>(k_at.size()); }
};

struct AttentionData {
  const float *q, *k, *v;
  const void* mask;
  const int64_t* lengths;
  void* y;  // floats, or bytes where the job quantizes
};

int64_t attention_scratch(const AttentionJob& job, int threads);
void run_attention(const AttentionJob& job, const AttentionData& data, void* scratch, int threads);

}  // namespace mo::kernels
