// mo.Attention: softmax(scale · Q Kᵀ + mask) V on strided operands; docs/internal_operators.md defines it.
#include <cmath>

#include "base/checked.h"
#include "ops/attention_view.h"
#include "ops/compute.h"
#include "ops/fused.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {
constexpr const char* k_names[] = {"q_strides", "k_strides", "v_strides", "y_strides", "mask_strides"};
}

std::vector<std::pair<std::string, graph::AttrValue>> attributes(const AttentionView& view) {
  std::vector<std::pair<std::string, graph::AttrValue>> out;
  out.emplace_back("batch", view.batch);
  out.emplace_back("sizes", std::vector<int64_t>{view.rows, view.keys, view.width, view.value_width});
  out.emplace_back("offsets", std::vector<int64_t>{view.q.offset, view.k.offset, view.v.offset, view.y.offset, view.mask.offset});
  const AttentionOperand* all[] = {&view.q, &view.k, &view.v, &view.y, &view.mask};
  for (size_t i = 0; i < 5; ++i)
    if (!all[i]->strides.empty()) out.emplace_back(k_names[i], all[i]->strides);
  out.emplace_back("scale", view.scale);
  out.emplace_back("keeps", static_cast<int64_t>(view.keeps));
  out.emplace_back("fill", view.fill);
  out.emplace_back("shape", std::vector<int64_t>(view.shape.begin(), view.shape.end()));
  return out;
}

AttentionView attention_view(const Node& n) {
  AttentionView view;
  view.batch = n.ints("batch");
  std::vector<int64_t> sizes = n.ints("sizes"), offsets = n.ints("offsets");
  require(sizes.size() == 4 && offsets.size() == 5, Code::format, "mo.Attention lacks sizes or offsets");
  view.rows = sizes[0], view.keys = sizes[1], view.width = sizes[2], view.value_width = sizes[3];
  AttentionOperand* all[] = {&view.q, &view.k, &view.v, &view.y, &view.mask};
  for (size_t i = 0; i < 5; ++i) {
    all[i]->offset = offsets[i];
    all[i]->strides = n.ints(k_names[i]);
    require(all[i]->strides.size() == view.batch.size() + 2 || (i == 4 && all[i]->strides.empty()), Code::format, k_names[i], " has ",
            all[i]->strides.size(), " entries");
  }
  view.scale = n.f("scale", 1);
  view.keeps = n.i("keeps", 1) != 0;
  view.fill = n.f("fill", 0);
  std::vector<int64_t> shape = n.ints("shape");
  view.shape.assign(shape.begin(), shape.end());
  return view;
}

void check(const AttentionView& view, int64_t q_elements, int64_t k_elements, int64_t v_elements, int64_t mask_elements) {
  for (int64_t s : {view.rows, view.keys, view.width, view.value_width}) require(s >= 1, Code::shape, "mo.Attention with an empty axis");
  auto inside = [&](const char* what, const AttentionOperand& o, int64_t rows, int64_t columns, int64_t elements) {
    int64_t last = o.offset;
    for (size_t i = 0; i < o.strides.size(); ++i) {
      const int64_t size = i < view.batch.size() ? view.batch[i] : i == view.batch.size() ? rows : columns;
      require(size >= 1 && o.strides[i] >= 0, Code::shape, what, " of mo.Attention has size ", size, ", stride ", o.strides[i]);
      last = checked_add(last, checked_mul(size - 1, o.strides[i]));
    }
    require(o.offset >= 0 && last < elements, Code::shape, what, " of mo.Attention reaches element ", last, " of ", elements);
  };
  inside("Q", view.q, view.rows, view.width, q_elements);
  inside("K", view.k, view.keys, view.width, k_elements);
  inside("V", view.v, view.keys, view.value_width, v_elements);
  inside("Y", view.y, view.rows, view.value_width, element_count(view.shape));
  if (mask_elements >= 0) inside("mask", view.mask, view.rows, view.keys, mask_elements);
  int64_t written = checked_mul(view.rows, view.value_width);
  for (int64_t b : view.batch) written = checked_mul(written, b);
  require(written == element_count(view.shape), Code::shape, "mo.Attention writes ", written, " elements of ", view.shape);
}

namespace {

enum : size_t { y_scale = 4, y_zp = 5 };

void infer(Infer& c) { c.set(0, fused_dtype(c, y_scale, y_zp, c.dtype(0)), dims_of(c.node.ints("shape"))); }

void run(Run& c) {
  AttentionView view = attention_view(c.node);
  check(view, c.in(0).size(), c.in(1).size(), c.in(2).size(), c.has(3) ? c.in(3).size() : -1);
  std::vector<double> q = doubles(c.in(0)), k = doubles(c.in(1)), v = doubles(c.in(2)), mask;
  const bool boolean = c.has(3) && c.dtype(3) == DType::boolean;
  if (c.has(3)) mask = doubles(c.in(3));
  FusedOutput y(c, y_scale, y_zp, c.dtype(0), view.shape);
  std::vector<double> row(static_cast<size_t>(view.keys));
  int64_t count = 1;
  for (int64_t b : view.batch) count *= b;
  const size_t nb = view.batch.size();
  auto base = [&](const AttentionOperand& o, int64_t b) {
    int64_t at = o.offset;
    for (size_t i = nb; i-- > 0; b /= view.batch[i]) at += b % view.batch[i] * o.strides[i];
    return at;
  };
  for (int64_t b = 0; b < count; ++b) {
    const int64_t qb = base(view.q, b), kb = base(view.k, b), vb = base(view.v, b), yb = base(view.y, b), mb = c.has(3) ? base(view.mask, b) : 0;
    for (int64_t i = 0; i < view.rows; ++i) {
      double largest = -HUGE_VAL, sum = 0;
      for (int64_t j = 0; j < view.keys; ++j) {
        double s = 0;
        for (int64_t e = 0; e < view.width; ++e)
          s += q[static_cast<size_t>(qb + i * view.q.strides[nb] + e * view.q.strides[nb + 1])] *
               k[static_cast<size_t>(kb + j * view.k.strides[nb] + e * view.k.strides[nb + 1])];
        s *= static_cast<double>(view.scale);
        if (c.has(3)) {
          double x = mask[static_cast<size_t>(mb + i * view.mask.strides[nb] + j * view.mask.strides[nb + 1])];
          if (boolean) s = (x != 0) == view.keeps ? s : static_cast<double>(view.fill);
          else s = static_cast<double>(static_cast<float>(s) + static_cast<float>(x));  // as the Add rounds: a mask of -3e38 swallows the score
        }
        row[static_cast<size_t>(j)] = s;
        largest = std::max(largest, s);
      }
      for (double& s : row) sum += s = std::exp(s - largest);
      for (int64_t e = 0; e < view.value_width; ++e) {
        double total = 0;
        for (int64_t j = 0; j < view.keys; ++j)
          total += row[static_cast<size_t>(j)] * v[static_cast<size_t>(vb + j * view.v.strides[nb] + e * view.v.strides[nb + 1])];
        const int64_t at = yb + i * view.y.strides[nb] + e * view.y.strides[nb + 1];
        y.put(at, static_cast<float>(total / sum));
      }
    }
  }
}

Cost cost(const CostQuery& q) {
  AttentionView view = attention_view(q.node);
  Cost r;
  int64_t count = 1;
  for (int64_t b : view.batch) count *= b;
  r.macs = count * view.rows * view.keys * (view.width + view.value_width);
  r.flops = count * view.rows * view.keys * 4;
  return r;
}

}  // namespace

extern const OpDef mo_attention{
    .name = "Attention", .domain = "mo", .min_inputs = 3, .max_inputs = 6, .infer = infer, .run = run, .cost = cost, .since = 1};

}  // namespace mo::ops
