// fuse_attention: MatMul(softmax(f · MatMul(Q, Kᵀ) + mask), V), with the transposes, reshapes, splits and repetitions around it and with
// Where(mask, scores, fill) for the Add and a QuantizeLinear behind it  =>  mo.Attention(q, k, v, mask), which reads and writes by strides. Shapes have to be static.
#include "ops/attention_view.h"
#include "passes/pass.h"
#include "passes/quantized.h"
#include "passes/strided_view.h"

namespace mo::passes {
namespace {

struct Product {
  StridedView a, b;
  float factor = 1;
  ValueId added = k_none;  // of an epilogue "add"
};

bool static_float(const Graph& g, ValueId v) { return is_float(g, v) && g.value(v).type.is_static() && element_count(g.value(v).type.shape()) > 0; }

void swap_last(StridedView& v) { std::swap(v.axes[v.axes.size() - 1], v.axes[v.axes.size() - 2]); }

std::optional<Product> read_product(const Graph& g, NodeId id, bool back) {
  const Node& n = g.node(id);
  const bool lowered = n.is("MatMul", "mo");
  if (!lowered && !n.is("MatMul")) return std::nullopt;
  if (!static_float(g, n.input(0)) || !static_float(g, n.input(1)) || !static_float(g, n.output(0))) return std::nullopt;
  if (g.value(n.input(0)).type.rank() < 2 || g.value(n.input(1)).type.rank() < 2) return std::nullopt;
  Product p;
  p.a = back ? view_of(g, n.inputs[0], true) : dense_view(g, n.inputs[0]);
  p.b = back ? view_of(g, n.inputs[1], true) : dense_view(g, n.inputs[1]);
  if (!lowered) return p;
  for (size_t i = 2; i < n.inputs.size(); ++i)
    if (i != 3 && n.inputs[i] != k_none) return std::nullopt;
  std::vector<std::string> posts = n.strings("post");
  if (!posts.empty() && (posts.size() != 1 || posts[0] != "add")) return std::nullopt;
  if (!posts.empty()) p.added = n.input(3);
  if (std::vector<int64_t> perm = n.ints("perm_a"); !perm.empty()) permute(p.a, perm);
  if (std::vector<int64_t> perm = n.ints("perm_b"); !perm.empty()) permute(p.b, perm);
  if (n.i("trans_a", 0)) swap_last(p.a);
  if (n.i("trans_b", 0)) swap_last(p.b);
  p.factor = n.f("alpha", 1);
  return p;
}

// What lies between the softmax and the first product, read backwards.
struct Scores {
  NodeId product = k_none;
  float factor = 1;
  ValueId mask = k_none;
  bool boolean = false;  // from a Where
  bool keeps = true;     // of a boolean mask
  float fill = 0;
  std::vector<NodeId> passed;
};

std::optional<Scores> read_scores(const Graph& g, ValueId v) {
  Scores s;
  for (int depth = 0; depth < 6; ++depth) {
    if (g.use_count(v) != 1 || g.is_output(v)) return std::nullopt;
    NodeId p = g.value(v).producer;
    if (p == k_none) return std::nullopt;
    const Node& n = g.node(p);
    if (n.is("MatMul", "mo") || n.is("MatMul")) {
      s.product = p;
      return s;
    }
    if (!n.domain.empty()) return std::nullopt;
    s.passed.push_back(p);
    if (n.op == "Mul" || n.op == "Div") {
      WithScalar f;
      if (n.op == "Mul") {
        f = with_scalar(g, n).value_or(f);
      } else if (auto divisor = scalar(g, n.input(1)); divisor && g.constant_of(n.input(1))->rank() == 0) {
        f = {n.input(0), 1 / *divisor};
      }
      if (f.rest == k_none) return std::nullopt;
      s.factor *= f.value;
      v = f.rest;
    } else if (n.op == "Add" && n.inputs.size() == 2) {
      if (s.mask != k_none || s.factor != 1) return std::nullopt;  // a factor would have to reach the mask too
      size_t scores = 2;
      for (size_t i = 0; i < 2; ++i) {
        ValueId x = n.inputs[i];
        NodeId q = g.value(x).producer;
        if (q == k_none || g.use_count(x) != 1 || !same_shape(g, x, n.outputs[0])) continue;
        const std::string& op = g.node(q).op;
        if (op == "MatMul" || op == "Mul" || op == "Div") scores = scores == 2 || op == "MatMul" ? i : scores;
      }
      if (scores == 2) return std::nullopt;
      s.mask = n.inputs[1 - scores];
      v = n.inputs[scores];
    } else if (n.op == "Where") {
      if (s.mask != k_none || s.factor != 1) return std::nullopt;
      const bool keeps = scalar(g, n.input(2)).has_value();
      auto fill = scalar(g, n.input(keeps ? 2 : 1));
      if (!fill) return std::nullopt;
      s.mask = n.input(0);
      s.boolean = true;
      s.keeps = keeps;
      s.fill = *fill;
      v = n.input(keeps ? 1 : 2);
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// Where the elements of the last product's result, in its own row-major order, lie in the value that the fused node makes.
struct Result {
  NodeId last = k_none;
  std::optional<Quantized> quantized;  // one of the nodes on the way quantizes
  std::vector<Modes> axes;             // per axis of the product's result (before perm_y), strides in the final value
};

std::vector<int64_t> strides_of(std::span<const int64_t> shape) {
  std::vector<int64_t> out(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) out[i - 1] = out[i] * shape[i];
  return out;
}

// The modes' strides are positions in the product's result; in order they fill the final value densely.
std::optional<std::vector<Modes>> placed(const std::vector<Modes>& axes, std::span<const int64_t> shape) {
  Modes flat;
  for (const Modes& m : axes) flat.insert(flat.end(), m.begin(), m.end());
  std::vector<int64_t> own = strides_of(shape), final_stride(flat.size(), 1);
  for (size_t i = flat.size(); i-- > 1;) final_stride[i - 1] = final_stride[i] * flat[i].size;
  std::vector<Modes> out(shape.size());
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    int64_t next = own[axis] * shape[axis];  // outermost first: the mode that ends where the last one began
    while (next > own[axis]) {
      size_t found = flat.size();
      for (size_t i = 0; i < flat.size(); ++i)
        if (flat[i].stride * flat[i].size == next && flat[i].stride >= own[axis]) found = i;
      if (found == flat.size()) return std::nullopt;
      out[axis].push_back({flat[found].size, final_stride[found]});
      next = flat[found].stride;
    }
  }
  return out;
}

std::optional<Result> read_result(const Graph& g, NodeId product, const Shape& shape) {
  const Node& n = g.node(product);
  StridedView at;
  std::vector<int64_t> own = strides_of(shape);
  for (size_t i = 0; i < shape.size(); ++i) at.axes.push_back(shape[i] == 1 ? Modes{} : Modes{{shape[i], own[i]}});
  if (std::vector<int64_t> perm = n.ints("perm_y"); !perm.empty()) permute(at, perm);
  Result best;
  auto axes = placed(at.axes, shape);
  if (!axes) return std::nullopt;
  best = {product, std::nullopt, *axes};
  std::optional<Quantized> quantized;
  ValueId v = n.output(0);
  for (int depth = 0; depth < 4; ++depth) {
    NodeId next = g.sole_user(v);
    if (next == k_none || g.is_output(v)) break;
    const Node& m = g.node(next);
    if (!m.domain.empty() || m.input(0) != v || !g.value(m.output(0)).type.is_static()) break;
    if (m.op == "Transpose") {
      std::vector<int64_t> perm = perm_of(g, m);
      if (perm.size() != at.axes.size()) break;
      permute(at, perm);
    } else if (m.op == "Reshape" || m.op == "Squeeze" || m.op == "Unsqueeze") {
      // the modes have to stay whole: regrouping by position only
      if (!regroup(at.axes, g.value(m.output(0)).type.shape())) break;
    } else if (auto q = quantizer(g, next); q && !quantized && info(g.value(m.output(0)).type.dtype).bits == 8) {
      quantized = q;
    } else {
      break;
    }
    v = m.output(0);
    if (m.op != "Transpose" && m.op != "QuantizeLinear") continue;
    axes = placed(at.axes, shape);
    if (!axes) break;
    best = {next, quantized, *axes};
  }
  return best;
}

Modes batch_modes(const std::vector<Modes>& axes, size_t count) {
  Modes out;
  for (size_t i = 0; i < count; ++i) out.insert(out.end(), axes[i].begin(), axes[i].end());
  return out;
}

bool assemble(Graph& g, NodeId softmax, NodeId second, const Scores& s, bool back) {
  auto p = read_product(g, s.product, back), w = read_product(g, second, back);
  if (!p || !w || w->added != k_none || g.node(s.product).has("perm_y") || g.node(second).has("perm_a") || g.node(second).i("trans_a", 0))
    return false;
  if (w->factor != 1 || w->b.factor != 1) return false;  // what multiplies the values stays outside
  ValueId mask = s.mask;
  if (p->added != k_none) {
    if (mask != k_none || s.factor != 1) return false;
    mask = p->added;
  }
  const Shape scores = g.value(g.node(s.product).output(0)).type.shape();
  const size_t batch = scores.size() - 2;
  const Node& n2 = g.node(second);
  Shape shape = g.value(n2.output(0)).type.shape();
  if (std::vector<int64_t> perm = n2.ints("perm_y"); !perm.empty()) {
    Shape plain(shape.size());
    for (size_t i = 0; i < perm.size(); ++i) plain[static_cast<size_t>(perm[i])] = shape[i];
    shape = plain;
  }
  if (shape.size() != scores.size() || !std::equal(shape.begin(), shape.begin() + static_cast<ptrdiff_t>(batch) + 1, scores.begin())) return false;
  const int64_t m = scores[batch], n = scores[batch + 1], d = size_of(p->a.axes.back()), dv = shape[batch + 1];
  auto stretched = [&](StridedView& v, int64_t rows, int64_t columns) {
    Shape want(scores.begin(), scores.begin() + static_cast<ptrdiff_t>(batch));
    want.push_back(rows);
    want.push_back(columns);
    return broadcast_to(v, want);
  };
  if (!stretched(p->a, m, d) || !stretched(p->b, d, n) || !stretched(w->b, n, dv)) return false;
  StridedView masked;
  if (mask != k_none) {
    const graph::Type& t = g.value(mask).type;
    if (!t.is_static() || t.dtype != (s.boolean ? DType::boolean : DType::f32)) return false;
    masked = back && !g.constant_of(mask) ? view_of(g, mask) : dense_view(g, mask);
    if (!stretched(masked, m, n)) return false;
  }
  auto result = read_result(g, second, shape);
  if (!result) return false;

  ops::AttentionView view;
  Modes q = batch_modes(p->a.axes, batch), k = batch_modes(p->b.axes, batch), v = batch_modes(w->b.axes, batch), y = batch_modes(result->axes, batch);
  Modes x = batch_modes(masked.axes, mask != k_none ? batch : 0);
  std::vector<Modes*> lists{&q, &k, &v, &y};
  if (mask != k_none) lists.push_back(&x);
  if (!refine(lists)) return false;
  for (const Mode& mode : q) view.batch.push_back(mode.size);
  bool whole = true;
  auto strides = [&](const Modes& batches, const Modes& rows, const Modes& columns) {
    std::vector<int64_t> out;
    for (const Mode& mode : batches) out.push_back(mode.stride);
    for (const Modes* axis : {&rows, &columns}) {
      auto one = single(*axis);
      whole &= one.has_value();
      out.push_back(one ? one->stride : 0);
    }
    return out;
  };
  view.q = {p->a.offset, strides(q, p->a.axes[batch], p->a.axes[batch + 1])};
  view.k = {p->b.offset, strides(k, p->b.axes[batch + 1], p->b.axes[batch])};
  view.v = {w->b.offset, strides(v, w->b.axes[batch], w->b.axes[batch + 1])};
  view.y = {0, strides(y, result->axes[batch], result->axes[batch + 1])};
  if (mask != k_none) view.mask = {masked.offset, strides(x, masked.axes[batch], masked.axes[batch + 1])};
  if (!whole) return false;
  view.rows = m, view.keys = n, view.width = d, view.value_width = dv;
  view.scale = p->factor * s.factor * p->a.factor * p->b.factor;
  view.keeps = s.keeps;
  view.fill = s.fill;
  view.shape = g.value(g.node(result->last).output(0)).type.shape();
  std::vector<NodeId> gone = s.passed;
  for (NodeId id : {s.product, softmax, second})
    if (id != result->last) gone.push_back(id);
  std::vector<ValueId> inputs{p->a.base, p->b.base, w->b.base};
  if (mask != k_none) inputs.push_back(masked.base);
  if (result->quantized) {
    inputs.resize(4, k_none);
    inputs.push_back(result->quantized->scale);
    if (result->quantized->zero != k_none) inputs.push_back(result->quantized->zero);
  }
  become(g, result->last, "Attention", "mo", std::move(inputs), ops::attributes(view), gone);
  return true;
}

bool fuse_one(Graph& g, NodeId second) {
  const Node& n = g.node(second);
  if (!n.is("MatMul", "mo") && !n.is("MatMul")) return false;
  NodeId softmax = only(g, n.input(0), "Softmax");
  if (softmax == k_none || n.input(0) == n.input(1)) return false;
  const graph::Type& t = g.value(n.input(0)).type;
  if (!t.is_static() || t.rank() < 2) return false;
  const int64_t axis = g.node(softmax).i("axis", -1);
  if (axis != -1 && axis != t.rank() - 1) return false;
  auto s = read_scores(g, g.node(softmax).input(0));
  return s && (assemble(g, softmax, second, *s, true) || assemble(g, softmax, second, *s, false));
}

bool run_fuse_attention(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id)) changed |= fuse_one(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_attention;
const Pass fuse_attention{"fuse_attention", Stage::plan, run_fuse_attention};

}  // namespace mo::passes
