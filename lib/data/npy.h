// NumPy's .npy and .npz formats (numpy.lib.format, versions 1 to 3), read and written.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace mo::data {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// The array of one .npy image. Little- and big-endian numbers, bool, complex; Fortran order is put into C order. bfloat16 and other
// types without a NumPy name are refused. `where` names the source in errors.
Tensor parse_npy(std::span<const char> bytes, const std::string& where);
std::string npy_bytes(const Tensor& t);

Tensor read_npy(const std::string& path, int64_t max_bytes);
NamedTensors read_npz(const std::string& path, int64_t max_bytes);    // arrays without their .npy suffix, in file order
void write_npz(const std::string& path, const NamedTensors& arrays);  // atomic; uncompressed

}  // namespace mo::data
