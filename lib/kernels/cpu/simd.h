// How own kernels are written once and compiled for several instruction sets: an always-inlined body, one wrapper per target, a choice at plan time.
#pragma once
#include <cstdint>

// Bodies are plain loops that the compiler vectorises; a wrapper gives them a target by a per-function attribute, never by a file's flags.
#define MO_INLINE inline __attribute__((always_inline))
#define MO_AVX2 __attribute__((target("avx2,fma")))
#define MO_AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,prefer-vector-width=512")))
#define MO_VNNI __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,prefer-vector-width=512")))
#define MO_VBMI __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,prefer-vector-width=512")))

// Defines `name_pick()`: the address of `body<...>` compiled for the best instruction set of this machine.
//   template <class Op> MO_INLINE void scale_body(...);   MO_SIMD(scale, void, (const float* x, int64_t n), (x, n), class Op, Op)
#define MO_SIMD_PLAIN(name, ret, params, args)                    \
  ret name##_scalar params { return name##_body args; }           \
  MO_AVX2 ret name##_avx2 params { return name##_body args; }     \
  MO_AVX512 ret name##_avx512 params { return name##_body args; } \
  auto name##_pick() { return pick(name##_scalar, name##_avx2, name##_avx512); }

#define MO_SIMD_TEMPLATE(name, T, ret, params, args)                 \
  template <T t>                                                     \
  ret name##_scalar params {                                         \
    return name##_body<t> args;                                      \
  }                                                                  \
  template <T t>                                                     \
  MO_AVX2 ret name##_avx2 params {                                   \
    return name##_body<t> args;                                      \
  }                                                                  \
  template <T t>                                                     \
  MO_AVX512 ret name##_avx512 params {                               \
    return name##_body<t> args;                                      \
  }                                                                  \
  template <T t>                                                     \
  auto name##_pick() {                                               \
    return pick(name##_scalar<t>, name##_avx2<t>, name##_avx512<t>); \
  }

namespace mo::kernels {

enum class Isa : uint8_t { scalar, avx2, avx512, avx512_vnni };

Isa isa();                 // the best of this machine, or less when limited
bool has_vbmi();           // byte permutes of 512 bits
void limit_isa(Isa most);  // for tests: kernels prepared afterwards use at most this

template <class F>
F pick(F scalar, F avx2, F avx512) {
  if (isa() >= Isa::avx512) return avx512;
  return isa() >= Isa::avx2 ? avx2 : scalar;
}

const char* isa_name();

}  // namespace mo::kernels
