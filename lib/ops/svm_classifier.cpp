// SVMClassifier: one-against-one voting over support vectors (with probabilities from prob_a and prob_b), or a linear model per class.
#include <algorithm>

#include "ops/svm.h"

namespace mo::ops {

namespace {

struct Machine {
  std::vector<float> weights, support, rho, prob_a, prob_b;
  std::vector<int64_t> per_class, first;  // support vectors of each class and where they begin
  int64_t vectors = 0, classes = 0;
};

Machine read_machine(const Node& n, const ClassLabels& labels, int64_t features) {
  Machine m{n.floats("coefficients"),
            n.floats("support_vectors"),
            n.floats("rho"),
            n.floats("prob_a"),
            n.floats("prob_b"),
            n.ints("vectors_per_class"),
            {}};
  m.classes = labels.size();
  for (int64_t k : m.per_class) {
    require(k >= 0 && k < (int64_t{1} << 40), Code::format, "vectors_per_class ", m.per_class);
    m.first.push_back(m.vectors);
    m.vectors += k;
  }
  auto sized = [](const auto& v, int64_t a, int64_t b) {
    return b > 0 && static_cast<int64_t>(v.size()) % b == 0 && static_cast<int64_t>(v.size()) / b == a;
  };
  if (m.vectors > 0) {
    int64_t pairs = m.classes * (m.classes - 1) / 2;
    require(m.classes >= 2 && static_cast<int64_t>(m.per_class.size()) == m.classes, Code::format, m.per_class.size(), " vector counts for ",
            m.classes, " classes");
    require(sized(m.support, m.vectors, features) && sized(m.weights, m.classes - 1, m.vectors), Code::format, m.support.size(),
            " support values and ", m.weights.size(), " coefficients for ", m.vectors, " vectors of ", features, " features");
    require(static_cast<int64_t>(m.rho.size()) >= pairs && m.prob_a.size() == m.prob_b.size() &&
                (m.prob_a.empty() || static_cast<int64_t>(m.prob_a.size()) >= pairs),
            Code::format, m.rho.size(), " offsets and ", m.prob_a.size(), " probability terms for ", pairs, " pairs");
  } else {
    require(sized(m.weights, m.classes, features) && !m.rho.empty(), Code::format, m.weights.size(), " coefficients for ", m.classes, " classes of ",
            features, " features");
  }
  return m;
}

// The decision value of every pair of classes.
std::vector<double> decisions(const Machine& m, const SvmKernel& kernel, const double* x, int64_t features) {
  std::vector<double> k(static_cast<size_t>(m.vectors)), out;
  for (int64_t v = 0; v < m.vectors; ++v) k[static_cast<size_t>(v)] = kernel(x, m.support.data() + v * features, features);
  for (int64_t i = 0; i < m.classes; ++i)
    for (int64_t j = i + 1; j < m.classes; ++j) {
      double sum = m.rho[out.size()];
      auto add = [&](int64_t owner, int64_t row) {
        int64_t from = m.first[static_cast<size_t>(owner)];
        for (int64_t v = from; v < from + m.per_class[static_cast<size_t>(owner)]; ++v)
          sum += m.weights[static_cast<size_t>(row * m.vectors + v)] * k[static_cast<size_t>(v)];
      };
      add(i, j - 1);
      add(j, i);
      out.push_back(sum);
    }
  return out;
}

// Wu, Lin, Weng, "Probability estimates for multi-class classification by pairwise coupling", JMLR 2004, second method.
std::vector<double> couple_pairs(const std::vector<double>& r, int64_t n) {
  std::vector<double> q(static_cast<size_t>(n * n), 0.0), p(static_cast<size_t>(n), 1.0 / static_cast<double>(n)), qp(static_cast<size_t>(n));
  auto at = [n](int64_t i, int64_t j) { return static_cast<size_t>(i * n + j); };
  for (int64_t t = 0; t < n; ++t)
    for (int64_t j = 0; j < n; ++j) {
      if (j == t) continue;
      q[at(t, t)] += r[at(j, t)] * r[at(j, t)];
      q[at(t, j)] = -r[at(j, t)] * r[at(t, j)];
    }
  for (int round = 0; round < std::max<int64_t>(100, n); ++round) {
    double pqp = 0, worst = 0;
    for (int64_t t = 0; t < n; ++t) {
      double& s = qp[static_cast<size_t>(t)] = 0;
      for (int64_t j = 0; j < n; ++j) s += q[at(t, j)] * p[static_cast<size_t>(j)];
      pqp += p[static_cast<size_t>(t)] * s;
    }
    for (double s : qp) worst = std::max(worst, std::fabs(s - pqp));
    if (worst < 0.005 / static_cast<double>(n)) break;
    for (int64_t t = 0; t < n; ++t) {
      size_t k = static_cast<size_t>(t);
      if (q[at(t, t)] == 0) continue;
      double step = (pqp - qp[k]) / q[at(t, t)], scale = 1 + step;
      p[k] += step;
      pqp = (pqp + step * (step * q[at(t, t)] + 2 * qp[k])) / scale / scale;
      for (int64_t j = 0; j < n; ++j) {
        size_t i = static_cast<size_t>(j);
        qp[i] = (qp[i] + step * q[at(t, j)]) / scale;
        p[i] /= scale;
      }
    }
  }
  return p;
}

std::vector<double> probabilities(const Machine& m, const std::vector<double>& decision) {
  std::vector<double> r(static_cast<size_t>(m.classes * m.classes), 0.0);
  size_t pair = 0;
  for (int64_t i = 0; i < m.classes; ++i)
    for (int64_t j = i + 1; j < m.classes; ++j, ++pair) {
      double p = 1 / (1 + std::exp(decision[pair] * m.prob_a[pair] + m.prob_b[pair]));
      p = std::clamp(p, 1e-7, 1 - 1e-7);
      r[static_cast<size_t>(i * m.classes + j)] = p;
      r[static_cast<size_t>(j * m.classes + i)] = 1 - p;
    }
  return couple_pairs(r, m.classes);
}

// The class with most won pairs, the first of equals.
int64_t most_votes(const Machine& m, const std::vector<double>& decision) {
  std::vector<int64_t> votes(static_cast<size_t>(m.classes), 0);
  size_t pair = 0;
  for (int64_t i = 0; i < m.classes; ++i)
    for (int64_t j = i + 1; j < m.classes; ++j) ++votes[static_cast<size_t>(decision[pair++] > 0 ? i : j)];
  return std::max_element(votes.begin(), votes.end()) - votes.begin();
}

int64_t columns_of(const Node& n, int64_t classes) {
  bool pairs = !n.ints("vectors_per_class").empty() && n.floats("prob_a").empty() && classes > 2;
  require(classes < (int64_t{1} << 20), Code::limit, classes, " classes");
  return pairs ? classes * (classes - 1) / 2 : classes;
}

void infer(Infer& c) {
  infer_classifier(c, "classlabels_ints");
  infer_scores(c, 1, columns_of(c.node, class_labels(c.node, "classlabels_ints").size()));
}

void run(Run& c) {
  ClassLabels labels = class_labels(c.node, "classlabels_ints");
  Rows x = feature_rows(c);
  Machine m = read_machine(c.node, labels, x.features);
  SvmKernel kernel(c.node);
  PostTransform post = post_transform(c.node.s("post_transform", "NONE"));
  int64_t columns = columns_of(c.node, m.classes);
  Tensor scores = Tensor::allocate(DType::f32, {x.n, columns});
  float* dst = scores.mutable_data<float>();
  std::vector<int64_t> chosen;
  for (int64_t r = 0; r < x.n; ++r) {
    std::vector<double> s;
    if (m.vectors > 0) {
      std::vector<double> decision = decisions(m, kernel, x.row(r), x.features);
      if (!m.prob_a.empty()) s = probabilities(m, decision);
      else s = m.classes == 2 ? std::vector<double>{-decision[0], decision[0]} : decision;
      chosen.push_back(most_votes(m, decision));
    } else {
      for (int64_t k = 0; k < m.classes; ++k) s.push_back(kernel(x.row(r), m.weights.data() + k * x.features, x.features) + m.rho[0]);
      chosen.push_back(std::max_element(s.begin(), s.end()) - s.begin());
    }
    apply_post_transform(post, s.data(), columns);
    for (double v : s) *dst++ = static_cast<float>(v);
  }
  write_labels(c, labels, chosen);
  c.out(1, Datum(std::move(scores)));
}

}  // namespace

extern const OpDef svm_classifier{
    .name = "SVMClassifier",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 2,
    .max_outputs = 2,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
