// Bootstrap intervals against closed forms, and what metrics keep of each sample.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/control.h"
#include "base/random.h"
#include "data/bootstrap.h"

using namespace mo;
using data::Share;

namespace {

std::vector<Share> hits(const std::vector<int>& pattern, size_t repeats) {
  std::vector<Share> out;
  for (size_t r = 0; r < repeats; ++r)
    for (int h : pattern) out.push_back({static_cast<double>(h), 1});
  return out;
}

const data::MetricDef& top1() { return data::metric("top1"); }

// The metric after one batch, samples kept.
std::unique_ptr<data::Metric> judged(const char* metric, const Tensor& scores, const Tensor& label, int64_t count) {
  auto m = data::metric(metric).make("");
  m->keep_each = true;
  data::Batch batch;
  batch.count = count, batch.label = label;
  m->add({{"y", scores}}, batch);
  return m;
}

}  // namespace

TEST_CASE("the interval of a share is that of the normal law where samples are many") {
  std::vector<Share> each = hits({1, 1, 1, 0}, 500);  // 0.75 of 2000
  auto i = data::bootstrap(top1(), each, {20000, 0.95, 1}, nullptr);
  REQUIRE(i.has_value());
  double half = 1.959964 * std::sqrt(0.75 * 0.25 / 2000);
  CHECK(i->low == doctest::Approx(0.75 - half).epsilon(0.001));
  CHECK(i->high == doctest::Approx(0.75 + half).epsilon(0.001));
  CHECK(i->samples == 2000);
  auto narrow = data::bootstrap(top1(), each, {20000, 0.5, 1}, nullptr);
  CHECK(narrow->high - narrow->low == doctest::Approx(2 * 0.67449 * std::sqrt(0.75 * 0.25 / 2000)).epsilon(0.05));
}

TEST_CASE("pairs that agree narrow the interval of a difference, and equal scores have none") {
  // 1 of 50 is lost, 1 of 100 is won: the mean is -0.01 and the variance of one pair 0.03 - 0.0001
  std::vector<Share> a = hits({1, 0}, 1000), b = a;
  for (size_t i = 0; i < a.size(); i += 50) b[i].sum = 0;
  for (size_t i = 1; i < a.size(); i += 100) b[i].sum = 1;
  auto i = data::paired_bootstrap(top1(), a, b, {20000, 0.95, 3}, nullptr);
  REQUIRE(i.has_value());
  double half = 1.959964 * std::sqrt((0.03 - 0.0001) / 2000);
  CHECK(i->low == doctest::Approx(-0.01 - half).epsilon(0.02));
  CHECK(i->high == doctest::Approx(-0.01 + half).epsilon(0.2));
  CHECK(i->below > 0.99);
  auto same = data::paired_bootstrap(top1(), a, a, {}, nullptr);
  CHECK(same->low == 0);
  CHECK(same->high == 0);
  CHECK(same->below == 0);
}

TEST_CASE("equal seeds give equal intervals to the bit, others nearly so") {
  std::vector<Share> a, b;
  Random random(5);
  for (int i = 0; i < 300; ++i) a.push_back({random.normal(), 1}), b.push_back({a.back().sum + 0.1 * random.normal(), 1});
  const data::MetricDef& mse = data::metric("mse");
  auto one = data::paired_bootstrap(mse, a, b, {1000, 0.95, 7}, nullptr), two = data::paired_bootstrap(mse, a, b, {1000, 0.95, 7}, nullptr),
       other = data::paired_bootstrap(mse, a, b, {1000, 0.95, 8}, nullptr);
  CHECK(one->low == two->low);
  CHECK(one->high == two->high);
  CHECK(one->low != other->low);
  CHECK(one->low == doctest::Approx(other->low).epsilon(0.3));
}

TEST_CASE("no interval without two labelled samples or without resamples; none of numbers where a metric is not finite") {
  std::vector<Share> one{{1, 1}, {0, 0}, {0, 0}}, two{{1, 1}, {0, 1}};
  CHECK_FALSE(data::bootstrap(top1(), one, {}, nullptr).has_value());
  CHECK_FALSE(data::bootstrap(top1(), two, {0, 0.95, 0}, nullptr).has_value());
  CHECK_FALSE(data::bootstrap(top1(), {}, {}, nullptr).has_value());
  CHECK(data::bootstrap(top1(), two, {}, nullptr)->samples == 2);
  CHECK_THROWS_AS(data::paired_bootstrap(top1(), one, two, {}, nullptr), Error);
  CHECK_THROWS_AS(data::bootstrap(top1(), two, {100, 1.0, 0}, nullptr), Error);
  two[0].sum = std::numeric_limits<double>::quiet_NaN();
  auto i = data::paired_bootstrap(top1(), two, two, {}, nullptr);
  REQUIRE(i.has_value());
  CHECK(std::isnan(i->low));
  CHECK(i->holds(0));
}

TEST_CASE("a bootstrap can be cancelled") {
  Control control;
  control.cancel();
  CHECK_THROWS_AS(data::bootstrap(top1(), hits({1, 0}, 10), {}, &control), Error);
}

TEST_CASE("metrics keep what each sample adds: a sequence is one sample, positions without a label count for nothing") {
  Tensor scores = Tensor::of<float>({2, 2, 2}, std::vector<float>{1, 0, 0, 1, 0, 1, 5, 0});
  auto m = judged("top1", scores, Tensor::of<int64_t>({2, 2}, std::vector<int64_t>{0, 0, 1, -1}), 2);
  REQUIRE(m->each.size() == 2);
  CHECK(m->each[0].sum == 1);
  CHECK(m->each[0].weight == 2);
  CHECK(m->each[1].sum == 1);
  CHECK(m->each[1].weight == 1);
  CHECK(m->samples == 3);
  CHECK(top1().value(m->total) == doctest::Approx(2.0 / 3));
  auto p = judged("perplexity", scores, Tensor::of<int64_t>({2, 2}, std::vector<int64_t>{0, 0, 1, -1}), 2);
  double nll = std::log(1 + std::exp(-1.0)) * 2 + std::log(1 + std::exp(1.0));
  CHECK(data::metric("perplexity").value(p->total) == doctest::Approx(std::exp(nll / 3)));
  auto e = judged("mae", Tensor::of<float>({2, 2}, std::vector<float>{1, 2, 3, 4}), Tensor::of<float>({2, 2}, std::vector<float>{1, 1, 1, 1}), 2);
  CHECK(e->each[0].sum == 1);
  CHECK(e->each[1].sum == 5);
  CHECK(e->each[1].weight == 2);
}

TEST_CASE("where the label's first axis is not the samples, the batch is one sample") {
  auto m = judged("top1", Tensor::of<float>({2, 2}, std::vector<float>{1, 0, 0, 1}), Tensor::of<int64_t>({2}, std::vector<int64_t>{0, 1}), 1);
  REQUIRE(m->each.size() == 1);
  CHECK(m->each[0].sum == 2);
  CHECK(m->each[0].weight == 2);
}
