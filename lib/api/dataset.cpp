// mo_dataset: open, next, rewind, count.
#include "api/dataset.h"

#include "api/tensor.h"

using namespace mo;
using namespace mo::api;

namespace {

data::OpenOptions open_options(const mo_options* options) {
  OptionSet o = options_for(options, "dataset");
  data::OpenOptions d;
  d.batch_size = o.integer("batch_size");
  d.skip = o.integer("skip");
  d.limit = o.integer("samples");
  d.spread = o.flag("spread");
  d.label = o.text("label");
  d.input = o.text("input");
  d.max_bytes = o.integer("max_bytes");
  d.prefetch = o.integer("prefetch");
  return d;
}

}  // namespace

mo_error* mo_dataset_open(const char* path, const mo_options* options, mo_dataset** out) {
  return guard([&] {
    mo_dataset*& result = output(out, "out");
    result = new mo_dataset(data::open(path_argument(path, "path"), open_options(options)));
  });
}

mo_error* mo_dataset_create(const mo_tensors* arrays, const mo_options* options, mo_dataset** out) {
  return guard([&] {
    mo_dataset*& result = output(out, "out");
    result = new mo_dataset(data::from_arrays(named_tensors(checked(arrays, "arrays")), open_options(options)));
  });
}

mo_error* mo_dataset_next(mo_dataset* dataset, mo_tensors** inputs, mo_tensor** label) {
  return guard([&] {
    if (label) *label = nullptr;
    mo_tensors*& result = output(inputs, "inputs");
    mo_dataset& d = checked(dataset, "dataset");
    Turn turn(d.taken, "dataset");
    std::optional<data::Batch> batch = d.dataset->next();
    if (!batch) return;
    std::unique_ptr<mo_tensors> tensors(tensors_handle(std::move(batch->inputs)));
    if (label && !batch->label.empty()) *label = tensor_handle(std::move(batch->label));
    result = tensors.release();
  });
}

mo_error* mo_dataset_rewind(mo_dataset* dataset) {
  return guard([&] {
    mo_dataset& d = checked(dataset, "dataset");
    Turn turn(d.taken, "dataset");
    d.dataset->rewind();
  });
}

mo_error* mo_dataset_count(mo_dataset* dataset, int64_t* count) {
  return guard([&] {
    require(count != nullptr, Code::invalid_argument, "count is NULL");
    *count = 0;
    mo_dataset& d = checked(dataset, "dataset");
    Turn turn(d.taken, "dataset");
    *count = d.dataset->count();
  });
}

void mo_dataset_free(mo_dataset* dataset) { release(dataset); }
