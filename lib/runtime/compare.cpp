// Running two models on the same inputs and adding up what differs. Inner values of the first model are kept for one sample only.
#include "runtime/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/op.h"

namespace mo::runtime {

using graph::Graph;
using graph::ValueId;

namespace {

// Running sums of one value.
class Sums {
 public:
  void add(const Tensor& a, const Tensor& b, bool rows) {
    require(a.shape() == b.shape(), Code::shape, "shapes differ: ", describe(a), " and ", describe(b));
    if (a.dtype() == DType::string || b.dtype() == DType::string || a.size() == 0) return;
    std::vector<float> x = a.floats(), y = b.floats();
    for (size_t i = 0; i < x.size(); ++i) add(x[i], y[i]);
    if (rows && a.rank() >= 2 && a.dim(-1) > 1) add_rows(x, y, a.dim(-1));
  }

  ValueError error() const {
    ValueError e;
    e.elements = elements_;
    e.not_finite = not_finite_;
    double infinity = std::numeric_limits<double>::infinity();
    e.snr_db = noise_ == 0 ? infinity : signal_ == 0 ? -infinity : 10 * std::log10(signal_ / noise_);
    e.cosine = signal_ > 0 && other_ > 0 ? product_ / std::sqrt(signal_ * other_) : noise_ == 0 ? 1 : 0;
    e.max_abs = max_abs_;
    e.mean_abs = elements_ > 0 ? sum_abs_ / static_cast<double>(elements_) : 0;
    e.range = max_ >= min_ ? max_ - min_ : 0;
    e.agreement = rows_ > 0 ? static_cast<double>(same_rows_) / static_cast<double>(rows_) : 1;
    return e;
  }

 private:
  void add(double a, double b) {
    ++elements_;
    if (!std::isfinite(a) || !std::isfinite(b)) {
      bool same = a == b || (std::isnan(a) && std::isnan(b));
      not_finite_ += !same;
      return;
    }
    double d = std::fabs(a - b);
    signal_ += a * a;
    other_ += b * b;
    product_ += a * b;
    noise_ += d * d;
    sum_abs_ += d;
    max_abs_ = std::max(max_abs_, d);
    min_ = std::min(min_, a);
    max_ = std::max(max_, a);
  }

  void add_rows(const std::vector<float>& x, const std::vector<float>& y, int64_t width) {
    for (size_t at = 0; at + static_cast<size_t>(width) <= x.size(); at += static_cast<size_t>(width)) {
      auto largest = [&](const std::vector<float>& v) {
        auto row = v.begin() + static_cast<int64_t>(at);
        return std::max_element(row, row + width) - row;
      };
      ++rows_;
      same_rows_ += largest(x) == largest(y);
    }
  }

  int64_t elements_ = 0, not_finite_ = 0, rows_ = 0, same_rows_ = 0;
  double signal_ = 0, other_ = 0, product_ = 0, noise_ = 0, sum_abs_ = 0, max_abs_ = 0;
  double min_ = std::numeric_limits<double>::infinity(), max_ = -std::numeric_limits<double>::infinity();
};

bool comparable(const graph::Type& t) { return t.is_tensor() && is_floating(t.dtype); }

}  // namespace

ValueError compare_tensors(const Tensor& a, const Tensor& b) {
  Sums sums;
  sums.add(a, b, true);
  return sums.error();
}

struct Comparer::Impl {
  Impl(const Graph& a, const Graph& b, const CompareOptions& options) {
    SessionOptions session;
    session.threads = options.threads;
    Graph typed = a;
    ops::infer_graph(typed);
    for (graph::NodeId id : typed.order()) {
      const graph::Node& n = typed.node(id);
      for (ValueId v : n.outputs) {
        if (v == graph::k_none) continue;
        const graph::Value& value = typed.value(v);
        owner[value.name] = {n.name, n.domain.empty() ? n.op : n.domain + "." + n.op};
        ValueId other = b.find_value(value.name);
        bool both = options.inner_values && !typed.is_output(v) && comparable(value.type) && other != graph::k_none &&
                    b.value(other).producer != graph::k_none;
        if (both) shared.push_back(value.name);
      }
    }
    session.observed = shared;
    first = std::make_unique<Session>(a, session);
    second = std::make_unique<Session>(b, session);
    for (const Port& p : first->outputs()) {
      bool found = false;
      for (const Port& q : second->outputs()) found |= q.name == p.name;
      require(found, Code::not_found, "output '", printable(p.name), "' is not in the second model");
    }
    for (const std::string& name : shared) inner[name];
    for (const Port& p : first->outputs()) outer[p.name];
  }

  void feed(const Named& inputs, Control* control) {
    std::map<std::string, std::vector<Tensor>, std::less<>> kept;
    RunOptions keep;
    keep.control = control;
    if (!shared.empty()) keep.on_value = [&](const std::string& name, const Tensor& t) { kept[name].push_back(t.clone()); };
    Named a = first->run(inputs, keep);
    std::map<std::string, size_t, std::less<>> next;
    RunOptions check;
    check.control = control;
    if (!shared.empty())
      check.on_value = [&](const std::string& name, const Tensor& t) {
        auto it = kept.find(name);
        size_t at = next[name]++;
        if (it == kept.end() || at >= it->second.size()) return;
        Tensor& mine = it->second[at];
        if (mine.shape() == t.shape()) inner[name].add(mine, t, false);
        mine = Tensor();
      };
    Named b = second->run(inputs, check);
    for (auto& [name, sums] : outer)
      if (a.at(name).is_tensor() && b.at(name).is_tensor()) sums.add(a.at(name).tensor, b.at(name).tensor, true);
    ++samples;
  }

  ValueError error(const std::string& name, const Sums& sums) const {
    ValueError e = sums.error();
    e.name = name;
    if (auto it = owner.find(name); it != owner.end()) std::tie(e.node, e.op) = it->second;
    return e;
  }

  std::unique_ptr<Session> first, second;
  std::vector<std::string> shared;  // in the first model's order
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> owner;
  std::map<std::string, Sums, std::less<>> inner, outer;
  int64_t samples = 0;
};

Comparer::Comparer(const Graph& a, const Graph& b, const CompareOptions& options) : impl_(std::make_unique<Impl>(a, b, options)) {}
Comparer::~Comparer() = default;

void Comparer::feed(const Named& inputs, Control* control) { impl_->feed(inputs, control); }

CompareResult Comparer::result() const {
  CompareResult r;
  r.samples = impl_->samples;
  for (const Port& p : impl_->first->outputs()) r.outputs.push_back(impl_->error(p.name, impl_->outer.at(p.name)));
  for (const std::string& name : impl_->shared) r.values.push_back(impl_->error(name, impl_->inner.at(name)));
  return r;
}

}  // namespace mo::runtime
