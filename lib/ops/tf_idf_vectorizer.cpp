// TfIdfVectorizer: counts the n-grams of a pool (with skips) in each row and weights them: TF, IDF or TFIDF.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/checked.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

int64_t width_of(const Node& n) {
  int64_t top = -1;
  for (int64_t i : n.ints("ngram_indexes")) {
    require(i >= 0, Code::format, "negative ngram index ", i);
    top = std::max(top, i);
  }
  return checked_add(top, 1);
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, DType::f32);
  require(in.rank() <= 2, Code::shape, "rank ", in.rank(), ", wanted at most 2");
  Dim width = known_dim(width_of(c.node));
  c.set(0, DType::f32, in.rank() == 2 ? std::vector<Dim>{in.dims[0], width} : std::vector<Dim>{width});
}

// Tokens become small numbers; those outside the pool -1.
struct Pool {
  std::unordered_map<std::string, int64_t> words;
  std::unordered_map<int64_t, int64_t> numbers;
  std::map<std::vector<int64_t>, int64_t> grams;  // tokens of an n-gram -> its place in the pool
  int64_t places = 0;                             // n-grams in the pool, repeated ones too
};

Pool read_pool(const Node& n) {
  std::vector<std::string> strings = n.strings("pool_strings");
  std::vector<int64_t> numbers = n.ints("pool_int64s"), starts = n.ints("ngram_counts");
  require(strings.empty() || numbers.empty(), Code::format, "pool_strings beside pool_int64s");
  int64_t size = static_cast<int64_t>(std::max(strings.size(), numbers.size()));
  Pool p;
  std::vector<int64_t> tokens;
  for (const std::string& s : strings) tokens.push_back(p.words.emplace(s, static_cast<int64_t>(p.words.size())).first->second);
  for (int64_t v : numbers) tokens.push_back(p.numbers.emplace(v, static_cast<int64_t>(p.numbers.size())).first->second);
  for (size_t k = 0; k < starts.size(); ++k) {
    int64_t from = starts[k], to = k + 1 < starts.size() ? starts[k + 1] : size, length = static_cast<int64_t>(k) + 1;
    require(from >= 0 && from <= to && to <= size && (to - from) % length == 0, Code::format, "ngram_counts ", starts, " for a pool of ", size);
    for (int64_t at = from; at < to; at += length)
      p.grams.emplace(std::vector<int64_t>(tokens.begin() + at, tokens.begin() + at + length), p.places++);
  }
  return p;
}

std::vector<int64_t> tokens_of(const Tensor& x, const Pool& p) {
  std::vector<int64_t> out;
  auto add = [&](const auto& map, const auto& key) {
    auto it = map.find(key);
    out.push_back(it == map.end() ? -1 : it->second);
  };
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.dtype() == DType::string) add(p.words, x.strings()[i]);
    else add(p.numbers, x.integer(i));
  }
  return out;
}

struct Limits {
  int64_t shortest, longest, skips;
};

// counts[place] of one row.
void count_grams(const Pool& p, const int64_t* row, int64_t n, const Limits& l, std::vector<int64_t>& counts) {
  std::vector<int64_t> gram;
  for (int64_t length = l.shortest; length <= std::min(l.longest, n); ++length)
    for (int64_t skip = 0; skip <= l.skips; ++skip) {
      if (length == 1 && skip > 0) break;  // single tokens skip nothing
      int64_t step = skip + 1;
      if (length > 1 && step > (n - 1) / (length - 1)) break;
      for (int64_t from = 0; from + (length - 1) * step < n; ++from) {
        gram.clear();
        for (int64_t k = 0; k < length; ++k) gram.push_back(row[from + k * step]);
        auto it = p.grams.find(gram);
        if (it != p.grams.end()) ++counts[static_cast<size_t>(it->second)];
      }
    }
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() <= 2, Code::shape, "shape ", x.shape(), ", wanted [c] or [n, c]");
  require(x.dtype() == DType::string || x.dtype() == DType::i32 || x.dtype() == DType::i64, Code::type, "dtype ", name(x.dtype()),
          " is not supported here");
  std::string mode = c.node.s("mode", "");
  require(mode == "TF" || mode == "IDF" || mode == "TFIDF", Code::format, "mode must be TF, IDF or TFIDF, got ", printable(mode));
  Limits limits{c.node.i("min_gram_length", 1), c.node.i("max_gram_length", 1), c.node.i("max_skip_count", 0)};
  require(limits.shortest >= 1 && limits.longest >= limits.shortest && limits.skips >= 0, Code::format, "n-grams of ", limits.shortest, " to ",
          limits.longest, " with ", limits.skips, " skips");
  std::vector<int64_t> column = c.node.ints("ngram_indexes");
  std::vector<float> weights = c.node.floats("weights");
  Pool pool = read_pool(c.node);
  require(pool.places <= static_cast<int64_t>(column.size()), Code::format, pool.places, " n-grams with ", column.size(), " indexes");
  require(weights.empty() || weights.size() == column.size(), Code::format, weights.size(), " weights for ", column.size(), " indexes");
  int64_t width = width_of(c.node), rows = x.rank() == 2 ? x.dim(0) : 1, n = x.rank() == 2 ? x.dim(1) : x.size();
  Tensor& y = c.out(0, DType::f32, x.rank() == 2 ? Shape{rows, width} : Shape{width});
  float* dst = y.mutable_data<float>();
  std::fill_n(dst, y.size(), 0.0f);
  std::vector<int64_t> tokens = tokens_of(x, pool), counts;
  for (int64_t r = 0; r < rows; ++r) {
    counts.assign(column.size(), 0);
    count_grams(pool, tokens.data() + r * n, n, limits, counts);
    for (size_t k = 0; k < counts.size(); ++k) {
      if (counts[k] == 0) continue;
      float w = weights.empty() || mode == "TF" ? 1.0f : weights[k];
      float& out = dst[r * width + column[k]];
      if (mode == "IDF") out = w;
      else out += static_cast<float>(counts[k]) * w;
    }
  }
}

}  // namespace

extern const OpDef tf_idf_vectorizer{
    .name = "TfIdfVectorizer",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 9,
};

}  // namespace mo::ops
