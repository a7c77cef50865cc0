// How own kernels are written once and compiled for several instruction sets: an always-inlined body, one wrapper per target, a choice at plan time.
#pragma once
#include <cstdint>
#if defined(__x86_64__)                                  // elsewhere all three wrappers are the plain one, and isa() says scalar
#define MO_TARGET(names) __attribute__((target(names)))  // per function, never by the flags of a file
#else
#define MO_TARGET(names)
#endif
#define MO_INLINE inline __attribute__((always_inline))
#define MO_AVX2 MO_TARGET("avx2,fma")
#define MO_AVX512 MO_TARGET("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,prefer-vector-width=512")
#define MO_VNNI MO_TARGET("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,prefer-vector-width=512")
#define MO_VBMI MO_TARGET("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,prefer-vector-width=512")
// Bodies are plain loops that the compiler vectorises; `name_pick()` is the address of the best wrapper of `name_body` on this machine.
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
