// Layout facts, and reordering there and back.
#include "plan/layout.h"

#include <doctest/doctest.h>

#include "support/plan_case.h"

using namespace mo;
using namespace mo::plan;

TEST_CASE("layout: one channel or one position is the same in both layouts") {
  CHECK(same_in_both_layouts(Shape{2, 1, 5, 5}));
  CHECK(same_in_both_layouts(Shape{2, 7, 1, 1}));
  CHECK_FALSE(same_in_both_layouts(Shape{2, 7, 1, 2}));
  CHECK(same_in_both_layouts(Shape{2, 7}));
}

TEST_CASE("layout: channels_last puts element [n, c, h, w] at [n, h, w, c], and back") {
  Shape shape{2, 19, 5, 7};
  Tensor x = test::random_tensor(shape), y = Tensor::allocate(DType::f32, shape), z = Tensor::allocate(DType::f32, shape);
  reorder(x.raw(), y.raw_mutable(), shape, 32, true, 1);
  bool right = true;
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t c = 0; c < 19; ++c)
      for (int64_t h = 0; h < 5; ++h)
        for (int64_t w = 0; w < 7; ++w) right &= y.data<float>()[((n * 5 + h) * 7 + w) * 19 + c] == x.data<float>()[((n * 19 + c) * 5 + h) * 7 + w];
  CHECK(right);
  reorder(y.raw(), z.raw_mutable(), shape, 32, false, 1);
  CHECK(identical(x, z));
}

TEST_CASE("layout: pictures of three byte planes become pixels") {
  for (int64_t width : {5, 16, 53}) {
    Shape shape{2, 3, 3, width};
    std::vector<uint8_t> x, y(static_cast<size_t>(element_count(shape))), z(y.size());
    for (size_t i = 0; i < y.size(); ++i) x.push_back(static_cast<uint8_t>(i * 37 + i / 251));
    reorder(x.data(), y.data(), shape, 8, true, 1);
    bool right = true;
    for (size_t n = 0; n < 2; ++n)
      for (size_t c = 0; c < 3; ++c)
        for (size_t i = 0; i < static_cast<size_t>(3 * width); ++i)
          right &= y[(n * 3 * static_cast<size_t>(width) + i) * 3 + c] == x[(n * 3 + c) * 3 * static_cast<size_t>(width) + i];
    CHECK(right);
    reorder(y.data(), z.data(), shape, 8, false, 1);
    CHECK(x == z);
  }
}

TEST_CASE("layout: which transposes move nothing") {
  CHECK(classify_transpose(std::vector<int64_t>{0, 1, 2}, Shape{2, 3, 4}) == Move::nothing);
  CHECK(classify_transpose(std::vector<int64_t>{1, 0, 2}, Shape{1, 3, 4}) == Move::nothing);
  CHECK(classify_transpose(std::vector<int64_t>{0, 2, 3, 1}, Shape{2, 3, 4, 5}) == Move::channels_last_to_plain);
  CHECK(classify_transpose(std::vector<int64_t>{0, 3, 1, 2}, Shape{2, 3, 4, 5}) == Move::plain_to_channels_last);
  CHECK(classify_transpose(std::vector<int64_t>{1, 0}, Shape{2, 3}) == Move::real);
}
