// Candidates: fast ways to run one node, each of which accepts a node or declines with a reason. Listed best first per operator.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace mo::kernels {

// Physical order of a tensor whose logical shape is [n, c, spatial...]. plain: row-major as written. channels_last: [n, spatial..., c].
enum class Layout : uint8_t { plain, channels_last };

struct Operand {
  bool present = false;
  DType dtype = DType::undefined;
  Shape shape;  // logical
  Layout layout = Layout::plain;
  const Tensor* constant = nullptr;  // contents when known at plan time (always plain)
};

// A constant in the form that a kernel wants: bytes without addresses in them, which another process of this build may use too.
using Pack = std::shared_ptr<const void>;

// What is packed, and how: equal keys mean equal packs.
struct PackKey {
  const Tensor& constant;
  bool lasting;     // its storage stays where it is as long as the cache, so that its address tells it from others
  std::string how;  // everything but the constant that the pack depends on
  int64_t bytes;    // of the pack
};

// Packed constants shared by all plans of a session: made once under a lock.
class PackCache {
 public:
  virtual ~PackCache() = default;
  virtual Pack get(const PackKey& key, const std::function<Pack()>& make) = 0;
};
// What packs depend on beside their keys: this build, oneDNN's, the instruction sets in use. Empty where the build cannot be told from others.
std::string pack_identity();

struct Request {
  const graph::Node& node;
  std::span<const Operand> inputs, outputs;
  int threads = 1;
  PackCache* packs = nullptr;
  bool bf16 = false;                  // operands of products may be rounded to bfloat16, where the machine multiplies that fast
  const Operand& in(size_t i) const;  // an absent operand when out of range
  const Operand& out(size_t i = 0) const;
  // The pack of a constant: of an input, or made from one on the way here.
  Pack packed(const Tensor& constant, std::string how, int64_t bytes, const std::function<Pack()>& make) const;
};

// Pointers of one execution, in the order of the node's inputs and outputs (null where absent). scratch is 64-byte aligned and private.
struct Args {
  const void* const* src;
  void* const* dst;
  void* scratch;
  int threads;
};

struct Prepared {
  std::function<void(const Args&)> run;  // const, callable from many threads at once with different Args
  int64_t scratch_bytes = 0;
  std::string detail;              // what the library underneath chose ("brgconv:avx512_core_vnni")
  std::vector<int> unused_inputs;  // constants that were packed: the plan need not keep the originals
  int in_place = -1;               // input whose buffer output 0 may reuse when it dies here
};

struct Decline {
  std::string reason;
};
using Offer = std::variant<Prepared, Decline>;

// What a candidate asks of the layouts. any_same: all full-rank operands share one layout, whichever.
enum class Wish : uint8_t { plain, channels_last, any_same };

struct Candidate {
  const char* op;
  const char* domain;  // "" or "mo"
  const char* name;    // "onednn_conv", "avx512_softmax": shown by `mo explain`
  Wish wish;
  // Constants may be packed here; runs at plan time with static shapes and operands already in the wished layout.
  Offer (*prepare)(const Request&);
};

// Candidates of one operator on the CPU, best first. The reference kernel of ops/ stands behind them all.
std::span<const Candidate* const> cpu_candidates(std::string_view op, std::string_view domain);

}  // namespace mo::kernels
