// BitShift: x << y or x >> y (arithmetic for signed x); a count outside the width leaves only what sign extension makes.
#include "ops/binary.h"

namespace mo::ops {

namespace {

struct BitShift {
  explicit BitShift(const Node& n) : left(direction(n) == "LEFT") {}
  static std::string direction(const Node& n) {
    std::string d = n.s("direction", "");
    require(d == "LEFT" || d == "RIGHT", Code::format, "direction must be LEFT or RIGHT, got ", printable(d));
    return d;
  }
  template <class T>
  T operator()(T x, T y) const {
    constexpr int width = static_cast<int>(sizeof(T)) * 8;
    if (y < T(0) || static_cast<uint64_t>(y) >= width) return !left && x < T(0) ? static_cast<T>(-1) : T(0);
    int count = static_cast<int>(y);
    return left ? static_cast<T>(static_cast<uint64_t>(x) << count) : static_cast<T>(x >> count);
  }
  bool left;
};

}  // namespace

extern const OpDef bit_shift{
    .name = "BitShift",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<BitShift, Integers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
