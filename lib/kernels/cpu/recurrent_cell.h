// What LSTM, GRU and RNN do between their products: gates of one row from the input's part and the state's part.
#pragma once
#include <limits>
#include <vector>

#include "kernels/cpu/simd_unary.h"

namespace mo::kernels {

enum class CellKind : uint8_t { lstm, gru, rnn };

// One direction's. Rows of gates lie one after another, `hidden` each: i o f c (LSTM), z r h (GRU).
struct Cell {
  CellKind kind = CellKind::lstm;
  int64_t hidden = 0;
  bool reset_after = false;                             // GRU: linear_before_reset
  bool coupled = false;                                 // LSTM: input_forget
  float clip = std::numeric_limits<float>::infinity();  // of what goes into the activations
  UnaryFn f, g, h;                                      // in the operator's order
  std::vector<float> peephole;                          // LSTM: i o f, or empty

  int64_t gates() const { return kind == CellKind::lstm ? 4 : kind == CellKind::gru ? 3 : 1; }

  // g: the input's part with biases, u: the state's; both [gates][hidden]. c (LSTM) and h are the state, `own` is [gates][hidden] of scratch.
  using Step = void (*)(const Cell& cell, const float* g, const float* u, float* c, float* h, float* own);
  Step step = nullptr;
  // GRU whose reset comes before the product: h times the reset gate, which the product for the last row of gates then takes.
  Step reset = nullptr;  // writes to c
};

// Chooses the functions of a cell that is otherwise complete; `usual`: activations are sigmoid and tanh.
void choose_steps(Cell& cell, bool usual);

}  // namespace mo::kernels
