// Pairing of 8-bit weights so that AVX2's saturating multiply-add is exact: a pair is safe where neither its positive nor its negative weights add up to more
// than 128 in any column, since 255 * 128 fits 16 bits with its sign.
#include "kernels/cpu/int8_groups.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "kernels/cpu/simd.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

// 16 k of a segment, or what is left of it.
struct Window {
  int vertices = 0;              // a multiple of 4; those without a k are safe with all
  uint32_t safe[k_window] = {};  // which k may pair with each
};

MO_AVX2 void columns_of(const uint8_t* group, int64_t width, __m256i* to) {
  const __m128i order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), none = _mm_setzero_si128();
  __m128i four[4] = {none, none, none, none};
  for (int i = 0; i < width / 4; ++i) four[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(group) + i), order);
  const __m128i a = _mm_unpacklo_epi32(four[0], four[1]), b = _mm_unpackhi_epi32(four[0], four[1]), c = _mm_unpacklo_epi32(four[2], four[3]),
                d = _mm_unpackhi_epi32(four[2], four[3]);
  const __m128i k[4] = {_mm_unpacklo_epi64(a, c), _mm_unpackhi_epi64(a, c), _mm_unpacklo_epi64(b, d), _mm_unpackhi_epi64(b, d)};
  for (int i = 0; i < 4; ++i) to[i] = _mm256_set_m128i(_mm_sub_epi8(none, _mm_min_epi8(k[i], none)), _mm_max_epi8(k[i], none));
}

MO_AVX2 bool fits(__m256i a, __m256i b) {
  const __m256i most = _mm256_set1_epi8(static_cast<char>(128));
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(_mm256_adds_epu8(a, b), most), most)) == -1;
}

// Whether the first two k are safe together, and the last two, in all columns of a group.
MO_AVX2 bool neighbours_fit(const uint8_t* group, int64_t width) {
  const __m256i none = _mm256_setzero_si256(), ones = _mm256_set1_epi8(1), most = _mm256_set1_epi16(128);
  __m256i over = none;
  for (int64_t i = 0; i < 4 * width; i += 32) {
    const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(group + i)), positive = _mm256_max_epi8(w, none),
                  negative = _mm256_sub_epi8(none, _mm256_min_epi8(w, none));
    over = _mm256_or_si256(over, _mm256_or_si256(_mm256_cmpgt_epi16(_mm256_maddubs_epi16(positive, ones), most),
                                                 _mm256_cmpgt_epi16(_mm256_maddubs_epi16(negative, ones), most)));
  }
  return _mm256_testz_si256(over, over);
}

// Of a window, of which `open` gets those whose neighbours are not safe together; all partners are looked for where `all`.
MO_AVX2 Window window_of(const uint8_t* group, int64_t groups, int64_t width, bool all, uint32_t& open) {
  Window w;
  __m256i k[k_window];
  w.vertices = static_cast<int>(4 * groups);
  open = (1u << w.vertices) - 1;
  for (int64_t i = 0; i < groups; ++i) {
    const bool fit = neighbours_fit(group + i * 4 * width, width);
    if (fit) open &= ~(15u << 4 * i);
    if (all || !fit) columns_of(group + i * 4 * width, width, k + 4 * i);
  }
  const uint32_t wanted = all ? (1u << w.vertices) - 1 : open;
  for (int i = 0; i < w.vertices; ++i)
    for (uint32_t rest = wanted >> i & 1 ? wanted & ((1u << i) - 1) : 0; rest; rest &= rest - 1) {
      const int j = std::countr_zero(rest);
      if (!fits(k[i], k[j])) continue;
      w.safe[i] |= 1u << j;
      w.safe[j] |= 1u << i;
    }
  return w;
}

// The most pairs among some k that a bounded search finds.
struct Matching {
  const Window& w;
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
      const uint32_t safe = w.safe[i] & open;
      if (safe && (from < 0 || std::popcount(safe) < std::popcount(partners))) from = i, partners = safe;
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

// Groups of one panel as they are found.
struct Found {
  const GroupsOf& of;
  const uint8_t* panel;
  std::vector<uint8_t> weights[Groups::k_kinds];
  std::vector<int32_t> at[Groups::k_kinds], order[Groups::k_kinds];

  void neighbours(int64_t segment, int64_t group) {
    const uint8_t* from = panel + (segment * of.depth() + group) * 4 * of.width;
    weights[0].insert(weights[0].end(), from, from + 4 * of.width);
    at[0].push_back(static_cast<int32_t>(4 * (segment * of.depth() + group)));
    order[0].push_back(0);
  }

  // Four k of the window that begins at `first`.
  void chosen(int kind, int64_t segment, int64_t first, const int* four) {
    const int64_t begin = std::clamp<int64_t>(of.length - k_window, 0, first), size = static_cast<int64_t>(weights[kind].size());
    uint32_t bytes = 0;
    weights[kind].resize(static_cast<size_t>(size + 4 * of.width));
    for (int i = 0; i < 4; ++i) {
      const int64_t k = first + four[i];
      bytes |= (k < of.length ? static_cast<uint32_t>(k - begin) : 0x80u) << 8 * i;  // 0x80: none
      const uint8_t* from = panel + (segment * of.depth() + k / 4) * 4 * of.width + k % 4;
      for (int64_t c = 0; c < of.width; ++c) weights[kind][static_cast<size_t>(size + 4 * c + i)] = from[4 * c];
    }
    at[kind].push_back(static_cast<int32_t>(4 * of.depth() * segment + begin));
    order[kind].push_back(static_cast<int32_t>(bytes));
  }
};

void pair_window(Found& found, int64_t segment, int64_t first) {
  const GroupsOf& of = found.of;
  const int64_t groups = std::min<int64_t>(k_window, 4 * of.depth() - first) / 4;
  const uint8_t* from = found.panel + (segment * of.depth() + first / 4) * 4 * of.width;
  uint32_t open;
  const Window w = window_of(from, groups, of.width, false, open);
  Matching some{w};
  some.search(open);
  const uint32_t all = (1u << w.vertices) - 1;
  if (2 * some.most < std::popcount(open) && open != all) {
    uint32_t same;
    const Window more = window_of(from, groups, of.width, true, same);
    Matching whole{more};
    whole.search(all);
    if (2 * whole.most == w.vertices) {
      open = all;
      std::copy_n(whole.best, k_window, some.best);
      some.most = whole.most;
    }
  }
  for (int i = 0; i < w.vertices; i += 4)
    if (!(open >> i & 1)) found.neighbours(segment, (first + i) / 4);
  // safe pairs, then what found no partner
  int order[k_window], safe = 2 * some.most, count = safe;
  std::copy_n(some.best, safe, order);
  uint32_t rest = open;
  for (int i = 0; i < safe; ++i) rest &= ~(1u << order[i]);
  for (; rest; rest &= rest - 1) order[count++] = std::countr_zero(rest);
  for (int i = 0; i < count; i += 4) found.chosen(i + 4 <= safe ? 1 : 2, segment, first, order + i);
}

}  // namespace

void pair_groups(const GroupsOf& of, uint8_t* panel, int32_t* list) {
  Found found{of, panel, {}, {}, {}};
  for (int kind = 0; kind < Groups::k_kinds; ++kind) found.weights[kind].reserve(static_cast<size_t>(4 * of.width * of.groups()));
  for (int64_t s = 0; s < of.segments; ++s)
    for (int64_t first = 0; first < of.length; first += k_window) pair_window(found, s, first);
  int32_t *at = list + Groups::k_kinds, *order = at + of.groups();
  for (int kind = 0; kind < Groups::k_kinds; ++kind) {
    list[kind] = static_cast<int32_t>(found.at[kind].size());
    at = std::copy(found.at[kind].begin(), found.at[kind].end(), at);
    order = std::copy(found.order[kind].begin(), found.order[kind].end(), order);
  }
  for (const std::vector<uint8_t>& weights : found.weights) panel = std::copy(weights.begin(), weights.end(), panel);
}

#else

void pair_groups(const GroupsOf&, uint8_t*, int32_t*) { fail(Code::internal, "groups of this kind want AVX2"); }

#endif

// Hundredths of what a group of neighbours takes, measured in tiles of 6 x 16 in the nearest cache (Zen 3): 98, 91 and 62 GMAC/s, and 80 by 16-bit
// numbers, to which the widening of rows comes.
bool groups_pay(const int32_t* count, int64_t pairs) {
  return 100 * int64_t{count[0]} + 108 * int64_t{count[1]} + 158 * int64_t{count[2]} < 63 * pairs;
}

}  // namespace mo::kernels::int8
