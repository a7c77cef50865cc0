// The discrete Fourier transform of one line of complex numbers, shared by DFT and STFT.
#pragma once
#include <complex>
#include <vector>

namespace mo::ops {

class Fourier {
 public:
  Fourier(int64_t size, bool inverse);  // size >= 1; the inverse divides by size
  // In place on `size` values.
  void operator()(std::vector<std::complex<double>>& x) const;

 private:
  int64_t size_;
  bool inverse_, power_of_two_;
  std::vector<std::complex<double>> roots_;  // exp(-+ 2 pi i k / size)
};

}  // namespace mo::ops
