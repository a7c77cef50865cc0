// Pairing of 8-bit weights so that AVX2's saturating multiply-add is exact: a pair is safe where neither its positive nor its negative weights add up to more
// than 128 in any column, since 255 * 128 fits 16 bits with its sign.
#include "kernels/cpu/int8_groups.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "kernels/cpu/int8_columns.h"
#include "kernels/cpu/simd.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

constexpr int64_t k_ahead = 2 * k_window;  // rows are fetched early

// 16 k of a segment, or what is left of it, in 16 columns.
struct Window {
  __m128i row[k_window];
  __m256i parts[k_window];  // what is positive and what is negative, both as positive numbers
  int vertices;             // a multiple of 4; those without a k are zeros, safe with all
};

MO_AVX2 bool none_over(__m256i sums) {
  const __m256i over = _mm256_subs_epu8(sums, _mm256_set1_epi8(static_cast<char>(128)));
  return _mm256_testz_si256(over, over);
}

MO_AVX2 bool fits(__m256i a, __m256i b) { return none_over(_mm256_adds_epu8(a, b)); }

// Which k may pair with each, of those in `open`.
MO_AVX2 void safe_among(const Window& w, uint32_t open, uint32_t* safe) {
  std::fill_n(safe, k_window, 0u);
  for (int i = 0; i < w.vertices; ++i)
    for (uint32_t rest = open >> i & 1 ? open & ((1u << i) - 1) : 0; rest; rest &= rest - 1) {
      const int j = std::countr_zero(rest);
      if (!fits(w.parts[i], w.parts[j])) continue;
      safe[i] |= 1u << j;
      safe[j] |= 1u << i;
    }
}

// The most pairs among some k that a bounded search finds.
struct Matching {
  uint32_t safe[k_window];
  int left = 256;  // steps
  int now[k_window] = {}, best[k_window] = {}, pairs = 0, most = 0;

  // False once the search may end.
  MO_AVX2 bool search(uint32_t open) {
    if (pairs > most) {
      most = pairs;
      std::copy_n(now, 2 * pairs, best);
    }
    int from = -1;
    uint32_t partners = 0;
    for (uint32_t rest = open; rest; rest &= rest - 1) {  // the one with the fewest partners
      const int i = std::countr_zero(rest);
      const uint32_t some = safe[i] & open;
      if (some && (from < 0 || std::popcount(some) < std::popcount(partners))) from = i, partners = some;
    }
    if (from < 0) return std::popcount(open) > 1 && --left > 0;
    for (open &= ~(1u << from); partners; partners &= partners - 1) {
      const int to = std::countr_zero(partners);
      now[2 * pairs] = from;
      now[2 * pairs + 1] = to;
      ++pairs;
      const bool on = search(open & ~(1u << to));
      --pairs;
      if (!on || --left <= 0) return false;
    }
    return true;
  }
};

// Whether a pair may part for two others: a with u and b with v, or a with v and b with u. Then so they are put.
MO_AVX2 bool part(const Window& w, int a, int b, int u, int v, int* pairs) {
  const bool straight = fits(w.parts[a], w.parts[u]) && fits(w.parts[b], w.parts[v]);
  if (!straight && !(fits(w.parts[a], w.parts[v]) && fits(w.parts[b], w.parts[u]))) return false;
  const int four[4] = {a, straight ? u : v, b, straight ? v : u};
  std::copy_n(four, 4, pairs);
  return true;
}

// Each k of `open` with the first that it may pair with. For two that are left a pair parts, or neighbours do, who are open then. True where that leaves none.
MO_AVX2 bool pair_at_once(const Window& w, uint32_t& open, int* order) {
  int count = 0, alone[k_window], alones = 0;
  for (uint32_t left = open; left;) {
    const int i = std::countr_zero(left);
    left &= left - 1;
    uint32_t rest = left;
    while (rest && !fits(w.parts[i], w.parts[std::countr_zero(rest)])) rest &= rest - 1;
    if (!rest) {
      alone[alones++] = i;
      continue;
    }
    order[count++] = i;
    order[count++] = std::countr_zero(rest);
    left &= ~(rest & -rest);
  }
  for (; alones >= 2; alones -= 2) {
    const int u = alone[alones - 1], v = alone[alones - 2];
    int four[4], at = 0;
    while (at < count && !part(w, order[at], order[at + 1], u, v, four)) at += 2;
    if (at < count) {
      std::copy_n(four, 2, order + at);
      std::copy_n(four + 2, 2, order + count);
      count += 2;
      continue;
    }
    int first = 0;
    while (first < w.vertices && (open >> first & 1 || !part(w, first, first + 1, u, v, four))) first += 2;
    if (first >= w.vertices) return false;
    std::copy_n(four, 4, order + count);
    order[count + 4] = first ^ 2;
    order[count + 5] = (first ^ 2) + 1;
    count += 6;
    open |= 15u << first / 4 * 4;
  }
  return true;
}

// All k of `open`, to which others are added where that finds partners for all: safe pairs first. Returns how many of them are.
int pair_open(const Window& w, uint32_t& open, int* order) {
  uint32_t more = open;
  const int wanted = std::popcount(open);
  if (pair_at_once(w, more, order)) return std::popcount(open = more);
  const uint32_t all = (1u << w.vertices) - 1;
  Matching some, whole;
  safe_among(w, open, some.safe);
  some.search(open);
  const Matching* found = &some;
  if (2 * some.most < wanted && open != all) {
    safe_among(w, all, whole.safe);
    whole.search(all);
    if (2 * whole.most == w.vertices) open = all, found = &whole;
  }
  const int safe = 2 * found->most;
  std::copy_n(found->best, safe, order);
  uint32_t rest = open;
  for (int i = 0; i < safe; ++i) rest &= ~(1u << order[i]);
  for (int count = safe; rest; rest &= rest - 1) order[count++] = std::countr_zero(rest);
  return safe;
}

// Groups of one panel as they are found. The first kind lies where it stays, the others wait.
struct Found {
  const GroupsOf& of;
  bool in_registers;
  uint8_t* panel;
  std::vector<uint8_t> weights[Groups::k_kinds];
  std::vector<int32_t> at[Groups::k_kinds], order[Groups::k_kinds];

  // Four k of all columns, four bytes a column.
  MO_AVX2 void put(const __m128i& p, const __m128i& q, const __m128i& r, const __m128i& s, uint8_t* to) {
    const __m128i a = _mm_unpacklo_epi8(p, q), c = _mm_unpacklo_epi8(r, s);
    __m256i low = _mm256_set_m128i(_mm_unpackhi_epi16(a, c), _mm_unpacklo_epi16(a, c));
    if (of.width < 16) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low);
    const __m128i b = _mm_unpackhi_epi8(p, q), d = _mm_unpackhi_epi8(r, s);
    __m256i high = _mm256_set_m128i(_mm_unpackhi_epi16(b, d), _mm_unpacklo_epi16(b, d));
    if (in_registers) {
      const __m256i other = _mm256_permute2x128_si256(low, high, 0x31);
      low = _mm256_permute2x128_si256(low, high, 0x20);
      high = other;
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), high);
  }

  MO_AVX2 void neighbours(const Window& w, int i, int64_t segment, int64_t first) {
    put(w.row[i], w.row[i + 1], w.row[i + 2], w.row[i + 3], panel + static_cast<int64_t>(at[0].size()) * 4 * of.width);
    at[0].push_back(static_cast<int32_t>(4 * segment * of.depth() + first + i));
    order[0].push_back(0);
  }

  // Four k of the window that begins at `first`.
  MO_AVX2 void chosen(const Window& w, int kind, int64_t segment, int64_t first, const int* four) {
    const int64_t begin = std::clamp<int64_t>(of.length - k_window, 0, first);
    uint32_t bytes = 0;
    for (int i = 0; i < 4; ++i) {
      const int64_t k = first + four[i];
      bytes |= (k < of.length ? static_cast<uint32_t>(k - begin) : 0x80u) << 8 * i;  // 0x80: none
    }
    std::vector<uint8_t>& to = weights[kind];
    to.resize(to.size() + static_cast<size_t>(4 * of.width));
    put(w.row[four[0]], w.row[four[1]], w.row[four[2]], w.row[four[3]], to.data() + to.size() - 4 * of.width);
    at[kind].push_back(static_cast<int32_t>(4 * of.depth() * segment + begin));
    order[kind].push_back(static_cast<int32_t>(bytes));
  }
};

MO_AVX2 void pack_window(Found& found, const Window& w, int64_t segment, int64_t first) {
  uint32_t open = 0;
  for (int i = 0; i < w.vertices; i += 4) {
    const __m256i* p = w.parts + i;
    if (!none_over(_mm256_max_epu8(_mm256_adds_epu8(p[0], p[1]), _mm256_adds_epu8(p[2], p[3])))) open |= 15u << i;
  }
  int order[k_window];
  const int safe = open ? pair_open(w, open, order) : 0;
  for (int i = 0; i < w.vertices; i += 4)
    if (!(open >> i & 1)) found.neighbours(w, i, segment, first);
  for (int i = 0; i < std::popcount(open); i += 4) found.chosen(w, i + 4 <= safe ? 1 : 2, segment, first, order + i);
}

MO_AVX2 void pack_all(Found& found, const ColumnRows& rows, const uint8_t* zero, int32_t* sums) {
  const __m128i less = _mm_loadu_si128(reinterpret_cast<const __m128i*>(zero)), none = _mm_setzero_si128();
  __m256i total[2] = {};
  for (int64_t s = 0; s < found.of.segments; ++s)
    for (int64_t first = 0; first < found.of.length; first += k_window) {
      Window w;
      const int count = static_cast<int>(std::min(k_window, found.of.length - first));
      w.vertices = (count + 3) / 4 * 4;
      const int64_t next = std::min(s * found.of.length + first + k_ahead, found.of.segments * found.of.length - k_window);
      for (int64_t i = 0; i < k_window && next > 0; ++i) _mm_prefetch(rows.row(next + i), _MM_HINT_T0);
      __m256i of_window = {};
      for (int i = 0; i < w.vertices; ++i) {
        w.row[i] =
            i < count ? _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.row(s * found.of.length + first + i))), less) : none;
        w.parts[i] = _mm256_set_m128i(_mm_sub_epi8(none, _mm_min_epi8(w.row[i], none)), _mm_max_epi8(w.row[i], none));
        of_window = _mm256_add_epi16(of_window, _mm256_cvtepi8_epi16(w.row[i]));
      }
      total[0] = _mm256_add_epi32(total[0], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(of_window)));
      total[1] = _mm256_add_epi32(total[1], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(of_window, 1)));
      pack_window(found, w, s, first);
    }
  std::memcpy(sums, total, sizeof total);
}

}  // namespace

void pack_groups(const GroupsOf& of, const ColumnRows& rows, const uint8_t* zero, bool in_registers, uint8_t* panel, int32_t* list, int32_t* sums) {
  Found found{of, in_registers, panel, {}, {}, {}};
  found.weights[1].reserve(static_cast<size_t>(4 * of.width * of.groups()));
  for (int kind = 0; kind < Groups::k_kinds; ++kind) {
    found.at[kind].reserve(static_cast<size_t>(of.groups()));
    found.order[kind].reserve(static_cast<size_t>(of.groups()));
  }
  pack_all(found, rows, zero, sums);
  int32_t *at = list + Groups::k_kinds, *order = at + of.groups();
  for (int kind = 0; kind < Groups::k_kinds; ++kind) {
    list[kind] = static_cast<int32_t>(found.at[kind].size());
    at = std::copy(found.at[kind].begin(), found.at[kind].end(), at);
    order = std::copy(found.order[kind].begin(), found.order[kind].end(), order);
  }
  panel += static_cast<int64_t>(found.at[0].size()) * 4 * of.width;
  for (int kind = 1; kind < Groups::k_kinds; ++kind) panel = std::copy(found.weights[kind].begin(), found.weights[kind].end(), panel);
}

#else

void pack_groups(const GroupsOf&, const ColumnRows&, const uint8_t*, bool, uint8_t*, int32_t*, int32_t*) {
  fail(Code::internal, "groups of this kind want AVX2");
}

#endif

// Hundredths of what a group of neighbours takes, measured in tiles of 6 x 16 in the nearest cache (Zen 3): 98, 91 and 62 GMAC/s, and 80 by 16-bit
// numbers, to which the widening of rows comes.
bool groups_pay(const int32_t* count, int64_t pairs) {
  return 100 * int64_t{count[0]} + 108 * int64_t{count[1]} + 158 * int64_t{count[2]} < 63 * pairs;
}

}  // namespace mo::kernels::int8
