// Weight-only and dynamic forms, node by node, through all subgraphs.
#include "quantize/rewrite.h"

#include <algorithm>

#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

class Rewriter {
 public:
  Rewriter(Graph& g, const Scheme& scheme, const Learned& learned, const std::string& format)
      : g_(g), scheme_(scheme), learned_(learned), format_(format), store_(g) {}

  Placement run() {
    for (NodeId id : std::vector<NodeId>(g_.order())) {
      inner(id);
      auto it = scheme_.nodes.find(g_.node(id).name);
      if (it == scheme_.nodes.end()) continue;
      const std::string& how = it->second.how;
      if (!how.starts_with("weight_only") && how != "dynamic" && how != "dynamic_per_token") continue;
      try {
        node(id, it->second);
      } catch (Error& e) {
        e.at(printable(g_.node(id).name), printable(g_.node(id).op));
        throw;
      }
    }
    g_.sort();
    g_.remove_dead();
    result_.weights += store_.count();
    return std::move(result_);
  }

 private:
  void inner(NodeId id) {
    for (const auto& [attribute, body] : graph::subgraphs(g_.node(id))) {
      const graph::GraphPtr* single = g_.node(id).subgraph(attribute);
      if (!single) continue;  // a list of graphs: no standard operator has one
      auto copy = std::make_shared<Graph>(*body);
      Placement done = Rewriter(*copy, scheme_, learned_, format_).run();
      if (done.weights == 0) continue;
      result_.weights += done.weights, result_.activations += done.activations;
      g_.set_subgraph(id, attribute, std::move(copy));
    }
  }

  QuantizedTensor encode(const Node& n, ValueId v, const WeightForm& form, int64_t channel_axis) const {
    auto m = learned_.find(n.name);
    try {
      return encode_tensor(*g_.constant_of(v), form, channel_axis, {}, m == learned_.end() ? nullptr : &m->second);
    } catch (Error& e) { fail(e.code(), "weights '", printable(g_.value(v).name), "': ", e.message()); }
  }

  void node(NodeId id, const NodeForm& form) {
    Node n = g_.node(id);
    if (is_recurrent(n)) return recurrent(id, n, form);
    auto place = weight_of(g_, n);
    require(place && form.weights, Code::invalid_argument, "the scheme wants its weights quantized, and it has none that are constant");
    if (role_of(n) == Role::table) return store_table(g_, store_, id, *form.weights);
    if (form.how.starts_with("weight_only")) {
      int bits = info(form.weights->dtype).bits;
      if (format_ == "matmul_nbits" && form.weights->block > 0 && is_integer(form.weights->dtype) && bits <= 8 && (n.is("MatMul") || plain_gemm(n)))
        return packed(id, n, *place, form);
      QuantizedTensor q = encode(n, n.input(place->input), *form.weights, place->axis);
      g_.set_input(id, place->input, store_.dequantized(n.input(place->input), q, *form.weights).dequantized);
      return;
    }
    if (n.is("Conv")) return dynamic_conv(id, n, *place, *form.weights);
    dynamic_product(id, n, *place, form);
  }

  static bool plain_gemm(const Node& n) { return n.is("Gemm") && !n.i("transA", 0) && n.f("alpha", 1) == 1 && n.f("beta", 1) == 1; }

  void recurrent(NodeId id, const Node& n, const NodeForm& form) {
    if (form.how == "dynamic") return dynamic_lstm(id, n, form);
    for (size_t i : {1, 2}) {
      ValueId v = n.input(i);
      const Tensor* w = g_.constant_of(v);
      if (!w || w->dtype() != DType::f32 || w->rank() != 3 || w->size() == 0) continue;
      WeightForm f = form.weights.value_or(WeightForm{});
      f.axis = f.axis >= 0 ? 1 : -1, f.block = 0, f.rounding = "nearest";
      QuantizedTensor q = encode(n, v, f, 1);
      g_.set_input(id, i, store_.dequantized(v, q, f).dequantized);
    }
  }

  // DynamicQuantizeLSTM takes W and R turned, [directions, inputs, gates], and their parameters per direction.
  void dynamic_lstm(NodeId id, const Node& n, const NodeForm& form) {
    require(has_dynamic_lstm(g_, n) && form.weights, Code::invalid_argument,
            "the scheme wants a dynamic LSTM, and its weights are computed or its layout is 1");
    WeightForm f = *form.weights;
    f.axis = f.axis >= 0 ? 1 : -1, f.block = 0, f.rounding = "nearest";
    require(is_integer(f.dtype) && info(f.dtype).bits == 8, Code::invalid_argument, "dynamic quantization wants 8-bit weights");
    Node q = n;
    q.op = "DynamicQuantizeLSTM", q.domain = "com.microsoft";
    q.inputs.resize(12, k_none);
    for (size_t i : {1, 2}) {
      const ValueId v = n.input(i);
      const std::string name = g_.value(v).name;
      const QuantizedTensor w = encode(n, v, f, 1);
      const int64_t directions = w.values.dim(0), rows = w.values.dim(1), inner = w.values.dim(2);
      Tensor turned = Tensor::allocate(w.values.dtype(), {directions, inner, rows});
      const auto* src = static_cast<const uint8_t*>(w.values.raw());
      auto* dst = static_cast<uint8_t*>(turned.raw_mutable());
      for (int64_t d = 0; d < directions; ++d)
        for (int64_t j = 0; j < rows; ++j)
          for (int64_t k = 0; k < inner; ++k) dst[(d * inner + k) * rows + j] = src[(d * rows + j) * inner + k];
      const Shape along = w.scale.size() == 1 ? Shape{directions} : Shape{directions, rows};
      auto repeated = [&](const Tensor& t) {
        Tensor all = Tensor::allocate(t.dtype(), along);
        for (int64_t e = 0; e < all.size(); ++e) all.set_number(e, t.number(e % t.size()));
        return all;
      };
      q.inputs[i] = g_.add_constant(name + "_q", turned);
      q.inputs[6 + 2 * i] = g_.add_constant(name + "_scale", repeated(w.scale));
      q.inputs[7 + 2 * i] = g_.add_constant(name + "_zp", repeated(w.zero_point));
      ++result_.weights;
    }
    g_.remove_node(id);
    g_.add_node(std::move(q));
  }

  // B [N][blocks][bytes of a block], the lowest code first in a byte; symmetric codes have their middle at half of the levels.
  struct Packed {
    ValueId weights;
    int64_t axis;
    WeightForm form;
    std::vector<ValueId> inputs;  // codes, scales, zero points if any
  };

  std::vector<ValueId> pack(const Node& n, const WeightPlace& place, const WeightForm& form) {
    bool learned = learned_.contains(n.name);  // then codes are this node's own
    for (const Packed& p : packed_)
      if (!learned && p.weights == n.input(1) && p.axis == place.axis && p.form == form) return p.inputs;
    const Tensor w = *g_.constant_of(n.input(1));
    Matrix m = rows_of(w, place.axis);
    Codes codes = learned ? learned_.at(n.name).codes() : mo::quantize::encode(m, form, {}, nullptr);
    int bits = info(form.dtype).bits;
    int offset = info(form.dtype).is_signed ? 1 << (bits - 1) : 0;
    int64_t blob = form.block * bits / 8, zero_bytes = (codes.blocks * bits + 7) / 8;
    Tensor b = Tensor::zeros(DType::u8, {m.rows, codes.blocks, blob}),
           scales = Tensor::of<float>({m.rows * codes.blocks}, std::span<const float>(codes.scale)),
           zeros = Tensor::zeros(DType::u8, {m.rows * zero_bytes});
    auto* bytes = b.mutable_data<uint8_t>();
    auto* zero = zeros.mutable_data<uint8_t>();
    auto put = [&](uint8_t* row, int64_t i, float code) {
      auto v = static_cast<uint8_t>(static_cast<int>(code) + offset);
      if (bits == 8) row[i] = v;
      else packed_set_4(row, i, v & 15);
    };
    bool any_zero = false;
    for (int64_t r = 0; r < m.rows; ++r) {
      for (int64_t c = 0; c < codes.blocks * form.block; ++c)
        put(bytes + r * codes.blocks * blob, c, c < m.cols ? codes.q.row(r)[c] : codes.zero[static_cast<size_t>(r * codes.blocks + c / form.block)]);
      for (int64_t k = 0; k < codes.blocks; ++k) {
        float z = codes.zero[static_cast<size_t>(r * codes.blocks + k)];
        put(zero + r * zero_bytes, k, z);
        any_zero |= static_cast<int>(z) + offset != 1 << (bits - 1);
      }
    }
    std::string name = g_.value(n.input(1)).name;
    std::vector<ValueId> made{g_.add_constant(name + "_q", b), g_.add_constant(name + "_scales", scales)};
    if (any_zero) made.push_back(g_.add_constant(name + "_zero_points", zeros));
    if (!learned) packed_.push_back({n.input(1), place.axis, form, made});
    ++result_.weights;
    return made;
  }

  void packed(NodeId id, const Node& n, const WeightPlace& place, const NodeForm& node_form) {
    const WeightForm& form = *node_form.weights;
    const Tensor& weights = *g_.constant_of(n.input(1));
    int64_t rows = weights.dim(place.axis), cols = weights.size() / rows;
    std::vector<ValueId> inputs = pack(n, place, form);
    inputs.insert(inputs.begin(), n.input(0));
    const Tensor* bias = n.is("Gemm") ? g_.constant_of(n.input(2)) : nullptr;
    bool bias_fits = bias && bias->size() == rows && bias->rank() >= 1;
    if (bias_fits) {
      while (inputs.size() < 5) inputs.push_back(k_none);
      inputs.push_back(bias->rank() == 1 ? n.input(2) : g_.add_constant(g_.value(n.input(2)).name + "_flat", bias->reshaped({rows})));
    }
    ValueId out = n.outputs[0];
    graph::Type type = g_.value(out).type;
    Node p;
    p.op = "MatMulNBits", p.domain = "com.microsoft", p.name = n.name, p.inputs = std::move(inputs);
    p.set("K", cols), p.set("N", rows), p.set("bits", int64_t{info(form.dtype).bits}), p.set("block_size", form.block);
    if (node_form.how == "weight_only_int8_inputs") p.set("accuracy_level", int64_t{4});
    g_.remove_node(id);
    if (n.is("Gemm") && n.input(2) != k_none && !bias_fits) {
      ValueId product = g_.add_value(g_.value(out).name + "_product", type);
      p.outputs = {product};
      g_.add_node(std::move(p));
      g_.add_node(Node{.op = "Add", .name = n.name + "_bias", .inputs = {product, n.input(2)}, .outputs = {out}});
    } else {
      p.outputs = {out};
      g_.add_node(std::move(p));
    }
  }

  struct Dynamic {
    ValueId q, scale, zero;
  };

  Dynamic per_tensor(ValueId x) {
    auto it = dynamic_.find(x);
    if (it != dynamic_.end()) return it->second;
    std::string name = g_.value(x).name;
    graph::Type type = g_.value(x).type, narrow = type;
    narrow.dtype = DType::u8;
    Dynamic d{g_.add_value(name + "_u8", narrow), g_.add_value(name + "_scale", graph::Type::tensor(DType::f32, Shape{})),
              g_.add_value(name + "_zp", graph::Type::tensor(DType::u8, Shape{}))};
    g_.add_node(Node{.op = "DynamicQuantizeLinear", .name = name + "_quantize", .inputs = {x}, .outputs = {d.q, d.scale, d.zero}});
    ++result_.activations;
    return dynamic_[x] = d;
  }

  // One range per vector along the last axis: scale = (high - low) / 255, zero = round(-low / scale), q = round(x / scale) + zero. The zero
  // points, which the operator cannot take one per row, come off afterwards.
  Dynamic per_token(ValueId x) {
    auto it = tokens_.find(x);
    if (it != tokens_.end()) return it->second;
    std::string name = g_.value(x).name;
    graph::Type type = g_.value(x).type, single = type;
    if (single.ranked && !single.dims.empty()) single.dims.back() = {1, ""};
    auto f32 = [&](const char* op, const char* suffix, std::vector<ValueId> inputs, const graph::Type& like,
                   std::vector<std::pair<std::string, graph::AttrValue>> attributes = {}) {
      return add_node(g_, op, name + suffix, std::move(inputs), DType::f32, like, std::move(attributes));
    };
    ValueId axes = constant("token_axis", Tensor::of<int64_t>({1}, {-1})), none = constant("token_none", Tensor::scalar(0.0f)),
            most = constant("token_most", Tensor::scalar(255.0f));
    ValueId high = f32("Max", "_high", {f32("ReduceMax", "_max", {x, axes}, single, {{"keepdims", int64_t{1}}}), none}, single);
    ValueId low = f32("Min", "_low", {f32("ReduceMin", "_min", {x, axes}, single, {{"keepdims", int64_t{1}}}), none}, single);
    ValueId reach = f32("Max", "_reach", {f32("Sub", "_span", {high, low}, single), constant("token_floor", Tensor::scalar(1e-30f))}, single);
    ValueId scale = f32("Mul", "_scale", {reach, constant("token_step", Tensor::scalar(1.0f / 255))}, single);
    ValueId zero = f32("Round", "_zero", {f32("Neg", "_negated", {f32("Div", "_below", {low, scale}, single)}, single)}, single);
    ValueId whole = f32("Add", "_moved", {f32("Round", "_whole", {f32("Div", "_steps", {x, scale}, type)}, type), zero}, type);
    ValueId q = add_node(g_, "Cast", name + "_u8", {f32("Clip", "_clipped", {whole, none, most}, type)}, DType::u8, type,
                         {{"to", static_cast<int64_t>(DType::u8)}});
    ++result_.activations;
    return tokens_[x] = {q, scale, zero};
  }

  ValueId constant(const std::string& name, Tensor t) {
    auto it = constants_.find(name);
    return it != constants_.end() ? it->second : constants_[name] = g_.add_constant(name, std::move(t));
  }

  void dynamic_product(NodeId id, const Node& n, const WeightPlace& place, const NodeForm& form) {
    ValueId v = n.input(1), out = n.outputs[0];
    WeightForm f = *form.weights;
    require(f.block == 0 && is_integer(f.dtype) && info(f.dtype).bits == 8, Code::invalid_argument,
            "dynamic quantization wants 8-bit weights with one scale per channel");
    if (n.is("Gemm") && n.i("transB", 0)) {  // MatMulInteger takes [K, N]
      const Tensor t = *g_.constant_of(v);
      Matrix rows{t.dim(0), t.dim(1), {t.data<float>(), t.data<float>() + t.size()}};
      Tensor turned = tensor_of(rows, {t.dim(1), t.dim(0)}, 1, DType::f32);
      v = g_.add_constant(g_.value(v).name + "_t", turned);
    }
    if (f.axis >= 0) f.axis = 1;
    QuantizedTensor q = encode(n, v, f, 1);
    Store::Entry w = store_.integers(v, q);
    bool tokens = form.how == "dynamic_per_token";
    Dynamic x = tokens ? per_token(n.input(0)) : per_tensor(n.input(0));
    std::string name = g_.value(out).name;
    graph::Type type = g_.value(out).type;
    std::vector<ValueId> inputs{x.q, w.values};
    inputs.push_back(tokens ? constant("token_zero", Tensor::zeros(DType::u8, {})) : x.zero);
    if (w.zero_point != k_none) inputs.push_back(w.zero_point);
    ValueId sum = add_node(g_, "MatMulInteger", name + "_i32", inputs, DType::i32, type);
    ValueId real = add_node(g_, "Cast", name + "_f32", {sum}, DType::f32, type, {{"to", static_cast<int64_t>(DType::f32)}});
    if (tokens) {
      std::vector<float> sums(static_cast<size_t>(q.values.dim(1)), 0.0f);
      for (int64_t i = 0; i < q.values.size(); ++i) {
        auto c = static_cast<size_t>(i % q.values.dim(1));
        sums[c] += static_cast<float>(q.values.integer(i) - q.zero_point.integer(q.zero_point.size() == 1 ? 0 : static_cast<int64_t>(c)));
      }
      ValueId by = g_.add_constant(g_.value(v).name + "_sums", Tensor::of<float>({q.values.dim(1)}, std::span<const float>(sums)));
      real = add_node(g_, "Sub", name + "_centred", {real, add_node(g_, "Mul", name + "_offset", {x.zero, by}, DType::f32, type)}, DType::f32, type);
    }
    ValueId scale = add_node(g_, "Mul", name + "_scale", {x.scale, w.scale}, DType::f32, graph::Type::tensor(DType::f32));
    bool bias = n.is("Gemm") && n.input(2) != k_none;
    Node mul{.op = "Mul", .name = n.name, .inputs = {real, scale}};
    g_.remove_node(id);
    mul.outputs = {bias ? g_.add_value(name + "_product", type) : out};
    ValueId product = mul.outputs[0];
    g_.add_node(std::move(mul));
    if (bias) g_.add_node(Node{.op = "Add", .name = n.name + "_bias", .inputs = {product, n.input(2)}, .outputs = {out}});
    (void)place;
  }

  void dynamic_conv(NodeId id, const Node& n, const WeightPlace& place, const WeightForm& form) {
    ValueId v = n.input(1), out = n.outputs[0];
    require(is_integer(form.dtype) && info(form.dtype).bits == 8, Code::invalid_argument, "dynamic quantization wants 8-bit weights");
    const Tensor w = *g_.constant_of(v);
    QuantizedTensor q = encode(n, v, form, place.axis);
    // The one type of weights that every runtime's ConvInteger takes is uint8.
    Tensor wide = Tensor::zeros(DType::u8, q.values.shape());
    int offset = info(form.dtype).is_signed ? 128 : 0;
    for (int64_t i = 0; i < wide.size(); ++i) wide.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(q.values.integer(i) + offset);
    int64_t zero = q.zero_point.size() ? q.zero_point.integer(0) : 0;
    for (int64_t i = 0; i < q.zero_point.size(); ++i)
      require(q.zero_point.integer(i) == zero, Code::invalid_argument, "a dynamic convolution wants weight_symmetric");
    std::string stem = g_.value(v).name, name = g_.value(out).name;
    Tensor zero_point = Tensor::zeros(DType::u8, {});
    zero_point.set_number(0, static_cast<double>(zero + offset));
    Shape along(static_cast<size_t>(w.rank()), 1);
    if (q.scale.size() > 1 || form.axis >= 0) along[1] = w.dim(0);
    ValueId values = g_.add_constant(stem + "_q", wide), zeros = g_.add_constant(stem + "_zp", zero_point),
            scales = g_.add_constant(stem + "_scale", q.scale.reshaped(q.scale.rank() ? along : Shape{}));
    ++result_.weights;
    Dynamic x = per_tensor(n.input(0));
    graph::Type type = g_.value(out).type;
    ValueId sum = add_node(g_, "ConvInteger", name + "_i32", {x.q, values, x.zero, zeros}, DType::i32, type);
    g_.edit(g_.value(sum).producer).attributes = n.attributes;
    ValueId real = add_node(g_, "Cast", name + "_f32", {sum}, DType::f32, type, {{"to", static_cast<int64_t>(DType::f32)}});
    ValueId scale = add_node(g_, "Mul", name + "_scale", {x.scale, scales}, DType::f32, graph::Type::tensor(DType::f32));
    const Tensor* bias = g_.constant_of(n.input(2));
    Node mul{.op = "Mul", .name = n.name, .inputs = {real, scale}};
    g_.remove_node(id);
    if (n.input(2) == k_none) {
      mul.outputs = {out};
      g_.add_node(std::move(mul));
      return;
    }
    ValueId product = g_.add_value(name + "_product", type);
    mul.outputs = {product};
    g_.add_node(std::move(mul));
    Shape wide_shape(static_cast<size_t>(w.rank()), 1);
    wide_shape[1] = w.dim(0);
    ValueId b =
        bias ? g_.add_constant(g_.value(n.input(2)).name + "_wide", bias->reshaped(wide_shape))
             : add_node(g_, "Reshape", name + "_bias_wide",
                        {n.input(2), g_.add_constant(name + "_bias_shape", Tensor::of<int64_t>({w.rank()}, std::span<const int64_t>(wide_shape)))},
                        DType::f32, graph::Type::tensor(DType::f32, wide_shape));
    g_.add_node(Node{.op = "Add", .name = n.name + "_bias", .inputs = {product, b}, .outputs = {out}});
  }

  Graph& g_;
  const Scheme& scheme_;
  const Learned& learned_;
  const std::string& format_;
  Store store_;
  std::map<ValueId, Dynamic> dynamic_, tokens_;
  std::map<std::string, ValueId> constants_;
  std::vector<Packed> packed_;
  Placement result_;
};

}  // namespace

Placement rewrite(Graph& g, const Scheme& scheme, const Learned& learned, const std::string& format) {
  return Rewriter(g, scheme, learned, format).run();
}

}  // namespace mo::quantize
