// Element-wise comparison as numpy.testing.assert_allclose does it.
#include "node/agree.h"

#include <cmath>

namespace mo::node_tests {

namespace {

bool close(double got, double want, double rtol, double atol) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want);
  if (std::isinf(got) || std::isinf(want)) return got == want;
  return std::abs(want - got) <= atol + rtol * std::abs(got);
}

std::string elements(const Tensor& got, const Tensor& want, double rtol, double atol) {
  int64_t wrong = 0, first = -1;
  int64_t count = got.size();
  auto note = [&](int64_t i, bool ok) {
    if (ok) return;
    if (first < 0) first = i;
    ++wrong;
  };
  std::string detail;
  if (got.dtype() == DType::string) {
    for (int64_t i = 0; i < count; ++i) note(i, got.strings()[i] == want.strings()[i]);
    if (first >= 0) detail = text(", '", printable(got.strings()[first], 60), "' for '", printable(want.strings()[first], 60), "'");
  } else if (got.dtype() == DType::c64 || got.dtype() == DType::c128) {
    bool wide = got.dtype() == DType::c128;
    auto part = [&](const Tensor& t, int64_t i) {
      return wide ? static_cast<const double*>(t.raw())[i] : static_cast<double>(static_cast<const float*>(t.raw())[i]);
    };
    for (int64_t i = 0; i < 2 * count; ++i) note(i / 2, close(part(got, i), part(want, i), rtol, atol));
  } else if (got.dtype() == DType::i64 || got.dtype() == DType::u64) {
    for (int64_t i = 0; i < count; ++i) note(i, got.integer(i) == want.integer(i) || close(got.number(i), want.number(i), rtol, atol));
  } else {
    for (int64_t i = 0; i < count; ++i) note(i, close(got.number(i), want.number(i), rtol, atol));
  }
  if (first < 0) return {};
  if (detail.empty() && got.dtype() != DType::c64 && got.dtype() != DType::c128) detail = text(", ", got.number(first), " for ", want.number(first));
  return text(wrong, " of ", count, " elements differ, first at ", first, detail);
}

}  // namespace

std::string difference(const Datum& got, const Datum& want, double rtol, double atol) {
  if (got.kind != want.kind) return text("kind ", got.kind, " for ", want.kind);
  if (got.is_none()) return {};
  if (got.is_sequence()) {
    if (got.items->size() != want.items->size()) return text("sequence of ", got.items->size(), " for ", want.items->size());
    for (size_t i = 0; i < got.items->size(); ++i) {
      std::string d = difference((*got.items)[i], (*want.items)[i], rtol, atol);
      if (!d.empty()) return text("item ", i, ": ", d);
    }
    return {};
  }
  const Tensor &g = got.tensor, &w = want.tensor;
  if (g.dtype() != w.dtype() || g.shape() != w.shape()) return text(describe(g), " for ", describe(w));
  return elements(g, w, rtol, atol);
}

}  // namespace mo::node_tests
