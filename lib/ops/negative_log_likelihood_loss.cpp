// NegativeLogLikelihoodLoss: -weight[t] * x[n, t, ...] of the target classes t, then none, sum or (weighted) mean.
#include "ops/class_loss.h"

namespace mo::ops {
namespace {

void run(Run& c) {
  require(is_floating(c.dtype()), Code::type, "input is ", name(c.dtype()));
  run_class_loss(c, doubles(c.in(0)));
}

}  // namespace

extern const OpDef negative_log_likelihood_loss{.name = "NegativeLogLikelihoodLoss",
                                                .min_inputs = 2,
                                                .max_inputs = 3,
                                                .infer = infer_class_loss,
                                                .run = run,
                                                .since = 12,
                                                .since_of = since_bf16<12, 22>};

}  // namespace mo::ops
