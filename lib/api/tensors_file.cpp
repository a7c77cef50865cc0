// mo_tensors in .npz files.
#include "api/tensor.h"
#include "data/npy.h"

using namespace mo;
using namespace mo::api;

mo_error* mo_tensors_load(const char* path, int64_t max_bytes, mo_tensors** out) {
  return guard([&] {
    mo_tensors*& result = output(out, "out");
    std::string file = path_argument(path, "path");
    result = tensors_handle(data::read_npz(file, max_bytes > 0 ? max_bytes : int64_t{8} << 30));
  });
}

mo_error* mo_tensors_save(const mo_tensors* tensors, const char* path) {
  return guard([&] {
    const mo_tensors& ts = checked(tensors, "tensors");
    data::write_npz(path_argument(path, "path"), named_tensors(ts));
  });
}
