// The usual cells as one vector loop each, all others from rows of elementwise functions.
#include "kernels/cpu/recurrent_cell.h"

#include <algorithm>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"

namespace mo::kernels {
namespace {

// The sigmoid to an absolute error of 1e-7, which is all that a gate needs.
MO_INLINE float gate(float x) { return 0.5f + 0.5f * math::tanh(0.5f * x); }

#define MO_STEP_PARAMETERS \
  (const Cell& cell, [[maybe_unused]] const float* g, [[maybe_unused]] const float* u, [[maybe_unused]] float* c, [[maybe_unused]] float* h, float*)
#define MO_STEP_ARGUMENTS (cell, g, u, c, h, nullptr)

MO_INLINE void lstm_body MO_STEP_PARAMETERS {
  const int64_t n = cell.hidden;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    const float i = gate(g[j] + u[j]), o = gate(g[n + j] + u[n + j]), f = gate(g[2 * n + j] + u[2 * n + j]),
                v = f * c[j] + i * math::tanh(g[3 * n + j] + u[3 * n + j]);
    c[j] = v;
    h[j] = o * math::tanh(v);
  }
}

MO_INLINE void gru_after_body MO_STEP_PARAMETERS {
  const int64_t n = cell.hidden;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    const float z = gate(g[j] + u[j]), r = gate(g[n + j] + u[n + j]), v = math::tanh(g[2 * n + j] + r * u[2 * n + j]);
    h[j] = (1.0f - z) * v + z * h[j];
  }
}

MO_INLINE void gru_before_body MO_STEP_PARAMETERS {
  const int64_t n = cell.hidden;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    const float z = gate(g[j] + u[j]);
    h[j] = (1.0f - z) * math::tanh(g[2 * n + j] + u[2 * n + j]) + z * h[j];
  }
}

MO_INLINE void gru_reset_body MO_STEP_PARAMETERS {
  const int64_t n = cell.hidden;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) c[j] = gate(g[n + j] + u[n + j]) * h[j];
}

MO_INLINE void rnn_body MO_STEP_PARAMETERS {
  const int64_t n = cell.hidden;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) h[j] = math::tanh(g[j] + u[j]);
}

#define MO_STEP(name)                                                                \
  void name##_scalar MO_STEP_PARAMETERS { name##_body MO_STEP_ARGUMENTS; }           \
  MO_AVX2 void name##_avx2 MO_STEP_PARAMETERS { name##_body MO_STEP_ARGUMENTS; }     \
  MO_AVX512 void name##_avx512 MO_STEP_PARAMETERS { name##_body MO_STEP_ARGUMENTS; } \
  Cell::Step name##_pick() { return pick(name##_scalar, name##_avx2, name##_avx512); }
MO_STEP(lstm)
MO_STEP(gru_after)
MO_STEP(gru_before)
MO_STEP(gru_reset)
MO_STEP(rnn)
#undef MO_STEP
#undef MO_STEP_PARAMETERS
#undef MO_STEP_ARGUMENTS

// --- any activations

void add(const float* a, const float* b, float* to, int64_t n) {
  for (int64_t j = 0; j < n; ++j) to[j] = a[j] + b[j];
}
void add_product(const float* a, const float* b, float* to, int64_t n) {
  for (int64_t j = 0; j < n; ++j) to[j] += a[j] * b[j];
}
// to = f(clip(to))
void activate(const Cell& cell, const UnaryFn& f, float* to, int64_t n) {
  if (cell.clip < std::numeric_limits<float>::infinity())
    for (int64_t j = 0; j < n; ++j) to[j] = to[j] < -cell.clip ? -cell.clip : to[j] > cell.clip ? cell.clip : to[j];
  f(to, to, n);
}

void any_lstm(const Cell& cell, const float* g, const float* u, float* c, float* h, float* own) {
  const int64_t n = cell.hidden;
  float *i = own, *o = own + n, *f = own + 2 * n, *v = own + 3 * n;
  const float* p = cell.peephole.empty() ? nullptr : cell.peephole.data();
  add(g, u, own, 4 * n);
  if (p) add_product(p, c, i, n);
  if (p) add_product(p + 2 * n, c, f, n);
  activate(cell, cell.f, i, n);
  if (cell.coupled)
    for (int64_t j = 0; j < n; ++j) f[j] = 1.0f - i[j];
  else activate(cell, cell.f, f, n);
  activate(cell, cell.g, v, n);
  for (int64_t j = 0; j < n; ++j) c[j] = f[j] * c[j] + i[j] * v[j];
  if (p) add_product(p + n, c, o, n);
  activate(cell, cell.f, o, n);
  cell.h(c, h, n);
  for (int64_t j = 0; j < n; ++j) h[j] *= o[j];
}

void any_reset(const Cell& cell, const float* g, const float* u, float* to, float* h, float* own) {
  const int64_t n = cell.hidden;
  add(g + n, u + n, own, n);
  activate(cell, cell.f, own, n);
  for (int64_t j = 0; j < n; ++j) to[j] = own[j] * h[j];
}

void any_gru(const Cell& cell, const float* g, const float* u, float*, float* h, float* own) {
  const int64_t n = cell.hidden;
  float *z = own, *r = own + n, *v = own + 2 * n;
  add(g, u, z, n);
  activate(cell, cell.f, z, n);
  if (cell.reset_after) {
    add(g + n, u + n, r, n);
    activate(cell, cell.f, r, n);
    std::copy(g + 2 * n, g + 3 * n, v);
    add_product(r, u + 2 * n, v, n);
  } else {
    add(g + 2 * n, u + 2 * n, v, n);
  }
  activate(cell, cell.g, v, n);
  for (int64_t j = 0; j < n; ++j) h[j] = (1.0f - z[j]) * v[j] + z[j] * h[j];
}

void any_rnn(const Cell& cell, const float* g, const float* u, float*, float* h, float* own) {
  add(g, u, own, cell.hidden);
  activate(cell, cell.f, own, cell.hidden);
  std::copy(own, own + cell.hidden, h);
}

}  // namespace

void choose_steps(Cell& cell, bool usual) {
  usual = usual && cell.clip == std::numeric_limits<float>::infinity() && !cell.coupled && cell.peephole.empty();
  switch (cell.kind) {
    case CellKind::lstm: cell.step = usual ? lstm_pick() : any_lstm; return;
    case CellKind::gru:
      cell.step = !usual ? any_gru : cell.reset_after ? gru_after_pick() : gru_before_pick();
      cell.reset = usual ? gru_reset_pick() : any_reset;
      return;
    case CellKind::rnn: cell.step = usual ? rnn_pick() : any_rnn; return;
  }
}

}  // namespace mo::kernels
