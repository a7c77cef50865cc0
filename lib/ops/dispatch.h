// From a run-time dtype to a C++ type: dispatch() calls a generic lambda with the tag of the element type.
#pragma once
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "base/float_types.h"
#include "tensor/tensor.h"

namespace mo::ops {

template <class... Ts>
struct Types {};
template <class T>
struct Tag {
  using type = T;
};

using Floats = Types<float, double, half, bfloat16>;
using Signed = Types<int8_t, int16_t, int32_t, int64_t>;
using Unsigned = Types<uint8_t, uint16_t, uint32_t, uint64_t>;
using Integers = Types<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>;
using SignedNumbers = Types<float, double, half, bfloat16, int8_t, int16_t, int32_t, int64_t>;
using Numbers = Types<float, double, half, bfloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>;
using Booleans = Types<bool>;
using NumbersAndBool = Types<float, double, half, bfloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, bool>;
using FloatsAndFloat8 = Types<float, double, half, bfloat16, f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz>;

// The type arithmetic happens in: float for the narrow floats, the type itself otherwise.
template <class T>
inline constexpr bool is_narrow_float = std::is_same_v<T, half> || std::is_same_v<T, bfloat16> || std::is_same_v<T, f8e4m3fn> ||
                                        std::is_same_v<T, f8e4m3fnuz> || std::is_same_v<T, f8e5m2> || std::is_same_v<T, f8e5m2fnuz>;
template <class T>
using Compute = std::conditional_t<is_narrow_float<T>, float, T>;

template <class T>
inline Compute<T> load(const T& v) {
  if constexpr (is_narrow_float<T>) return to_float(v);
  else return v;
}

template <class T, class V>
inline T store(const V& v) {
  if constexpr (std::is_same_v<T, half>) return to_half(static_cast<float>(v));
  else if constexpr (std::is_same_v<T, bfloat16>) return to_bfloat16(static_cast<float>(v));
  else if constexpr (std::is_same_v<T, f8e4m3fn>) return to_f8e4m3fn(static_cast<float>(v));
  else if constexpr (std::is_same_v<T, f8e4m3fnuz>) return to_f8e4m3fnuz(static_cast<float>(v));
  else if constexpr (std::is_same_v<T, f8e5m2>) return to_f8e5m2(static_cast<float>(v));
  else if constexpr (std::is_same_v<T, f8e5m2fnuz>) return to_f8e5m2fnuz(static_cast<float>(v));
  else return static_cast<T>(v);
}

// A real number as T: floats convert, integers truncate and saturate (NaN gives 0).
template <class T>
T number_as(double v) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(v);
  } else {
    constexpr double low = static_cast<double>(std::numeric_limits<T>::lowest()), high = static_cast<double>(std::numeric_limits<T>::max());
    if (!(v > low)) return v != v ? T(0) : std::numeric_limits<T>::lowest();
    return v >= high ? std::numeric_limits<T>::max() : static_cast<T>(v);
  }
}

template <class... Ts, class F>
void dispatch(Types<Ts...>, DType dtype, F&& f) {
  bool found = ((dtype == dtype_of<Ts>() ? (static_cast<void>(f(Tag<Ts>{})), true) : false) || ...);
  require(found, Code::type, "dtype ", name(dtype), " is not supported here");
}

}  // namespace mo::ops
