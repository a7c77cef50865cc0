// Pointer tables of a run.
#include "plan/context.h"

#include <algorithm>

#include "plan/layout.h"

namespace mo::plan {

namespace {
// Read only. What is shown channels last has its shape in that order.
Tensor view(const Slot& s) {
  Shape shape = s.shape;
  if (stored_channels_last(s)) std::rotate(shape.begin() + 1, shape.begin() + 2, shape.end());
  return Tensor::adopt(s.dtype, shape, nullptr, nullptr);
}
Tensor target(const Slot& s) { return Tensor::borrow(s.dtype, s.shape, nullptr); }  // written in place
}  // namespace

Context::Context(const Plan& plan) : plan_(plan) {
  pointers.resize(plan.pointer_sources_.size(), nullptr);
  data.resize(plan.datum_slots_.size());
  outs.resize(plan.out_slots_.size());
  for (size_t i = 0; i < data.size(); ++i) {
    const Slot& s = plan.slots_[static_cast<size_t>(plan.datum_slots_[i])];
    const Buffer& b = plan.buffers_[static_cast<size_t>(s.buffer)];
    if (b.place == Place::constant) data[i] = Datum(plan.constants_[static_cast<size_t>(b.index)]);
    else if (b.place != Place::dynamic) data[i] = Datum(view(s));
  }
  for (size_t i = 0; i < outs.size(); ++i)
    if (plan.out_slots_[i] >= 0) outs[i] = Datum(target(plan.slots_[static_cast<size_t>(plan.out_slots_[i])]));
  for (int index : plan.in_data_) ins.push_back(index < 0 ? nullptr : &data[static_cast<size_t>(index)]);
}

void* Context::resolve(const Plan::Source& source) const {
  if (source.at < 0) return nullptr;
  if (source.place == Place::arena) return base_ + source.at;
  if (source.place == Place::constant) return const_cast<void*>(plan_.constants_[static_cast<size_t>(source.at)].raw());
  return nullptr;  // inputs and outputs are set at each run
}

void Context::bind(char* base) {
  if (bound_ && base == base_) return;
  base_ = base;
  bound_ = true;
  for (size_t i = 0; i < pointers.size(); ++i) pointers[i] = resolve(plan_.pointer_sources_[i]);
  for (size_t i = 0; i < data.size(); ++i) {
    Plan::Source source = plan_.source_of(plan_.datum_slots_[i]);
    if (source.place == Place::arena) data[i].tensor.rebind(resolve(source));
  }
  for (size_t i = 0; i < outs.size(); ++i) {
    if (plan_.out_slots_[i] < 0) continue;
    Plan::Source source = plan_.source_of(plan_.out_slots_[i]);
    if (source.place == Place::arena) outs[i].tensor.rebind(resolve(source));
  }
}

void Context::set(const Plan::Patch& patch, void* memory) {
  size_t i = static_cast<size_t>(patch.index);
  if (patch.kind == Plan::Patch::pointer) pointers[i] = memory;
  else (patch.kind == Plan::Patch::datum ? data : outs)[i].tensor.rebind(memory);
}

}  // namespace mo::plan
