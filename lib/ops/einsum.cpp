// Einsum: sums of products over the labels of an equation such as "bij,bjk->bik"; an ellipsis stands for broadcast axes.
#include <algorithm>

#include "base/checked.h"
#include "ops/movement.h"
#include "ops/reduce.h"

namespace mo::ops {

namespace {

constexpr int k_letters = 128;  // labels of ellipsis axes lie above the letters

struct Equation {
  std::vector<std::vector<int>> terms;  // labels of each operand's axes; k_letters + i for the i-th ellipsis axis from the right
  std::vector<int> result;
};

bool is_letter(char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }

// Labels of a term; -1 marks the ellipsis.
std::vector<int> labels_of(std::string_view term) {
  std::vector<int> out;
  for (size_t i = 0; i < term.size(); ++i) {
    if (is_letter(term[i])) {
      out.push_back(term[i]);
    } else {
      require(term.substr(i, 3) == "..." && std::find(out.begin(), out.end(), -1) == out.end(), Code::format, "einsum term ", printable(term));
      out.push_back(-1);
      i += 2;
    }
  }
  return out;
}

std::vector<int> expand_ellipsis(const std::vector<int>& labels, int64_t axes) {
  std::vector<int> out;
  for (int label : labels) {
    if (label >= 0) out.push_back(label);
    else
      for (int64_t i = axes; i-- > 0;) out.push_back(k_letters + static_cast<int>(i));
  }
  return out;
}

Equation parse_equation(const Node& n, std::span<const int64_t> ranks) {
  std::string text = n.s("equation", "");
  std::erase(text, ' ');
  size_t arrow = text.find("->");
  std::vector<std::string> left = split(std::string_view(text).substr(0, arrow), ',');
  require(left.size() == ranks.size(), Code::format, "einsum of ", left.size(), " terms with ", ranks.size(), " inputs");
  Equation e;
  int64_t widest = 0;
  std::vector<std::vector<int>> raw;
  for (size_t k = 0; k < left.size(); ++k) {
    raw.push_back(labels_of(left[k]));
    bool open = std::find(raw[k].begin(), raw[k].end(), -1) != raw[k].end();
    int64_t rest = ranks[k] - static_cast<int64_t>(raw[k].size()) + open;
    require(open ? rest >= 0 : rest == 0, Code::shape, "einsum term ", printable(left[k]), " for an input of rank ", ranks[k]);
    e.terms.push_back(expand_ellipsis(raw[k], rest));
    widest = std::max(widest, rest);
  }
  if (arrow != std::string::npos) {
    std::vector<int> right = labels_of(std::string_view(text).substr(arrow + 2));
    e.result = expand_ellipsis(right, widest);
  } else {
    e.result = expand_ellipsis({-1}, widest);
    for (int letter = 'A'; letter <= 'z'; ++letter) {
      int64_t uses = 0;
      for (const auto& term : e.terms) uses += std::count(term.begin(), term.end(), letter);
      if (uses == 1) e.result.push_back(letter);
    }
  }
  for (size_t i = 0; i < e.result.size(); ++i) {
    int label = e.result[i];
    require(std::count(e.result.begin(), e.result.end(), label) == 1, Code::format, "einsum result names a label twice");
    bool known = label >= k_letters ||
                 std::any_of(e.terms.begin(), e.terms.end(), [&](const auto& t) { return std::find(t.begin(), t.end(), label) != t.end(); });
    require(known, Code::format, "einsum result names an unknown label");
  }
  return e;
}

void infer(Infer& c) {
  std::vector<int64_t> ranks;
  for (size_t i = 0; i < c.inputs(); ++i) {
    if (!c.input(i).ranked) return c.set_unranked(0, c.dtype(0));
    ranks.push_back(c.rank(i));
  }
  Equation e = parse_equation(c.node, ranks);
  std::vector<Dim> dims(e.result.size());
  for (size_t k = 0; k < e.terms.size(); ++k)
    for (size_t i = 0; i < e.terms[k].size(); ++i)
      for (size_t r = 0; r < e.result.size(); ++r) {
        if (e.result[r] != e.terms[k][i]) continue;
        const Dim& d = c.input(k).dims[i];
        if (d.known() ? d.size != 1 || dims[r] == Dim() : dims[r] == Dim()) dims[r] = d;
      }
  // A size of 1 seen beside an unknown one says nothing.
  for (size_t r = 0; r < dims.size(); ++r)
    for (size_t k = 0; k < e.terms.size() && dims[r].known() && dims[r].size == 1; ++k)
      for (size_t i = 0; i < e.terms[k].size(); ++i)
        if (e.terms[k][i] == e.result[r] && !c.input(k).dims[i].known()) dims[r] = Dim();
  c.set(0, c.dtype(0), std::move(dims));
}

struct Loops {
  std::vector<int64_t> extents;               // of the result's labels, then of the summed ones
  std::vector<std::vector<int64_t>> strides;  // [operand][loop]
  size_t outer = 0;                           // loops that belong to the result
};

Loops make_loops(const Run& c, const Equation& e) {
  std::vector<int> order = e.result;
  for (const auto& term : e.terms)
    for (int label : term)
      if (std::find(order.begin(), order.end(), label) == order.end()) order.push_back(label);
  Loops l;
  l.outer = e.result.size();
  l.extents.assign(order.size(), 1);
  for (size_t k = 0; k < e.terms.size(); ++k) {
    const Shape& shape = c.in(k).shape();
    std::vector<int64_t> own = strides_of(shape), strides(order.size(), 0);
    for (size_t i = 0; i < shape.size(); ++i) {
      size_t loop = static_cast<size_t>(std::find(order.begin(), order.end(), e.terms[k][i]) - order.begin());
      int64_t& extent = l.extents[loop];
      require(shape[i] == extent || shape[i] == 1 || extent == 1, Code::shape, "einsum label is ", extent, " and ", shape[i]);
      if (shape[i] != 1) {
        extent = shape[i];
        strides[loop] += own[i];
      }
    }
    l.strides.push_back(std::move(strides));
  }
  return l;
}

// Sum over the loops from `loop` on; offsets are those of the enclosing index.
template <class T>
Sum<T> sum_products(const Loops& l, const std::vector<const T*>& data, std::vector<int64_t>& at, size_t loop) {
  size_t operands = data.size();
  if (loop == l.extents.size()) {
    Sum<T> p = static_cast<Sum<T>>(load(data[0][at[0]]));
    for (size_t k = 1; k < operands; ++k) p *= static_cast<Sum<T>>(load(data[k][at[k]]));
    return p;
  }
  Sum<T> sum = 0;
  int64_t n = l.extents[loop];
  if (loop + 1 == l.extents.size() && operands == 2) {
    const T *a = data[0] + at[0], *b = data[1] + at[1];
    int64_t sa = l.strides[0][loop], sb = l.strides[1][loop];
    for (int64_t i = 0; i < n; ++i) sum += static_cast<Sum<T>>(load(a[i * sa])) * static_cast<Sum<T>>(load(b[i * sb]));
    return sum;
  }
  for (int64_t i = 0; i < n; ++i) {
    sum += sum_products(l, data, at, loop + 1);
    for (size_t k = 0; k < operands; ++k) at[k] += l.strides[k][loop];
  }
  for (size_t k = 0; k < operands; ++k) at[k] -= l.strides[k][loop] * n;
  return sum;
}

void run(Run& c) {
  std::vector<int64_t> ranks;
  for (size_t i = 0; i < c.inputs(); ++i) {
    require_same_dtype(c, 0, i);
    ranks.push_back(c.in(i).rank());
  }
  Equation e = parse_equation(c.node, ranks);
  Loops l = make_loops(c, e);
  Shape shape(l.extents.begin(), l.extents.begin() + static_cast<int64_t>(l.outer));
  Tensor& y = c.out(0, c.dtype(0), shape);
  if (std::find(l.extents.begin(), l.extents.end(), 0) != l.extents.end()) return fill(y, nullptr);  // sums of nothing, however long the other loops
  dispatch(Numbers{}, c.dtype(0), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<const T*> data;
    for (size_t i = 0; i < c.inputs(); ++i) data.push_back(c.in(i).data<T>());
    std::vector<int64_t> at(data.size(), 0), index(l.outer, 0);
    T* dst = y.mutable_data<T>();
    for (int64_t o = 0, n = y.size(); o < n; ++o) {
      if ((o & 0xfff) == 0) check(c.control);
      dst[o] = store<T>(sum_products(l, data, at, l.outer));
      for (size_t i = l.outer; i-- > 0;) {
        for (size_t k = 0; k < at.size(); ++k) at[k] += l.strides[k][i];
        if (++index[i] < l.extents[i]) break;
        for (size_t k = 0; k < at.size(); ++k) at[k] -= l.strides[k][i] * l.extents[i];
        index[i] = 0;
      }
    }
  });
}

}  // namespace

extern const OpDef einsum{
    .name = "Einsum",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer,
    .run = run,
    .since = 12,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
