// mo.Attention and mo.Rotary against the standard operators, whose references are checked by the node tests.
#include <doctest/doctest.h>

#include "ops/attention_view.h"
#include "ops/rotary_view.h"
#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

TEST_CASE("mo.Attention on packed heads is the standard Attention") {
  const int64_t batch = 2, heads = 3, rows = 4, keys = 5, width = 6;
  Tensor q = random_floats({batch, rows, heads * width}, 1), k = random_floats({batch, keys, heads * width}, 2),
         v = random_floats({batch, keys, heads * width}, 3), mask = random_floats({rows, keys}, 4);
  OpCase standard{node("Attention", "", {{"q_num_heads", heads}, {"kv_num_heads", heads}, {"scale", 0.4f}}), {{q}, {k}, {v}, {mask}}};
  Tensor want = check_op(standard)[0].tensor;
  ops::AttentionView view;
  view.batch = {batch, heads};
  view.rows = rows, view.keys = keys, view.width = view.value_width = width;
  view.q.strides = view.y.strides = {rows * heads * width, width, heads * width, 1};
  view.k.strides = view.v.strides = {keys * heads * width, width, heads * width, 1};
  view.mask.strides = {0, 0, keys, 1};
  view.scale = 0.4f;
  view.shape = {batch, rows, heads * width};
  check_op({node("Attention", "mo", ops::attributes(view)), {{q}, {k}, {v}, {mask}}, 1, {want}});
  view.q.offset = 1;
  CHECK(op_error({node("Attention", "mo", ops::attributes(view)), {{q}, {k}, {v}, {mask}}}).find("reaches element") != std::string::npos);
}

TEST_CASE("mo.Rotary with doubled tables is the standard RotaryEmbedding") {
  const int64_t batch = 2, heads = 3, length = 4, width = 6, half = width / 2;
  Tensor x = random_floats({batch, length, heads * width}, 1), cosine = random_floats({length, half}, 2), sine = random_floats({length, half}, 3);
  auto repeated = [&](const Tensor& t) {  // for every batch
    Tensor out = Tensor::allocate(DType::f32, {batch, length, half});
    for (int64_t i = 0; i < out.size(); ++i) out.mutable_data<float>()[i] = t.data<float>()[i % t.size()];
    return out;
  };
  auto doubled = [&](const Tensor& t) {
    Tensor out = Tensor::allocate(DType::f32, {length, width});
    for (int64_t i = 0; i < out.size(); ++i) out.mutable_data<float>()[i] = t.data<float>()[i / width * half + i % half];
    return out;
  };
  Tensor want = check_op({node("RotaryEmbedding", "", {{"num_heads", heads}}), {{x}, {repeated(cosine)}, {repeated(sine)}}})[0].tensor;
  ops::RotaryView view;
  view.outer = {batch, length, heads};
  view.width = width;
  view.x.strides = {length * heads * width, heads * width, width, 1};
  view.cosine.strides = view.sine.strides = {0, width, 0, 1};
  view.shape = {batch, length, heads * width};
  check_op({node("Rotary", "mo", ops::attributes(view)), {{x}, {doubled(cosine)}, {doubled(sine)}}, 1, {want}});
}
