// Graphs drawn from a blueprint are those that the passes make, and sessions whose inputs grow give what fresh ones give.
#include "plan/blueprint.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "ops/interpret.h"
#include "passes/pass.h"
#include "plan/refine.h"
#include "support/plan_case.h"

using namespace mo;
using graph::Graph;
using graph::k_none;
using graph::Type;
using test::check_session;
using test::random_tensor;

namespace {

void set_constant(Graph& g, const char* name, Tensor t) {
  graph::Value& v = g.value(g.find_value(name));
  v.type = Type::tensor(t.dtype(), t.shape());
  v.constant = std::move(t);
}

// Two layers' worth of a decoder with a cache: rotary embeddings, grouped heads, a causal mask, all sizes found by Shape. `product` writes y = x · w of 8 × 8.
Graph decoder(const char* kind) {
  const std::string k = kind;
  auto product = [&](const std::string& y, const std::string& x, const std::string& w) -> std::string {
    if (k == "int4") return y + " = com.microsoft.MatMulNBits<K=16, N=16, bits=4, block_size=16>(" + x + ", " + w + "_q, " + w + "_s); ";
    if (k == "int8")
      return y + "_q = QuantizeLinear(" + x + ", xs, xz); " + y + "_d = DequantizeLinear(" + y + "_q, xs, xz); " + y + "_w = DequantizeLinear(" + w +
             "_q, ws, wz); " + y + " = MatMul(" + y + "_d, " + y + "_w); ";
    return y + " = MatMul(" + x + ", " + w + "); ";
  };
  std::string text = "(int64[N, S] tokens, float32[N, 1, P, 8] past_k, float32[N, 1, P, 8] past_v) -> (y, present_k, present_v) { ";
  for (const char* w : {"wq", "wk", "wv", "wo"}) {
    if (k == "fp32") text += std::string(w) + " = const float32[1] {0}; ";
    if (k == "int8") text += std::string(w) + "_q = const int8[1] {0}; ";
    if (k == "int4") text += std::string(w) + "_q = const uint8[1] {0}; " + w + "_s = const float32[1] {0}; ";
  }
  text +=
      "xs = const float32[] {0.03}; xz = const uint8[] {128}; ws = const float32[] {0.01}; wz = const int8[] {0}; table = const float32[1] {0}; "
      "freq = const float32[1, 4] {1, 0.3, 0.1, 0.03}; "
      "zero = const int64[] {0}; one = const int64[] {1}; two = const int64[] {2}; a0 = const int64[1] {0}; a1 = const int64[1] {1}; a2 = const "
      "int64[1] {2}; "
      "a3 = const int64[1] {3}; d4 = const int64[1] {4}; d8 = const int64[1] {8}; d16 = const int64[1] {16}; low = const float32[] {-1e30}; none = "
      "const float32[] {0}; "
      "root = const float32[] {2.8284271}; "
      "sh = Shape(tokens); n = Gather(sh, zero); s = Gather(sh, one); n1 = Unsqueeze(n, a0); s1 = Unsqueeze(s, a0); "
      "ph = Shape(past_k); p = Gather(ph, two); total = Add(p, s); t1 = Unsqueeze(total, a0); "
      "pos = Range(p, total, one); rows = Unsqueeze(pos, a1); cols0 = Range(zero, total, one); cols = Unsqueeze(cols0, a0); "
      "later = Greater(cols, rows); mask = Where(later, low, none); "
      "rf = Cast<to=1>(rows); half = Mul(rf, freq); angle = Concat<axis=-1>(half, half); cos = Cos(angle); sin = Sin(angle); "
      "x = Gather(table, tokens); " +
      product("q", "x", "wq") + product("kk", "x", "wk") + product("vv", "x", "wv") +
      "sq = Concat<axis=0>(n1, s1, a2, d8); q4 = Reshape(q, sq); qt = Transpose<perm=[0, 2, 1, 3]>(q4); "
      "k4a = Reshape(kk, sq); kta = Transpose<perm=[0, 2, 1, 3]>(k4a); kt = Slice(kta, a0, a1, a1); "
      "v4a = Reshape(vv, sq); vta = Transpose<perm=[0, 2, 1, 3]>(v4a); vt = Slice(vta, a0, a1, a1); ";
  for (const std::string v : {"q", "k"})
    text += v + "l = Slice(" + v + "t, a0, d4, a3); " + v + "h = Slice(" + v + "t, d4, d8, a3); " + v + "n = Neg(" + v + "h); " + v +
            "c = Concat<axis=-1>(" + v + "n, " + v + "l); " + v + "x = Mul(" + v + "t, cos); " + v + "y = Mul(" + v + "c, sin); " + v + "r = Add(" +
            v + "x, " + v + "y); ";
  text +=
      "present_k = Concat<axis=2>(past_k, kr); present_v = Concat<axis=2>(past_v, vt); wide = Concat<axis=0>(n1, a1, a2, t1, d8); "
      "heads = Concat<axis=0>(n1, a2, t1, d8); "
      "ku = Unsqueeze(present_k, a2); ke = Expand(ku, wide); kw = Reshape(ke, heads); vu = Unsqueeze(present_v, a2); ve = Expand(vu, wide); vw = "
      "Reshape(ve, heads); "
      "kT = Transpose<perm=[0, 1, 3, 2]>(kw); sc = MatMul(qr, kT); sd = Div(sc, root); sm = Add(sd, mask); pr = Softmax<axis=-1>(sm); o = MatMul(pr, "
      "vw); "
      "ot = Transpose<perm=[0, 2, 1, 3]>(o); so = Concat<axis=0>(n1, s1, d16); om = Reshape(ot, so); " +
      product("z", "om", "wo") + "y = Add(z, x); }";
  Graph g = graph::parse(text);
  set_constant(g, "table", random_tensor({32, 16}, 3));
  uint64_t seed = 10;
  for (std::string w : {"wq", "wk", "wv", "wo"}) {
    if (k == "fp32") set_constant(g, w.c_str(), random_tensor({16, 16}, ++seed));
    auto bytes = [&](DType dtype, Shape shape) {
      Tensor t = Tensor::allocate(dtype, std::move(shape));
      Tensor r = random_tensor({t.size()}, ++seed);
      for (int64_t i = 0; i < t.size(); ++i) t.set_number(i, static_cast<double>(static_cast<int64_t>(60 * r.number(i)) & 127));
      return t;
    };
    if (k == "int8") set_constant(g, (w + "_q").c_str(), bytes(DType::i8, {16, 16}));
    if (k == "int4")
      set_constant(g, (w + "_q").c_str(), bytes(DType::u8, {16, 1, 8})), set_constant(g, (w + "_s").c_str(), random_tensor({16}, ++seed));
  }
  return g;
}

std::vector<Datum> decoder_inputs(int64_t n, int64_t s, int64_t p) {
  Tensor tokens = Tensor::allocate(DType::i64, {n, s});
  for (int64_t i = 0; i < tokens.size(); ++i) tokens.set_number(i, static_cast<double>((7 * i + p) % 32));
  return {tokens, random_tensor({n, 1, p, 8}, static_cast<uint64_t>(p + 1)), random_tensor({n, 1, p, 8}, static_cast<uint64_t>(p + 99))};
}

// Sessions that make one plan only take no blueprint.
std::vector<Datum> fresh(const Graph& g, const std::vector<Datum>& inputs) {
  runtime::SessionOptions options;
  options.release_weights = true;
  return runtime::Session(g, options).run(inputs);
}

bool same(const std::vector<Datum>& a, const std::vector<Datum>& b) {
  bool all = a.size() == b.size();
  for (size_t k = 0; all && k < a.size(); ++k) all = identical(a[k].tensor, b[k].tensor);
  return all;
}

Graph optimized(Graph g) {
  plan::optimize(g, {});
  return g;
}

std::vector<Type> types_of(const std::vector<Datum>& inputs) {
  std::vector<Type> out;
  for (const Datum& d : inputs) out.push_back(Type::tensor(d.tensor.dtype(), d.tensor.shape()));
  return out;
}

std::vector<Type> declared(const Graph& g) {
  std::vector<Type> out;
  for (graph::ValueId v : g.inputs) out.push_back(g.value(v).type);
  return out;
}

std::unique_ptr<plan::Blueprint> blueprint(const Graph& g, const std::vector<Type>& types, const plan::Options& options) {
  auto sizes = plan::open_sizes(declared(g), types);
  REQUIRE(sizes);
  return plan::Blueprint::make(g, g.outputs.size(), *sizes, options);
}

// Nodes with operators, attributes and types, those that compute constants left out.
std::string summary(const Graph& g) {
  std::vector<std::string> lines;
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    if (g.value(n.outputs[0]).is_constant()) continue;
    std::string line = n.domain + "." + n.op;
    for (const auto& [name, attribute] : n.attributes)
      if (const auto* list = std::get_if<std::vector<int64_t>>(&attribute)) line += text(" ", name, std::span<const int64_t>(*list));
    for (graph::ValueId v : n.inputs) line += v == k_none ? " _" : " " + graph::describe(g.value(v).type) + (g.constant_of(v) ? " constant" : "");
    lines.push_back(line + " -> " + g.value(n.outputs[0]).name);
  }
  std::sort(lines.begin(), lines.end());
  return join(lines, "\n");
}

}  // namespace

TEST_CASE("blueprint: drawn for a size, the graph is the one that the passes make") {
  const plan::Options options;
  for (const char* kind : {"fp32", "int8", "int4"}) {
    CAPTURE(kind);
    const Graph g = optimized(decoder(kind));
    auto made = blueprint(g, types_of(decoder_inputs(1, 1, 5)), options);
    REQUIRE(made);
    for (int64_t p : {5, 6, 37, 2, 100, 5}) {
      CAPTURE(p);
      const std::vector<Type> types = types_of(decoder_inputs(1, 1, p));
      const Graph* drawing = made->draw(types);
      REQUIRE(drawing);
      Graph want = g;
      for (size_t k = 0; k < types.size(); ++k) want.value(want.inputs[k]).type = types[k];
      plan::refine(want, true, options);
      CHECK(summary(*drawing) == summary(want));
      CHECK(summary(want).find("mo.Attention") != std::string::npos);
    }
  }
}

TEST_CASE("blueprint: what did not change keeps its stamp, and a size that does not fit leaves it whole") {
  const Graph g = optimized(decoder("fp32"));
  auto made = blueprint(g, types_of(decoder_inputs(1, 1, 5)), {});
  REQUIRE(made);
  REQUIRE(made->draw(types_of(decoder_inputs(1, 1, 5))));
  std::vector<uint64_t> before;
  for (graph::NodeId id : made->graph().order()) before.push_back(made->stamp(id));
  REQUIRE(made->draw(types_of(decoder_inputs(1, 1, 6))));
  int kept = 0, renewed = 0;
  for (size_t i = 0; i < before.size(); ++i) (made->stamp(made->graph().order()[i]) == before[i] ? kept : renewed) += 1;
  CHECK(kept > 0);
  CHECK(renewed > 0);
  std::vector<Type> wrong = types_of(decoder_inputs(1, 1, 7));
  wrong[2] = Type::tensor(DType::f32, Shape{1, 1, 9, 8});
  CHECK(made->draw(wrong) == nullptr);
  CHECK(made->draw(types_of(decoder_inputs(1, 1, 6))) != nullptr);
}

TEST_CASE("blueprint: sizes of one and none are others, sums of symbols follow their terms") {
  const std::vector<Type> open{graph::parse("(float32[N, P, 4] x) -> (x) { }").value(0).type};
  auto key = [&](Shape shape) {
    auto sizes = plan::open_sizes(open, std::vector<Type>{Type::tensor(DType::f32, shape)});
    return sizes ? sizes->key : std::vector<int64_t>{};
  };
  CHECK(key({1, 5, 4}) == key({1, 9, 4}));
  CHECK(key({1, 5, 4}) != key({2, 5, 4}));
  CHECK(key({2, 0, 4}) != key({2, 3, 4}));
  CHECK(key({1, 1, 4}).empty());
  Graph g = graph::parse("(float32[P] a, float32[S] b) -> (y) { y = Concat<axis=0>(a, b); }");
  std::vector<Type> three = declared(g);
  three.push_back(three[0]);
  three[2].dims[0].symbol = "P + S";
  const std::vector<Type> given{Type::tensor(DType::f32, Shape{3}), Type::tensor(DType::f32, Shape{1}), Type::tensor(DType::f32, Shape{4})};
  auto sizes = plan::open_sizes(three, given);
  REQUIRE(sizes);
  CHECK(sizes->sized[2].dims[0].size == sizes->sized[0].dims[0].size + 1);
  CHECK(!sizes->open[0].dims[0].known());
  CHECK(sizes->open[1].dims[0].size == 1);
  three[0].dims[0].symbol = "past_length", three[1].dims[0].symbol = "length", three[2].dims[0].symbol = "total_length";
  auto named = plan::open_sizes(three, given);
  REQUIRE(named);
  CHECK(named->sized[2].dims[0].size == named->sized[0].dims[0].size + 1);
  three[1].dims[0].symbol = "other";
  auto lone = plan::open_sizes(three, given);
  REQUIRE(lone);
  CHECK(lone->sized[2].dims[0].size != lone->sized[0].dims[0].size + 1);
}

TEST_CASE("blueprint: a session whose cache grows gives what a fresh one gives at every length") {
  for (const char* kind : {"fp32", "int8", "int4"}) {
    CAPTURE(kind);
    const Graph g = decoder(kind);
    runtime::Session session(g);
    std::vector<Datum> in = decoder_inputs(1, 1, 3);
    for (int step = 0; step < 24; ++step) {
      CAPTURE(step);
      std::vector<Datum> got = session.run(in);
      CHECK(same(got, fresh(g, in)));
      CHECK(test::near(got[0].tensor, ops::interpret(g, in)[0].tensor, {kind == std::string("fp32") ? 1e-3 : 0.2, 1e-2}));
      in[0].tensor.set_number(0, step);
      in[1] = got[1], in[2] = got[2];
    }
    for (auto [n, s, p] : {std::array<int64_t, 3>{1, 4, 0}, {1, 5, 7}, {2, 1, 6}, {3, 2, 1}, {1, 1, 1}, {2, 6, 6}, {1, 7, 5}}) {
      std::vector<Datum> other = decoder_inputs(n, s, p);
      CHECK(same(session.run(other), fresh(g, other)));
    }
  }
}

TEST_CASE("blueprint: pictures of any size and batch") {
  Graph g = graph::parse(
      "(float32[n, 3, h, w] x) -> (y, z) { k = const float32[1] {0}; v = const float32[1] {0}; f = const float32[1] {0}; a = "
      "Conv<auto_pad=\"SAME_UPPER\", strides=[2, "
      "2]>(x, k); b = Relu(a); c = Conv<pads=[1, 1, 1, 1]>(b, v); d = Add(c, b); m = MaxPool<kernel_shape=[2, 2], strides=[2, 2]>(d); s = Shape(m); "
      "z0 = const int64[1] "
      "{0}; i0 = const int64[] {0}; n0 = Gather(s, i0); n1 = Unsqueeze(n0, z0); minus = const int64[1] {-1}; four = const int64[1] {4}; t = "
      "Concat<axis=0>(n1, four, minus); "
      "r = Reshape(m, t); q = Transpose<perm=[0, 2, 1]>(r); y = MatMul(q, f); z = GlobalAveragePool(d); }");
  set_constant(g, "k", random_tensor({4, 3, 3, 3}, 2));
  set_constant(g, "v", random_tensor({4, 4, 3, 3}, 3));
  set_constant(g, "f", random_tensor({4, 6}, 4));
  runtime::Session session(g);
  for (Shape shape : {Shape{1, 3, 9, 9}, Shape{1, 3, 10, 12}, Shape{2, 3, 10, 12}, Shape{5, 3, 37, 41}, Shape{1, 3, 16, 7}, Shape{1, 3, 10, 12}}) {
    CAPTURE(shape[2]);
    const std::vector<Datum> in{random_tensor(shape, static_cast<uint64_t>(shape[3]))};
    CHECK(same(session.run(in), fresh(g, in)));
    check_session(g, in, {1e-4, 1e-4});
  }
}

TEST_CASE("blueprint: a size at which a node does nothing, and one at which operands suddenly fit") {
  Graph g = graph::parse(
      "(float32[n, 4] x, float32[m, 4] b) -> (y, z) { four = const int64[2] {-1, 4}; sh = Shape(x); e = Expand(x, sh); t = Reshape(e, four); u = "
      "Relu(t); y = Neg(u); "
      "w = const float32[4, 4] {1, 0, 2, 0, 0, 1, 0, 3, 4, 0, 1, 0, 0, 5, 0, 1}; p = MatMul(u, w); ax = const int64[1] {0}; bm = "
      "ReduceMean<keepdims=1>(b, ax); z = Add(p, bm); }");
  runtime::Session session(g);
  for (auto [n, m] : {std::array<int64_t, 2>{2, 2}, {4, 3}, {3, 4}, {4, 4}, {2, 1}, {1, 2}, {7, 2}}) {
    const std::vector<Datum> in{random_tensor({n, 4}, 5), random_tensor({m, 4}, 6)};
    CHECK(same(session.run(in), fresh(g, in)));
    check_session(g, in);
  }
}

TEST_CASE("blueprint: observed values are seen at every size") {
  const Graph g = decoder("fp32");
  runtime::SessionOptions options;
  options.observed = {"sm", "present_k"};
  runtime::Session session(g, options);
  for (int64_t p : {3, 4, 9}) {
    std::vector<std::string> seen;
    runtime::RunOptions run;
    run.on_value = [&](const std::string& name, const Tensor& t) { seen.push_back(name + " " + describe(t)); };
    session.run(decoder_inputs(1, 1, p), run);
    std::sort(seen.begin(), seen.end());
    CHECK(seen == std::vector<std::string>{text("present_k float32[1, 1, ", p + 1, ", 8]"), text("sm float32[1, 2, 1, ", p + 1, "]")});
  }
}

TEST_CASE("blueprint: threads of one session grow at their own pace, and plans go as others come") {
  const Graph g = decoder("int4");
  runtime::SessionOptions options;
  options.max_plans = 3;
  runtime::Session session(g, options);
  std::vector<std::vector<Datum>> want;
  for (int64_t p = 2; p < 14; ++p) want.push_back(fresh(g, decoder_inputs(1, 1, p)));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 48; ++i) {
        const int64_t at = (i + 2 * t) % 12;
        wrong += !same(session.run(decoder_inputs(1, 1, 2 + at)), want[static_cast<size_t>(at)]);
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(session.memory().plans <= 3);
}
