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

// Packed constants shared by all plans of a session (and sessions of a model): key -> storage, made once under a lock.
class PackCache {
 public:
  virtual ~PackCache() = default;
  virtual std::shared_ptr<const void> get(const std::string& key, const std::function<std::shared_ptr<const void>()>& make) = 0;
};

struct Request {
  const graph::Node& node;
  std::span<const Operand> inputs, outputs;
  int threads = 1;
  PackCache* packs = nullptr;
  bool bf16 = false;                  // operands of products may be rounded to bfloat16, where the machine multiplies that fast
  const Operand& in(size_t i) const;  // an absent operand when out of range
  const Operand& out(size_t i = 0) const;
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
