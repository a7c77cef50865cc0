// StringNormalizer: drops stop words and changes the case of UTF-8 strings; only the case of Latin, Greek and Cyrillic letters is known.
#include <unordered_set>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

enum class Case { none, lower, upper };

Case case_of(const Node& n) {
  std::string s = n.s("case_change_action", "NONE");
  if (s == "NONE") return Case::none;
  if (s == "LOWER") return Case::lower;
  if (s == "UPPER") return Case::upper;
  fail(Code::format, "case_change_action must be LOWER, UPPER or NONE, got ", printable(s));
}

uint32_t change(uint32_t p, bool lower) {
  auto shift = [&](uint32_t first, uint32_t last, uint32_t by) {  // upper-case block [first, last], lower case `by` above
    if (lower && p >= first && p <= last) p += by;
    else if (!lower && p >= first + by && p <= last + by) p -= by;
  };
  if (p < 0x80) shift('A', 'Z', 32);
  else if (p < 0x100) p == 0xd7 || p == 0xf7 ? void() : shift(0xc0, 0xde, 32);
  else if ((p >= 0x100 && p <= 0x12f) || (p >= 0x14a && p <= 0x177) || (p >= 0x460 && p <= 0x481) || (p >= 0x1e00 && p <= 0x1e95))
    p = lower ? p | 1 : p & ~1u;
  else if ((p >= 0x139 && p <= 0x148) || (p >= 0x179 && p <= 0x17e)) p = lower ? p + (p & 1) : p - !(p & 1);
  else if (p >= 0x391 && p <= 0x3c9 && p != 0x3c2) shift(0x391, 0x3a9, 32);
  else if (p >= 0x410 && p <= 0x44f) shift(0x410, 0x42f, 32);
  else if (p >= 0x400 && p <= 0x45f) shift(0x400, 0x40f, 80);
  return p;
}

// Changes two-byte and ASCII code points in place of their bytes; anything else (longer or malformed sequences) passes unchanged.
std::string changed(const std::string& s, Case how) {
  if (how == Case::none) return s;
  std::string out;
  for (size_t i = 0; i < s.size(); ++i) {
    auto b = static_cast<unsigned char>(s[i]);
    if (b < 0x80) {
      out.push_back(static_cast<char>(change(b, how == Case::lower)));
    } else if (b >= 0xc2 && b < 0xe0 && i + 1 < s.size() && (static_cast<unsigned char>(s[i + 1]) >> 6) == 2) {
      uint32_t p = change((b & 0x1fu) << 6 | (static_cast<unsigned char>(s[i + 1]) & 0x3fu), how == Case::lower);
      out.push_back(static_cast<char>(0xc0 | p >> 6));
      out.push_back(static_cast<char>(0x80 | (p & 0x3f)));
      ++i;
    } else {
      out.push_back(s[i]);
    }
  }
  return out;
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, DType::string);
  require(in.rank() == 1 || in.rank() == 2, Code::shape, "rank ", in.rank(), ", wanted [c] or [1, c]");
  c.set(0, DType::string, in.rank() == 1 ? std::vector<Dim>{Dim()} : std::vector<Dim>{known_dim(1), Dim()});
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() == 1 || (x.rank() == 2 && x.dim(0) == 1), Code::shape, "shape ", x.shape(), ", wanted [c] or [1, c]");
  Case action = case_of(c.node);
  bool sensitive = c.node.i("is_case_sensitive", 0) != 0;
  std::unordered_set<std::string> stop;
  for (const std::string& word : c.node.strings("stopwords")) stop.insert(sensitive ? word : changed(word, Case::lower));
  std::vector<std::string> left;
  const std::string* src = x.strings();
  for (int64_t i = 0; i < x.size(); ++i)
    if (!stop.count(sensitive ? src[i] : changed(src[i], Case::lower))) left.push_back(changed(src[i], action));
  if (left.empty()) left.emplace_back();
  Shape shape = x.shape();
  shape.back() = static_cast<int64_t>(left.size());
  std::move(left.begin(), left.end(), c.out(0, DType::string, shape).mutable_data<std::string>());
}

}  // namespace

extern const OpDef string_normalizer{
    .name = "StringNormalizer",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 10,
};

}  // namespace mo::ops
