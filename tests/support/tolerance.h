// How far a result may be from the truth, by dtype: |got - want| <= absolute + relative * |want|.
#pragma once
#include "tensor/dtype.h"

namespace mo::test {

struct Tolerance {
  double relative, absolute;
};

inline Tolerance tolerance(DType dtype) {
  switch (dtype) {
    case DType::f64: return {1e-12, 1e-12};
    case DType::f32: return {1e-5, 1e-6};
    case DType::f16: return {1e-2, 1e-3};
    case DType::bf16: return {4e-2, 1e-2};
    default: return {0, 0};  // integers, booleans, strings, 8-bit floats: equal
  }
}

}  // namespace mo::test
