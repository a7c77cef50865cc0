// Vectors of floats as the registers of a target hold them. GCC keeps wider ones than that in memory, and takes them apart there number by number.
#pragma once

namespace mo::kernels {

template <int n>
struct Vector;
template <>
struct Vector<4> {
  typedef float Floats __attribute__((vector_size(16), aligned(4), may_alias));
};
template <>
struct Vector<8> {
  typedef float Floats __attribute__((vector_size(32), aligned(4), may_alias));
};
template <>
struct Vector<16> {
  typedef float Floats __attribute__((vector_size(64), aligned(4), may_alias));
};

// n floats, wherever they lie: 4 for any processor, 8 with AVX2, 16 with AVX-512.
template <int n>
using Floats = typename Vector<n>::Floats;

}  // namespace mo::kernels
