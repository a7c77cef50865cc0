// CategoryMapper: strings to the integers they are paired with, or back.
#include <map>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_same(c);
  DType in = c.dtype(0);
  c.output(0).dtype = in == DType::string ? DType::i64 : in == DType::i64 ? DType::string : DType::undefined;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<std::string> words = c.node.strings("cats_strings");
  std::vector<int64_t> numbers = c.node.ints("cats_int64s");
  require(words.size() == numbers.size(), Code::format, words.size(), " strings beside ", numbers.size(), " integers");
  if (x.dtype() == DType::string) {
    std::map<std::string, int64_t> map;
    for (size_t i = 0; i < words.size(); ++i) map[words[i]] = numbers[i];
    int64_t* dst = c.out(0, DType::i64, x.shape()).mutable_data<int64_t>();
    for (int64_t i = 0; i < x.size(); ++i) {
      auto it = map.find(x.strings()[i]);
      dst[i] = it == map.end() ? c.node.i("default_int64", -1) : it->second;
    }
    return;
  }
  std::map<int64_t, std::string> map;
  for (size_t i = 0; i < words.size(); ++i) map[numbers[i]] = words[i];
  const int64_t* src = x.data<int64_t>();
  std::string* dst = c.out(0, DType::string, x.shape()).mutable_data<std::string>();
  for (int64_t i = 0; i < x.size(); ++i) {
    auto it = map.find(src[i]);
    dst[i] = it == map.end() ? c.node.s("default_string", "_Unused") : it->second;
  }
}

}  // namespace

extern const OpDef category_mapper{
    .name = "CategoryMapper",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
