// oneDNN as this library uses it: one CPU engine, a stream per thread, primitives bound to the memory of one execution at a time.
#pragma once
#include <oneapi/dnnl/dnnl.hpp>

#include <memory>
#include <string>
#include <vector>

#include "kernels/kernel.h"

namespace mo::kernels::onednn {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Type = dnnl::memory::data_type;

const dnnl::engine& engine();  // the CPU; GPU engines are never asked for, that call can hang

Type data_type(DType dtype);                                                    // undef when oneDNN has none
Desc describe(DType dtype, const Shape& shape, Layout layout = Layout::plain);  // strides of the physical layout
Desc strided(DType dtype, const Dims& dims, const Dims& strides);
Desc any(DType dtype, const Dims& dims);
Dims row_major(const Dims& dims);  // strides

// Runs `make` of a primitive descriptor; null when oneDNN refuses. Any other error is thrown as Code::internal.
template <class Pd, class Make>
bool try_make(Pd& pd, const Make& make) {
  try {
    pd = make();
    return static_cast<bool>(pd);
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_unimplemented || e.status == dnnl_invalid_arguments) return false;
    fail(e.status == dnnl_out_of_memory ? Code::out_of_memory : Code::internal, "oneDNN: ", e.what());
  }
}

bool is_reference(const std::string& impl_info);  // "ref:any" and its like: correct but thousands of times too slow

// Team size of the calling thread for the life of the object.
class Team {
 public:
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

 private:
  int before_;
};

// A primitive and where each of its arguments comes from. run() is const and may be called by many threads at once.
class Step {
 public:
  Step(dnnl::primitive primitive, int threads);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  void src(int arg, const Desc& desc, int input, int64_t byte_offset = 0);
  void dst(int arg, const Desc& desc, int output = 0, int64_t byte_offset = 0);
  void scratch(int arg, const Desc& desc, int64_t byte_offset);
  void fixed(int arg, const Desc& desc, std::shared_ptr<const void> data);
  void free(int arg, const Desc& desc);  // its pointer is given to run_on, in the order of free() calls

  void run(const Args& args) const;
  void run_on(const Args& args, void* const* pointers) const;

 private:
  enum class Source : uint8_t { src, dst, scratch, fixed, free };
  struct Binding {
    int arg;
    Desc desc;
    Source source;
    int index;
    int64_t offset;
    std::shared_ptr<const void> data;
  };
  struct Frame;  // memory objects of one execution
  Frame* take() const;
  void give(Frame* frame) const;
  dnnl::primitive primitive_;
  int threads_;
  std::vector<Binding> bindings_;
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

// Bytes reserved one after another at 64-byte boundaries.
class Scratch {
 public:
  int64_t add(int64_t bytes) {
    int64_t at = size_;
    size_ += (bytes + 63) / 64 * 64;
    return at;
  }
  int64_t size() const { return size_; }

 private:
  int64_t size_ = 0;
};

// A constant reordered into `to`, made once for all plans that share the cache; the tensor itself when it already is so.
std::shared_ptr<const void> pack(const Request& request, const Tensor& constant, const Desc& from, const Desc& to);
// Small float arguments (scales, biases).
std::shared_ptr<const void> floats(std::vector<float> values);
std::shared_ptr<const void> ints(std::vector<int32_t> values);
std::shared_ptr<const void> hold(const Tensor& tensor);  // its own memory, kept alive

// Copies (and converts) between two descriptions of one shape.
std::unique_ptr<Step> reorder(const Desc& from, const Desc& to, int threads);

}  // namespace mo::kernels::onednn
