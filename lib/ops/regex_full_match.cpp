// RegexFullMatch: whether each whole string matches a pattern in RE2 syntax (linear time on any input).
#include <re2/re2.h>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

void run(Run& c) {
  const Tensor& x = c.in(0);
  RE2::Options options;
  options.set_log_errors(false);
  RE2 pattern(c.node.s("pattern", ""), options);
  require(pattern.ok(), Code::format, "pattern: ", printable(pattern.error()));
  const std::string* src = x.strings();
  bool* dst = c.out(0, DType::boolean, x.shape()).mutable_data<bool>();
  for (int64_t i = 0; i < x.size(); ++i) dst[i] = RE2::FullMatch(src[i], pattern);
}

}  // namespace

extern const OpDef regex_full_match{
    .name = "RegexFullMatch",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same_as_bool,
    .run = run,
    .flags = k_elementwise,
    .since = 20,
};

}  // namespace mo::ops
