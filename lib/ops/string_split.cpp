// StringSplit: each string cut at a delimiter (or at white space) into a new last axis padded with "", and how many parts it had.
#include <limits>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) {
    c.set_unranked(0, DType::string);
    return c.set_unranked(1, DType::i64);
  }
  std::vector<Dim> dims = in.dims;
  c.set(1, DType::i64, dims);
  dims.emplace_back();
  c.set(0, DType::string, std::move(dims));
}

using Parts = std::vector<std::string_view>;

Parts split_at(std::string_view s, std::string_view delimiter, int64_t most) {
  Parts parts;
  while (static_cast<int64_t>(parts.size()) < most) {
    size_t at = s.find(delimiter);
    if (at == std::string_view::npos) break;
    parts.push_back(s.substr(0, at));
    s.remove_prefix(at + delimiter.size());
  }
  parts.push_back(s);
  return parts;
}

Parts split_at_space(std::string_view s, int64_t most) {
  constexpr std::string_view k_space = " \t\n\v\f\r";
  Parts parts;
  while (true) {
    size_t from = s.find_first_not_of(k_space);
    if (from == std::string_view::npos) return parts;
    s.remove_prefix(from);
    size_t to = s.find_first_of(k_space);
    if (static_cast<int64_t>(parts.size()) == most || to == std::string_view::npos) {
      parts.push_back(s.substr(0, s.find_last_not_of(k_space) + 1));
      return parts;
    }
    parts.push_back(s.substr(0, to));
    s.remove_prefix(to);
  }
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::string delimiter = c.node.s("delimiter", "");
  int64_t most = c.node.i("maxsplit", std::numeric_limits<int64_t>::max());
  require(most >= 0, Code::invalid_argument, "maxsplit ", most);
  const std::string* src = x.strings();
  std::vector<Parts> all;
  size_t widest = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    all.push_back(delimiter.empty() ? split_at_space(src[i], most) : split_at(src[i], delimiter, most));
    widest = std::max(widest, all.back().size());
  }
  Shape shape = x.shape();
  Tensor* counts = c.wants(1) ? &c.out(1, DType::i64, shape) : nullptr;
  shape.push_back(static_cast<int64_t>(widest));
  std::string* dst = c.out(0, DType::string, shape).mutable_data<std::string>();
  for (size_t i = 0; i < all.size(); ++i) {
    if (counts) counts->mutable_data<int64_t>()[i] = static_cast<int64_t>(all[i].size());
    for (size_t k = 0; k < widest; ++k) *dst++ = k < all[i].size() ? std::string(all[i][k]) : std::string();
  }
}

}  // namespace

extern const OpDef string_split{
    .name = "StringSplit",
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 2,
    .infer = infer,
    .run = run,
    .since = 20,
};

}  // namespace mo::ops
