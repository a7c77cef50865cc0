// MatMulNBits candidates against the reference: rows, blocks, zero points, bias, every instruction set.
#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "kernels/cpu/simd.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

KernelCase nbits(int64_t rows, int64_t k, int64_t n, int64_t block, int zeros, bool bias, int64_t level) {
  const int64_t blocks = (k + block - 1) / block;
  KernelCase c{node("MatMulNBits", "com.microsoft", {{"K", k}, {"N", n}, {"bits", int64_t{4}}, {"block_size", block}, {"accuracy_level", level}}),
               {{random_floats({1, rows, k}, 1)},
                constant(random_bytes(DType::u8, {n, blocks, block / 2}, 2)),
                constant(random_floats({n * blocks}, 3, 0.01f, 0.1f))}};
  if (zeros == 1) c.inputs.push_back(constant(random_bytes(DType::u8, {n * ((blocks + 1) / 2)}, 4)));
  if (zeros == 2) c.inputs.push_back(constant(random_floats({n * blocks}, 4, 6, 9)));
  if (bias) {
    c.inputs.resize(5);
    c.inputs.push_back(constant(random_floats({n}, 5)));
  }
  c.tolerance = level == 4 ? 1e-2f : 1e-4f;
  return c;
}

}  // namespace

TEST_CASE("products with 4-bit weights equal the reference at every instruction set") {
  for (kernels::Isa isa : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni}) {
    kernels::limit_isa(isa);
    for (const auto& [rows, k, n, block] :
         {std::array<int64_t, 4>{1, 64, 32, 32}, {1, 100, 50, 16}, {3, 256, 17, 128}, {8, 96, 33, 32}, {15, 512, 16, 256}, {21, 40, 7, 64}})
      for (int zeros : {0, 1, 2}) {
        CAPTURE(text(kernels::isa_name(), " ", rows, " ", k, " ", n, " ", block, " ", zeros));
        for (int64_t level : {0, 4}) {
          KernelResult r = check_candidates(nbits(rows, k, n, block, zeros, zeros != 1, level));
          CHECK(r.fast());
        }
      }
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}

TEST_CASE("the largest weights and activations do not saturate") {
  for (kernels::Isa isa : {kernels::Isa::avx2, kernels::Isa::avx512_vnni}) {
    kernels::limit_isa(isa);
    for (int64_t rows : {1, 2, 4})
      for (int64_t level : {0, 4})
        for (float sign : {1.0f, -1.0f}) {
          KernelCase c = nbits(rows, 256, 16, 128, 2, false, level);
          std::memset(c.inputs[1].tensor.mutable_data<uint8_t>(), 255, static_cast<size_t>(c.inputs[1].tensor.bytes()));
          for (int64_t i = 0; i < rows * 256; ++i)
            c.inputs[0].tensor.mutable_data<float>()[i] = i % 3 == 2 ? sign * (level == 4 ? 126.0f / 127.0f : 16192.0f / 16256.0f) : sign;
          c.tolerance = 1e-3f;
          CHECK(check_candidates(c).fast());
        }
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}

TEST_CASE("activations with outliers keep their small numbers in blocks of their own") {
  KernelCase c = nbits(2, 256, 32, 32, 0, false, 0);
  c.inputs[0].tensor.mutable_data<float>()[7] = 1e4f;
  CHECK(check_candidates(c).fast());
}
