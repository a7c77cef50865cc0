// LSTM, GRU and RNN candidates against the reference: directions, layouts, states, lengths, peepholes, activations, odd sizes, 8-bit weights.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "kernels/cpu/simd.h"
#include "ops/op.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

struct Sizes {
  int64_t steps, batch, inputs, hidden;
};

int64_t gates_of(const std::string& op) { return op == "LSTM" ? 4 : op == "GRU" ? 3 : 1; }

struct Recipe {
  std::string op;
  Sizes sizes;
  std::string way = "forward";
  int64_t layout = 0;
  bool bias = false, states = false, lengths = false, peepholes = false;
};

KernelCase recurrent(const Recipe& r) {
  const int64_t d = r.way == "bidirectional" ? 2 : 1, g = gates_of(r.op), h = r.sizes.hidden;
  const Sizes& s = r.sizes;
  const bool lstm = r.op == "LSTM";
  KernelCase c{node(r.op, "", {{"direction", r.way}, {"layout", r.layout}, {"hidden_size", h}}), {}, lstm ? 3 : 2};
  Shape x = r.layout ? Shape{s.batch, s.steps, s.inputs} : Shape{s.steps, s.batch, s.inputs};
  Shape state = r.layout ? Shape{s.batch, d, h} : Shape{d, s.batch, h};
  c.inputs.resize(8);
  c.inputs[0] = {random_floats(x, 1)};
  c.inputs[1] = constant(random_floats({d, g * h, s.inputs}, 2, -0.4f, 0.4f));
  c.inputs[2] = constant(random_floats({d, g * h, h}, 3, -0.3f, 0.3f));
  if (r.bias) c.inputs[3] = constant(random_floats({d, 2 * g * h}, 4));
  if (r.lengths) {
    c.inputs[4] = {Tensor::zeros(DType::i32, {s.batch})};
    for (int64_t b = 0; b < s.batch; ++b) c.inputs[4].tensor.mutable_data<int32_t>()[b] = static_cast<int32_t>((b * 5 + s.steps) % (s.steps + 1));
  }
  if (r.states) c.inputs[5] = {random_floats(state, 5)};
  if (r.states && lstm) c.inputs[6] = {random_floats(state, 6)};
  if (r.peepholes && lstm) c.inputs[7] = constant(random_floats({d, 3 * h}, 7));
  if (!lstm) c.inputs.resize(6);
  return c;
}

void all_fast(const KernelCase& c) {
  KernelResult r = check_candidates(c);
  for (const std::string& why : r.declined) MESSAGE(why);
  CHECK(r.fast());
}

// Turns W and R into 8 bits: mo.LSTM and its like.
void narrow(KernelCase& c, DType dtype, bool zeros) {
  c.node.domain = "mo";
  c.inputs.resize(12);
  for (size_t i : {1, 2}) {
    const Shape shape = c.inputs[i].tensor.shape();
    c.inputs[i] = constant(random_bytes(dtype, shape, static_cast<uint32_t>(i)));
    c.inputs[6 + 2 * i] = constant(random_floats({shape[0], shape[1]}, 30, 0.0003f, 0.001f));
    if (zeros) c.inputs[7 + 2 * i] = constant(random_bytes(dtype, {shape[0], shape[1]}, 31));
  }
}

}  // namespace

TEST_CASE("recurrent kernels equal the reference") {
  for (const char* op : {"LSTM", "GRU", "RNN"})
    for (const Sizes& s : {Sizes{1, 1, 3, 5}, Sizes{7, 1, 8, 16}, Sizes{5, 3, 17, 65}, Sizes{12, 7, 4, 33}, Sizes{3, 9, 20, 140}})
      for (const char* way : {"forward", "reverse", "bidirectional"})
        for (int64_t layout : {0, 1})
          for (bool option : {false, true}) {
            CAPTURE(op);
            CAPTURE(way);
            CAPTURE(s.hidden);
            KernelCase c = recurrent({op, s, way, layout, option, option});
            if (std::string(op) == "GRU") c.node.set("linear_before_reset", int64_t{option});
            all_fast(c);
          }
}

TEST_CASE("recurrent kernels stop at the length of each sequence") {
  for (const char* op : {"LSTM", "GRU", "RNN"})
    for (const char* way : {"forward", "reverse", "bidirectional"})
      for (int64_t layout : {0, 1}) {
        CAPTURE(op);
        CAPTURE(way);
        all_fast(recurrent({op, {6, 4, 5, 18}, way, layout, true, true, true}));
      }
}

TEST_CASE("recurrent kernels: peepholes, clipping, coupled gates, other activations") {
  KernelCase lstm = recurrent({"LSTM", {6, 2, 5, 19}, "bidirectional", 0, true, true, false, true});
  all_fast(lstm);
  lstm.node.set("clip", 0.4f);
  lstm.node.set("input_forget", int64_t{1});
  all_fast(lstm);
  lstm.node.set("activations", std::vector<std::string>{"HardSigmoid", "Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu"});
  lstm.node.set("activation_alpha", std::vector<float>{0.3f, 0.02f, 0.9f});
  lstm.node.set("activation_beta", std::vector<float>{0.4f});
  all_fast(lstm);
  for (int64_t after : {0, 1}) {
    KernelCase gru = recurrent({"GRU", {6, 2, 5, 19}, "forward", 0, true});
    gru.node.set("linear_before_reset", after);
    gru.node.set("activations", std::vector<std::string>{"HardSigmoid", "Relu"});
    gru.node.set("clip", 0.5f);
    all_fast(gru);
  }
  KernelCase rnn = recurrent({"RNN", {6, 2, 5, 19}, "forward", 0, true});
  rnn.node.set("activations", std::vector<std::string>{"Relu"});
  all_fast(rnn);
  rnn.node.set("activations", std::vector<std::string>{"Softsign"});
  CHECK(check_candidates(rnn).declined == std::vector<std::string>{"packed_recurrent: activation Softsign"});
}

TEST_CASE("recurrent kernels with 8-bit weights are as exact as 15-bit activations") {
  for (const char* op : {"LSTM", "GRU", "RNN"})
    for (const Sizes& s :
         {Sizes{1, 1, 3, 5}, Sizes{9, 1, 70, 16}, Sizes{5, 3, 17, 65}, Sizes{4, 7, 130, 33}, Sizes{2, 5, 1030, 7}, Sizes{4, 9, 20, 34}})
      for (DType dtype : {DType::i8, DType::u8})
        for (bool zeros : {false, true})
          for (kernels::Isa isa : {kernels::Isa::avx2, kernels::Isa::avx512_vnni}) {
            CAPTURE(op);
            CAPTURE(s.hidden);
            CAPTURE(zeros);
            KernelCase c = recurrent({op, s, zeros ? "bidirectional" : "forward", 0, true, true});
            narrow(c, dtype, zeros);
            for (bool rounded : {false, true}) {
              c.tolerance = rounded ? 2e-2f : 5e-4f;
              if (rounded) c.node.set("round_rows", int64_t{1});
              kernels::limit_isa(isa);
              all_fast(c);
              kernels::limit_isa(kernels::Isa::avx512_vnni);
            }
          }
}

TEST_CASE("recurrent kernels with 8-bit weights: the largest numbers of long rows stay exact") {
  for (kernels::Isa isa : {kernels::Isa::avx2, kernels::Isa::avx512_vnni})
    for (int64_t inputs : {512, 1300}) {
      KernelCase c = recurrent({"RNN", {3, 2, inputs, 5}});
      narrow(c, DType::u8, false);
      std::memset(c.inputs[1].tensor.mutable_data<uint8_t>(), 255, static_cast<size_t>(c.inputs[1].tensor.bytes()));
      for (int64_t i = 0; i < 3 * 2 * inputs; ++i) c.inputs[0].tensor.mutable_data<float>()[i] = i % 5 ? 0.003f : -0.003f;
      c.node.set("activations", std::vector<std::string>{"LeakyRelu"});  // which shows the sum as it is
      c.node.set("activation_alpha", std::vector<float>{1.0f});
      c.tolerance = 1e-5f;
      kernels::limit_isa(isa);
      all_fast(c);
      kernels::limit_isa(kernels::Isa::avx512_vnni);
    }
}

namespace {

// Numbers of 8 bits whose neighbours' products fit 16 bits, one in `rare` of them large.
KernelInput calm_bytes(DType dtype, const Shape& shape, uint32_t seed, int64_t rare) {
  Tensor t = random_bytes(dtype, shape, seed);
  const int middle = dtype == DType::u8 ? 128 : 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    const int off = static_cast<int>(t.integer(i)) - middle;
    t.set_number(i, middle + (i % rare ? off / 3 : off));
  }
  return constant(std::move(t));
}

// Floats that rounding to 8 bits with a scale per row leaves as they are: whole numbers over 127, with a largest one in each row.
KernelInput whole_rows(const Shape& shape, uint32_t seed) {
  Tensor t = random_floats(shape, seed, -127, 127);
  const int64_t k = shape.back();
  for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = (i % k ? std::nearbyint(t.data<float>()[i]) : 127) / 127;
  return {std::move(t)};
}

}  // namespace

TEST_CASE("recurrent kernels with rows and weights of 8 bits: bytes that pair give the exact sums") {
  for (const char* op : {"RNN", "GRU", "LSTM"})
    for (const Sizes& s : {Sizes{1, 2, 70, 16}, Sizes{1, 5, 257, 33}, Sizes{1, 8, 1030, 70}, Sizes{1, 13, 48, 140}})
      for (DType dtype : {DType::i8, DType::u8})
        for (int64_t rare : {7, 50})
          for (kernels::Isa isa : {kernels::Isa::avx2, kernels::Isa::avx512_vnni}) {
            CAPTURE(op);
            CAPTURE(s.inputs);
            CAPTURE(rare);
            KernelCase c = recurrent({op, s, "bidirectional", 0, true, true});
            narrow(c, dtype, dtype == DType::u8);
            const int64_t g = gates_of(op) * s.hidden;
            c.inputs[0] = whole_rows({s.steps, s.batch, s.inputs}, 40);
            c.inputs[1] = calm_bytes(dtype, {2, g, s.inputs}, 41, rare);
            c.inputs[2] = calm_bytes(dtype, {2, g, s.hidden}, 42, rare);
            if (dtype == DType::u8)
              for (size_t zero : {9, 11}) std::memset(c.inputs[zero].tensor.raw_mutable(), 128, static_cast<size_t>(c.inputs[zero].tensor.bytes()));
            c.inputs[5] = whole_rows({2, s.batch, s.hidden}, 43);
            if (std::string(op) == "GRU") c.node.set("linear_before_reset", int64_t{1});  // so that the state itself meets the weights
            c.node.set("round_rows", int64_t{1});
            c.tolerance = 2e-6f;
            kernels::limit_isa(isa);
            KernelResult r = check_candidates(c);
            if (kernels::isa() == kernels::Isa::avx2) {
              REQUIRE(r.ran.size() == 1);
              CHECK_MESSAGE(r.ran[0].find("paired 8-bit steps") != std::string::npos, r.ran[0]);
            }
            kernels::limit_isa(kernels::Isa::avx512_vnni);
          }
}
