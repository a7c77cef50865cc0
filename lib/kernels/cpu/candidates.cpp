// The table of CPU candidates.
#include "kernels/kernel.h"

#include <algorithm>
#include <map>

namespace mo::kernels {

#define MO_KERNEL(name) extern const Candidate name;
#include "kernels/cpu/kernels.inc"
#undef MO_KERNEL

namespace {

const Candidate* const k_all[] = {
#define MO_KERNEL(name) &name,
#include "kernels/cpu/kernels.inc"
#undef MO_KERNEL
};

}  // namespace

const Operand& Request::in(size_t i) const {
  static const Operand absent;
  return i < inputs.size() ? inputs[i] : absent;
}

Pack Request::packed(const Tensor& constant, std::string how, int64_t bytes, const std::function<Pack()>& make) const {
  if (!packs) return make();
  const bool own = std::any_of(inputs.begin(), inputs.end(), [&](const Operand& x) { return x.constant && x.constant->raw() == constant.raw(); });
  return packs->get({constant, own, std::move(how), bytes}, make);
}

const Operand& Request::out(size_t i) const {
  static const Operand absent;
  return i < outputs.size() ? outputs[i] : absent;
}

std::span<const Candidate* const> cpu_candidates(std::string_view op, std::string_view domain) {
  using Key = std::pair<std::string_view, std::string_view>;
  static const auto* table = [] {
    auto* t = new std::map<Key, std::vector<const Candidate*>>;
    for (const Candidate* c : k_all) (*t)[{c->op, c->domain}].push_back(c);
    return t;
  }();
  auto it = table->find({op, domain});
  if (it == table->end()) return {};
  return it->second;
}

}  // namespace mo::kernels
