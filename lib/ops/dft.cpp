// DFT: the discrete Fourier transform along one axis of real [..., 1] or complex [..., 2] data; one-sided forms for real signals.
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/fourier.h"

namespace mo::ops {
namespace {

int64_t transform_axis(int64_t axis, int64_t rank) {
  require(rank >= 2, Code::shape, "input has rank ", rank, ", wants 2 at least");
  axis = normal_axis(axis, rank);
  require(axis != rank - 1, Code::invalid_argument, "axis ", axis, " is the one of real and imaginary parts");
  return axis;
}

// Length of the transform when it is not given.
int64_t default_length(int64_t size, bool inverse, bool onesided) { return inverse && onesided ? 2 * (size - 1) : size; }

void infer(Infer& c) {
  const Type& x = c.input(0);
  bool inverse = c.node.i("inverse", 0) != 0, onesided = c.node.i("onesided", 0) != 0;
  auto axis_value = c.known_ints(2), length = c.known_ints(1);
  if (!x.ranked || (c.has(2) && (!axis_value || axis_value->size() != 1))) {
    c.set_unranked(0, x.dtype);
    return;
  }
  size_t axis = static_cast<size_t>(transform_axis(c.has(2) ? (*axis_value)[0] : -2, x.rank()));
  std::vector<Dim> dims = x.dims;
  dims.back() = known_dim(inverse && onesided ? 1 : 2);
  Dim n;
  if (length && length->size() == 1) n = known_dim((*length)[0]);
  else if (!c.has(1)) n = inverse && onesided ? (dims[axis].known() ? known_dim(default_length(dims[axis].size, true, true)) : Dim()) : dims[axis];
  require(!n.known() || n.size >= 1, Code::shape, "transform of length ", n.size);
  dims[axis] = onesided && !inverse ? (n.known() ? known_dim(n.size / 2 + 1) : Dim()) : n;
  c.set(0, x.dtype, std::move(dims));
}

int64_t scalar(const Run& c, size_t i, int64_t fallback) {
  if (!c.has(i)) return fallback;
  require(c.in(i).size() == 1, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants a scalar");
  return c.in(i).integer();
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  bool inverse = c.node.i("inverse", 0) != 0, onesided = c.node.i("onesided", 0) != 0;
  size_t axis = static_cast<size_t>(transform_axis(scalar(c, 2, -2), x.rank()));
  const Shape& in = x.shape();
  int64_t parts = in.back();
  require(parts == 1 || parts == 2, Code::shape, "input has shape ", in, ", wants [..., 1] or [..., 2]");
  require(!(onesided && !inverse) || parts == 1, Code::shape, "a one-sided transform takes real input, got shape ", in);
  int64_t size = in[axis], length = scalar(c, 1, default_length(size, inverse, onesided));
  require(length >= 1 && length <= (int64_t{1} << 31), Code::shape, "transform of length ", length);
  Shape out = in;
  out.back() = inverse && onesided ? 1 : 2;
  out[axis] = onesided && !inverse ? length / 2 + 1 : length;
  int64_t outer = checked_product(std::span(in).first(axis)), inner = checked_product(std::span(in).subspan(axis + 1)) / parts;
  std::vector<double> src = doubles(x);
  Tensor& y = c.out(0, x.dtype(), out);
  void* dst = y.raw_mutable();
  Fourier transform(length, inverse);
  std::vector<std::complex<double>> line(static_cast<size_t>(length));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      std::fill(line.begin(), line.end(), 0.0);
      for (int64_t k = 0; k < std::min(size, length); ++k) {
        const double* v = src.data() + ((o * size + k) * inner + i) * parts;
        line[static_cast<size_t>(k)] = {v[0], parts == 2 ? v[1] : 0.0};
      }
      if (inverse && onesided) {  // the missing half mirrors the given one
        for (int64_t k = length / 2 + 1; k < length; ++k) line[static_cast<size_t>(k)] = std::conj(line[static_cast<size_t>(length - k)]);
      }
      transform(line);
      for (int64_t k = 0; k < out[axis]; ++k) {
        int64_t at = ((o * out[axis] + k) * inner + i) * out.back();
        store_number(x.dtype(), dst, at, line[static_cast<size_t>(k)].real());
        if (out.back() == 2) store_number(x.dtype(), dst, at + 1, line[static_cast<size_t>(k)].imag());
      }
    }
}

}  // namespace

extern const OpDef dft{.name = "DFT", .min_inputs = 1, .max_inputs = 3, .infer = infer, .run = run, .since = 20};

}  // namespace mo::ops
