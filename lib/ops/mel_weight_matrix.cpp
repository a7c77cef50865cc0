// MelWeightMatrix: triangles on the mel scale, mel(f) = 2595 log10(1 + f / 700), that map dft_length / 2 + 1 bins to num_mel_bins bands.
#include <cmath>

#include "base/checked.h"
#include "ops/dispatch.h"
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  DType dtype = dtype_attribute(c.node, "output_datatype", DType::f32);
  auto bands = c.known_ints(0), length = c.known_ints(1);
  Dim rows = length && length->size() == 1 && length->at(0) >= 0 ? known_dim(length->at(0) / 2 + 1) : Dim();
  Dim columns = bands && bands->size() == 1 && bands->at(0) >= 0 ? known_dim(bands->at(0)) : Dim();
  c.set(0, dtype, {rows, columns});
}

// The bin of each edge: bands + 2 of them, evenly spaced in mel.
std::vector<int64_t> edge_bins(int64_t bands, int64_t length, int64_t rate, double low, double high) {
  auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
  double from = mel(low), step = (mel(high) - from) / static_cast<double>(bands + 2);
  std::vector<int64_t> bins;
  for (int64_t i = 0; i < bands + 2; ++i) {
    double f = 700 * (std::pow(10, (from + static_cast<double>(i) * step) / 2595) - 1);
    double bin = std::floor((static_cast<double>(length) + 1) * f / static_cast<double>(rate));
    require(bin >= 0 && bin <= static_cast<double>(length / 2), Code::invalid_argument, "a mel edge of ", f, " hertz lies outside the spectrum");
    bins.push_back(static_cast<int64_t>(bin));
  }
  return bins;
}

void run(Run& c) {
  int64_t bands = scalar_integer(c, 0), length = scalar_integer(c, 1), rate = scalar_integer(c, 2);
  double low = scalar_number(c, 3), high = scalar_number(c, 4);
  require(bands >= 0 && length >= 0 && rate > 0, Code::invalid_argument, bands, " bands, DFT of ", length, ", rate ", rate);
  require(low > -700 && high > -700, Code::invalid_argument, "edges ", low, " and ", high, " hertz");
  Tensor& y = c.out(0, dtype_attribute(c.node, "output_datatype", DType::f32), {length / 2 + 1, bands});
  std::vector<int64_t> bins = edge_bins(bands, length, rate, low, high);
  fill(y, nullptr);
  dispatch(Numbers{}, y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* dst = y.mutable_data<T>();
    auto put = [&](int64_t bin, int64_t band, double w) {
      if constexpr (is_narrow_float<T>) dst[bin * bands + band] = store<T>(w);
      else dst[bin * bands + band] = number_as<T>(w);
    };
    for (int64_t band = 0; band < bands; ++band) {
      size_t b = static_cast<size_t>(band);
      int64_t left = bins[b], top = bins[b + 1], right = bins[b + 2];
      if (top == left) put(top, band, 1);
      else
        for (int64_t k = left; k <= top; ++k) put(k, band, static_cast<double>(k - left) / static_cast<double>(top - left));
      for (int64_t k = top; k < right; ++k) put(k, band, static_cast<double>(right - k) / static_cast<double>(right - top));
    }
  });
}

}  // namespace

extern const OpDef mel_weight_matrix{
    .name = "MelWeightMatrix",
    .min_inputs = 5,
    .max_inputs = 5,
    .infer = infer,
    .run = run,
    .since = 17,
};

}  // namespace mo::ops
