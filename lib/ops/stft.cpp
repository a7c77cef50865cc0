// STFT: Fourier transforms of windowed frames of a signal [batch, length, 1 or 2].
#include "ops/compute.h"
#include "ops/fourier.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  auto step = c.known_ints(1), length = c.known_ints(3);
  Dim frame = length && length->size() == 1 ? known_dim((*length)[0]) : c.has(2) ? dim_of(c, 2, 0) : c.has(3) ? Dim() : dim_of(c, 0, 1);
  Dim signal = dim_of(c, 0, 1), frames, bins;
  bool onesided = c.node.i("onesided", 1) != 0;
  if (frame.known()) {
    require(frame.size >= 1, Code::shape, "frame of ", frame.size);
    bins = known_dim(onesided ? frame.size / 2 + 1 : frame.size);
    if (signal.known() && step && step->size() == 1) {
      require((*step)[0] >= 1 && signal.size >= frame.size, Code::shape, "frames of ", frame.size, " every ", (*step)[0], " in ", signal.size);
      frames = known_dim((signal.size - frame.size) / (*step)[0] + 1);
    }
  }
  c.set(0, c.dtype(), {dim_of(c, 0, 0), frames, bins, known_dim(2)});
}

int64_t scalar(const Run& c, size_t i) {
  require(c.in(i).size() == 1, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants a scalar");
  return c.in(i).integer();
}

void run(Run& c) {
  require(c.in(0).rank() == 3 || c.in(0).rank() == 2, Code::shape, "signal has shape ", c.in(0).shape(), ", wants [batch, length, 1 or 2]");
  Shape s = c.in(0).shape();
  if (s.size() == 2) s.push_back(1);
  require(s[2] == 1 || s[2] == 2, Code::shape, "signal has shape ", s, ", wants [batch, length, 1 or 2]");
  int64_t step = scalar(c, 1), frame = c.has(3) ? scalar(c, 3) : c.has(2) ? c.in(2).size() : s[1];
  require(step >= 1 && frame >= 1 && frame <= s[1], Code::shape, "frames of ", frame, " every ", step, " in ", s[1]);
  std::vector<double> window(static_cast<size_t>(frame), 1.0);
  if (c.has(2)) {
    require_shape(c, 2, {frame});
    window = doubles(c.in(2));
  }
  bool onesided = c.node.i("onesided", 1) != 0;
  require(!onesided || s[2] == 1, Code::shape, "a one-sided transform takes a real signal, got shape ", s);
  int64_t frames = (s[1] - frame) / step + 1, bins = onesided ? frame / 2 + 1 : frame;
  std::vector<double> x = doubles(c.in(0));
  Tensor& y = c.out(0, c.dtype(), {s[0], frames, bins, 2});
  void* dst = y.raw_mutable();
  Fourier transform(frame, false);
  std::vector<std::complex<double>> line(static_cast<size_t>(frame));
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t f = 0; f < frames; ++f) {
      for (int64_t i = 0; i < frame; ++i) {
        const double* v = x.data() + (n * s[1] + f * step + i) * s[2];
        line[static_cast<size_t>(i)] = std::complex<double>(v[0], s[2] == 2 ? v[1] : 0.0) * window[static_cast<size_t>(i)];
      }
      transform(line);
      for (int64_t k = 0; k < bins; ++k) {
        int64_t at = ((n * frames + f) * bins + k) * 2;
        store_number(c.dtype(), dst, at, line[static_cast<size_t>(k)].real());
        store_number(c.dtype(), dst, at + 1, line[static_cast<size_t>(k)].imag());
      }
    }
}

}  // namespace

extern const OpDef stft{.name = "STFT", .min_inputs = 2, .max_inputs = 4, .infer = infer, .run = run, .since = 17};

}  // namespace mo::ops
