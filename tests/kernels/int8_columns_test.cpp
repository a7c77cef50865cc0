// Columns of 8-bit weights as rows of 16 bytes: the same numbers from every arrangement.
#include "kernels/cpu/int8_columns.h"

#include <doctest/doctest.h>

#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;
using kernels::int8::ColumnReader;
using kernels::int8::ColumnRows;
using kernels::int8::WeightView;

TEST_CASE("columns of weights become rows of 16 bytes wherever they lie, with zeros for columns that there are not") {
  const Tensor t = random_bytes(DType::i8, {70000}, 5);
  const auto* data = static_cast<const uint8_t*>(t.raw());
  struct Place {
    int64_t first, n_stride, k_stride, k, columns;
  };
  for (const Place& p : {Place{0, 1, 90, 77, 90},  // side by side
                         {3, 61, 1, 61, 40},       // one after the other
                         {0, 144, 9, 16, 24},      // windows of nine
                         {2, 1000, 50, 20, 19},    // few of many bytes
                         {0, 1, 7, 5, 7}})
    for (kernels::Isa most : {kernels::Isa::scalar, kernels::Isa::avx2}) {
      kernels::limit_isa(most);
      WeightView view{&t, p.first, p.n_stride, {}, 1, p.k};
      for (int64_t k = 0; k < p.k; ++k) view.offset.push_back(11 + k * p.k_stride);
      std::vector<uint8_t> memory;
      for (int64_t first = 0; first < p.columns; first += 16) {
        const int64_t count = std::min<int64_t>(16, p.columns - first);
        const ColumnRows rows = ColumnReader(view).read(first, count, memory);
        for (int64_t k = 0; k < p.k; ++k)
          for (int64_t c = 0; c < 16; ++c) {
            CAPTURE(k);
            CAPTURE(c);
            const int expected = c < count ? data[(p.first + first + c) * p.n_stride + 11 + k * p.k_stride] : 0;
            REQUIRE(int{rows.row(k)[c]} == expected);
          }
      }
      kernels::limit_isa(kernels::Isa::avx512_vnni);
    }
}
