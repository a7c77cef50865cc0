// Convolution of 8-bit channels-last data by tiles of int8_gemm.h: the plan, and what its two ways of finding rows share.
#pragma once
#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {

struct Conv {
  int64_t n, h, w, c, oh, ow, m, kh, kw, sh, sw, dh, dw, top, left, groups, cg, mg;
  bool whole_rows;                  // a segment is a row of the window (neighbouring pixels lie together), else one tap
  int64_t rows, slot;               // output pixels; bytes of a copied segment
  int64_t inner_first, inner_last;  // output columns whose windows lie inside
  std::vector<Gemm> gemms;
  std::vector<uint8_t> border;  // a segment of zeros
  int64_t x_bytes, parts, units, lane_groups;
  int64_t pointers_at, copies_at, sums_at, part_bytes;
  ComputedScale computed;  // of the activations; in front of the parts' scratch lie start and scale of every group, then the border
  int64_t border_at = 0, computed_bytes = 0;
  struct Frame {  // a small input is copied into a frame of zeros first, so that no window crosses a border
    int64_t h = 0, w = 0, top = 0, left = 0, at = 0;
    bool wanted = false;
  } frame;                // the input's own sizes; h, w, top and left above are the frame's
  struct Bands {          // without VNNI: output pixels of a unit, and what of the input is copied for them
    bool pixels = false;  // one pixel of the input per output, else whole output rows
    int64_t height = 0;   // pixels, or output rows
    int64_t per_image = 0, count = 0;
    int64_t lines = 0, line = 0;  // of the frame: rows, and numbers in one
    int64_t frame_at = 0;
    int64_t unit = 1;             // bytes of a number: 2 where they are widened
    std::vector<int64_t> offset;  // of segments
  } bands;
  bool banded() const { return gemms[0].isa < Isa::avx512_vnni; }
};

// Of one run.
struct ConvState {
  Side side;
  const uint8_t* border;
  Moving moving;  // of the first group; those of others follow
};

// The lanes of one group of lanes times output pixels from `first` on, where rows.pointers, count, sums and offset are set.
void run_lanes(const Conv& c, const Args& a, const ConvState& state, int64_t group, int64_t lane_group, int64_t first, Rows rows);

// Without VNNI.
void plan_bands(Conv& c, int threads, onednn::Scratch& scratch);
void run_band(const Conv& c, const Args& a, const ConvState& state, int64_t unit, char* part);

}  // namespace mo::kernels::int8
