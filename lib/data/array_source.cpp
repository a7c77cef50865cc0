// Arrays with a common first axis: what an .npz holds. Runs of neighbours are handed out without copying.
#include "data/source.h"

namespace mo::data {

namespace {

class ArraySource : public Source {
 public:
  std::vector<std::pair<std::string, Tensor>> inputs;
  Tensor label;
  int64_t total = 0;

  int64_t count() const override { return total; }
  Batch load(std::span<const int64_t> indices) override {
    Batch b;
    b.count = static_cast<int64_t>(indices.size());
    for (const auto& [name, t] : inputs) b.inputs.emplace_back(name, gather(t, indices));
    if (label) b.label = gather(label, indices);
    return b;
  }

 private:
  static Tensor gather(const Tensor& t, std::span<const int64_t> indices) {
    bool run = true;
    for (size_t i = 1; i < indices.size(); ++i) run &= indices[i] == indices[i - 1] + 1;
    if (run) return rows(t, indices.front(), indices.back() + 1);
    std::vector<Tensor> parts;
    Shape shape(t.shape().begin() + 1, t.shape().end());
    for (int64_t i : indices) parts.push_back(rows(t, i, i + 1).reshaped(shape));
    return stack(parts);
  }
};

}  // namespace

std::shared_ptr<Source> array_source(std::vector<std::pair<std::string, Tensor>> arrays, const std::string& label, const std::string& where) {
  require(!arrays.empty(), Code::format, where, ": holds no arrays");
  auto source = std::make_shared<ArraySource>();
  source->total = -1;
  for (auto& [name, t] : arrays) {
    require(t.rank() >= 1, Code::shape, where, ": array '", printable(name), "' has no axis of samples");
    if (source->total < 0) source->total = t.dim(0);
    require(t.dim(0) == source->total, Code::shape, where, ": array '", printable(name), "' has ", t.dim(0), " samples, others have ", source->total);
    if (name == label) source->label = std::move(t);
    else source->inputs.emplace_back(name, std::move(t));
  }
  require(!source->inputs.empty(), Code::format, where, ": holds nothing but '", label, "'");
  return source;
}

}  // namespace mo::data
