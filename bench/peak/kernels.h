// Loops that do nothing but multiply, or nothing but read: what a core could do at most, per instruction set.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace peak {

// Runs `turns` turns; every turn does `macs_per_turn` multiply-accumulates out of registers. The result only keeps the work alive.
struct Multiply {
  const char* arithmetic;  // "fp32", "bf16", "int8"
  const char* how;         // "avx512_vnni vpdpbusd"
  int64_t macs_per_turn;
  int64_t (*run)(int64_t turns);
};

// Reads `lines` cache lines at `data` in so many parallel streams, each a part of the whole.
struct Read {
  const char* how;
  int64_t (*run)(const char* data, int64_t lines, int streams);
};

std::vector<Multiply> multiplies();  // the fastest of each arithmetic that this processor has (MO_MAX_ISA caps it)
Read read();

}  // namespace peak
