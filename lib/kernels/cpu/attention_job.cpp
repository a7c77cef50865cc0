// Attention on float32: blocks of query rows against packed keys, softmax of whole rows in cache, then the values.
#include "kernels/cpu/attention_job.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/cpu/parallel.h"

namespace mo::kernels {
namespace {

constexpr int64_t k_score_floats = 48 * 1024;  // of one block: its scores stay in the second-level cache
constexpr int64_t k_value_chunk = 256;         // keys whose values meet all rows of a block before the next ones
constexpr int64_t k_row_step = 6;

int64_t up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// Of a tile of keys, the columns that are wanted: whole vectors.
int64_t tile_width(int64_t left) { return std::min(k_key_tile, up(left, 16)); }

// How the rows of a unit are cut and where a worker keeps its things.
struct Cut {
  int64_t all_rows, block, blocks, keys_padded, value_padded;
  bool pack_values;
  int64_t at_keys, at_values, at_queries, at_scores, at_result, at_sums, at_mask, at_plain, worker_bytes;

  explicit Cut(const AttentionJob& j) {
    all_rows = j.rows * j.repeat;
    keys_padded = up(j.keys, k_key_tile);
    value_padded = up(j.value_width, 16);
    const bool pairs = j.pairs.has_value();
    pack_values = pairs || j.v_column != 1 || value_padded != j.value_width;
    const int64_t most = std::clamp<int64_t>(k_score_floats / keys_padded / k_row_step * k_row_step, k_row_step, 96);
    blocks = (all_rows + most - 1) / most;
    block = up((all_rows + blocks - 1) / blocks, k_row_step);
    blocks = (all_rows + block - 1) / block;
    int64_t at = 0;
    auto take = [&](int64_t floats) {
      int64_t here = at;
      at += up(floats * 4, 64);
      return here;
    };
    at_keys = take(keys_padded * j.width);
    at_values = take(pairs ? up(j.keys, 2) / 2 * value_padded : pack_values ? j.keys * value_padded : 0);
    at_queries = take(block * j.width);
    at_scores = take(block * keys_padded);
    at_result = take(block * value_padded);
    at_sums = take(block);
    at_mask = take(keys_padded);
    at_plain = take(pairs ? std::max(k_key_tile * j.width, 2 * value_padded) : 0);
    worker_bytes = up(at, 4096);
  }
};

class Worker {
 public:
  Worker(const AttentionJob& job, const Cut& layout, const AttentionData& data, char* memory)
      : j_(job),
        l_(layout),
        d_(data),
        keys_(floats(memory, layout.at_keys)),
        values_(floats(memory, layout.at_values)),
        queries_(floats(memory, layout.at_queries)),
        scores_(floats(memory, layout.at_scores)),
        result_(floats(memory, layout.at_result)),
        sums_(floats(memory, layout.at_sums)),
        mask_(floats(memory, layout.at_mask)),
        plain_(floats(memory, layout.at_plain)) {}

  void run(int64_t from, int64_t to) {
    for (int64_t item = from; item < to; ++item) {
      const int64_t unit = item / l_.blocks, first = item % l_.blocks * l_.block;
      if (unit != unit_) load(unit);
      rows(unit, first, std::min(l_.block, l_.all_rows - first));
    }
  }

 private:
  static float* floats(char* memory, int64_t at) { return reinterpret_cast<float*>(memory + at); }

  void load(int64_t unit) {
    unit_ = unit;
    if (j_.pairs) return load_pairs(unit);
    const float* k = d_.k + j_.k_at[static_cast<size_t>(unit)];
    for (int64_t t = 0; t < j_.keys; t += k_key_tile)
      j_.pack(k + t * j_.k_row, j_.k_row, j_.k_column, keys_ + t * j_.width, std::min(k_key_tile, j_.keys - t), j_.width);
    const float* v = d_.v + j_.v_at[static_cast<size_t>(unit)];
    if (!l_.pack_values) {
      value_ = v;
      value_stride_ = j_.v_row;
      return;
    }
    for (int64_t i = 0; i < j_.keys; ++i) {
      float* to = values_ + i * l_.value_padded;
      for (int64_t e = 0; e < j_.value_width; ++e) to[e] = v[i * j_.v_row + e * j_.v_column];
      for (int64_t e = j_.value_width; e < l_.value_padded; ++e) to[e] = 0;
    }
    value_ = values_;
    value_stride_ = l_.value_padded;
  }

  static uint32_t* words(float* p) { return reinterpret_cast<uint32_t*>(p); }

  // Keys as [tile][pairs of the width][64], values as [pairs of keys][value_padded].
  void load_pairs(int64_t unit) {
    const int64_t pairs = (j_.width + 1) / 2;
    const float* k = d_.k + j_.k_at[static_cast<size_t>(unit)];
    for (int64_t t = 0; t < j_.keys; t += k_key_tile) {
      j_.pack(k + t * j_.k_row, j_.k_row, j_.k_column, plain_, std::min(k_key_tile, j_.keys - t), j_.width);
      uint32_t* to = words(keys_) + t * pairs;
      for (int64_t e = 0; e < j_.width; e += 2)
        j_.pairs->join(plain_ + e * k_key_tile, e + 1 < j_.width ? plain_ + (e + 1) * k_key_tile : nullptr, to + e / 2 * k_key_tile, k_key_tile);
    }
    const float* v = d_.v + j_.v_at[static_cast<size_t>(unit)];
    auto row = [&](int64_t i, float* spare) {
      const float* from = v + i * j_.v_row;
      if (j_.v_column == 1) return from;
      for (int64_t e = 0; e < j_.value_width; ++e) spare[e] = from[e * j_.v_column];
      return static_cast<const float*>(spare);
    };
    for (int64_t i = 0; i < j_.keys; i += 2) {
      uint32_t* to = words(values_) + i / 2 * l_.value_padded;
      j_.pairs->join(row(i, plain_), i + 1 < j_.keys ? row(i + 1, plain_ + l_.value_padded) : nullptr, to, j_.value_width);
      std::fill(to + j_.value_width, to + l_.value_padded, 0u);
    }
  }

  void multiply_pairs(int64_t count, int64_t most, bool values) {
    const int64_t pairs = (j_.width + 1) / 2;
    if (!values) {
      for (int64_t t = 0; t < most; t += k_key_tile)
        j_.pairs->product(words(queries_), j_.width, words(keys_) + t * pairs, k_key_tile, scores_ + t, l_.keys_padded, count, pairs,
                          tile_width(most - t), false);
      return;
    }
    for (int64_t r = 0; r < count; ++r) j_.pairs->narrow(scores_ + r * l_.keys_padded, 1, words(scores_ + r * l_.keys_padded), most);
    for (int64_t c = 0; c < most; c += k_value_chunk)
      j_.pairs->product(words(scores_) + c / 2, l_.keys_padded, words(values_) + c / 2 * l_.value_padded, l_.value_padded, result_, l_.value_padded,
                        count, (std::min(k_value_chunk, most - c) + 1) / 2, l_.value_padded, c > 0);
  }

  // Keys [low, high) that row i of a head may see.
  void range(int64_t unit, int64_t head, int64_t i, int64_t& low, int64_t& high) const {
    low = 0;
    high = j_.keys;
    int64_t position = j_.position + i;
    if (j_.by_length) {
      const int64_t length = std::clamp<int64_t>(d_.lengths[unit / j_.units_per_batch], 0, j_.keys);
      position = length - j_.rows + i;
      high = length;
    }
    if (j_.covered >= 0) high = std::min(high, j_.covered);
    if (j_.causal) high = std::min(high, position + 1);
    if (j_.left >= 0) low = std::max(low, position - j_.left);
    if (j_.right >= 0) high = std::min(high, position + j_.right + 1);
    if (!j_.seen.empty()) high = std::min<int64_t>(high, j_.seen[static_cast<size_t>(head * j_.rows + i)]);
    high = std::max<int64_t>(high, 0);
    low = std::min(low, high);
  }

  void rows(int64_t unit, int64_t first, int64_t count) {
    int64_t most = 0;
    for (int64_t r = 0; r < count; ++r) {
      const int64_t head = unit * j_.repeat + (first + r) / j_.rows, i = (first + r) % j_.rows;
      const float* q = d_.q + j_.q_at[static_cast<size_t>(head)] + i * j_.q_row;
      float* to = queries_ + r * j_.width;
      if (j_.pairs && j_.q_column == 1) j_.pairs->narrow(q, j_.scale, words(to), j_.width);
      else if (j_.q_column == 1) j_.scale_by(q, to, j_.width, j_.scale);
      else
        for (int64_t e = 0; e < j_.width; ++e) to[e] = q[e * j_.q_column] * j_.scale;
      if (j_.pairs && j_.q_column != 1) j_.pairs->narrow(to, 1, words(to), j_.width);
      int64_t low, high;
      range(unit, head, i, low, high);
      most = std::max(most, high);
    }
    if (j_.pairs) multiply_pairs(count, most, false);
    else
      for (int64_t t = 0; t < most; t += k_key_tile)
        j_.product(queries_, j_.width, keys_ + t * j_.width, k_key_tile, scores_ + t, l_.keys_padded, count, j_.width, tile_width(most - t), false);
    for (int64_t r = 0; r < count; ++r) soften(unit, first + r, scores_ + r * l_.keys_padded, most, sums_[r]);
    if (j_.pairs) multiply_pairs(count, most, true);
    else
      for (int64_t c = 0; c < most; c += k_value_chunk)
        j_.product(scores_ + c, l_.keys_padded, value_ + c * value_stride_, value_stride_, result_, l_.value_padded, count,
                   std::min(k_value_chunk, most - c), l_.value_padded, c > 0);
    if (most == 0) std::memset(result_, 0, static_cast<size_t>(count * l_.value_padded) * sizeof(float));
    for (int64_t r = 0; r < count; ++r) {
      const int64_t head = unit * j_.repeat + (first + r) / j_.rows, i = (first + r) % j_.rows;
      const int64_t at = j_.y_at[static_cast<size_t>(head)] + i * j_.y_row;
      float* from = result_ + r * l_.value_padded;
      const float factor = sums_[r] == 0 && j_.zero_empty ? 0.0f : 1.0f / sums_[r];
      if (j_.quantize) {
        auto* bytes = static_cast<uint8_t*>(d_.y) + at;
        j_.scale_by(from, from, j_.value_width, factor);
        if (j_.y_column == 1) j_.quantize(from, bytes, j_.value_width, j_.y_quant);
        else
          for (int64_t e = 0; e < j_.value_width; ++e) j_.quantize(from + e, bytes + e * j_.y_column, 1, j_.y_quant);
        continue;
      }
      float* y = static_cast<float*>(d_.y) + at;
      if (j_.y_column == 1) j_.scale_by(from, y, j_.value_width, factor);
      else
        for (int64_t e = 0; e < j_.value_width; ++e) y[e * j_.y_column] = from[e] * factor;
    }
  }

  // Scores of one row become weights that lack the division by `sum`; entries up to `most` are written.
  void soften(int64_t unit, int64_t row, float* s, int64_t most, float& sum) {
    const int64_t head = unit * j_.repeat + row / j_.rows, i = row % j_.rows;
    int64_t low, high;
    range(unit, head, i, low, high);
    const int64_t n = high - low;
    if (n > 0 && j_.softcap != 0) j_.cap(s + low, n, j_.softcap);
    const float* added = nullptr;
    if (n > 0 && j_.mask != AttentionJob::Mask::none) {
      const int64_t at = j_.mask_at[static_cast<size_t>(head)] + i * j_.mask_row + low * j_.mask_column;
      if (j_.mask == AttentionJob::Mask::added) added = added_row(static_cast<const float*>(d_.mask) + at, n);
      else keep(static_cast<const uint8_t*>(d_.mask) + at, s + low, n);
    }
    const int64_t padded = up(high, 16);  // whole vectors: what lies behind gets weight zero
    std::fill(s + high, s + padded, -std::numeric_limits<float>::infinity());
    sum = n > 0 ? j_.soften(s + low, added, n, padded - low, j_.zero_empty) : 0;
    std::fill(s, s + low, 0.0f);
    std::fill(s + high, s + most, 0.0f);
  }

  const float* added_row(const float* mask, int64_t n) {
    if (j_.mask_column == 1) return mask;
    for (int64_t k = 0; k < n; ++k) mask_[k] = mask[k * j_.mask_column];
    return mask_;
  }

  void keep(const uint8_t* mask, float* s, int64_t n) {
    if (j_.mask_column == 1) return j_.keep(s, mask, n, j_.keeps, j_.fill);
    for (int64_t k = 0; k < n; ++k)
      if ((mask[k * j_.mask_column] != 0) != j_.keeps) s[k] = j_.fill;
  }

  const AttentionJob& j_;
  const Cut& l_;
  const AttentionData& d_;
  float *keys_, *values_, *queries_, *scores_, *result_, *sums_, *mask_, *plain_;
  const float* value_ = nullptr;
  int64_t value_stride_ = 0, unit_ = -1;
};

int workers(const AttentionJob& job, const Cut& l, int threads) {
  return static_cast<int>(std::clamp<int64_t>(job.units() * l.blocks, 1, std::max(threads, 1)));
}

}  // namespace

int64_t attention_scratch(const AttentionJob& job, int threads) {
  Cut l(job);
  return l.worker_bytes * workers(job, l, threads);
}

void run_attention(const AttentionJob& job, const AttentionData& data, void* scratch, int threads) {
  const Cut l(job);
  const int64_t items = job.units() * l.blocks, team = workers(job, l, threads);
  parallel_for(static_cast<int>(team), team, 1, [&](int64_t from, int64_t to) {
    for (int64_t t = from; t < to; ++t)
      Worker(job, l, data, static_cast<char*>(scratch) + t * l.worker_bytes).run(items * t / team, items * (t + 1) / team);
  });
}

}  // namespace mo::kernels
