// Greedy by size: the largest buffer first, each into the tightest gap left free by the buffers that live at the same time.
#include "plan/memory.h"

#include <algorithm>

#include "base/checked.h"

namespace mo::plan {

namespace {

constexpr int64_t k_align = 64;

int64_t rounded(int64_t bytes) { return checked_add(std::max<int64_t>(bytes, 1), k_align - 1) / k_align * k_align; }

// `placed` is sorted by offset.
int64_t best_offset(const std::vector<const Buffer*>& placed, const Buffer& b) {
  int64_t size = rounded(b.bytes), end = 0, best = -1, best_gap = INT64_MAX;
  for (const Buffer* p : placed) {
    if (p->last < b.first || b.last < p->first) continue;
    int64_t gap = p->offset - end;
    if (gap >= size && gap < best_gap) best = end, best_gap = gap;
    end = std::max(end, p->offset + rounded(p->bytes));
  }
  return best >= 0 ? best : end;
}

}  // namespace

int64_t plan_memory(std::vector<Buffer>& buffers) {
  std::vector<Buffer*> wanted;
  for (Buffer& b : buffers)
    if (b.place == Place::arena && b.first >= 0) wanted.push_back(&b);
  std::stable_sort(wanted.begin(), wanted.end(), [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  std::vector<const Buffer*> placed;
  int64_t total = 0;
  for (Buffer* b : wanted) {
    b->offset = best_offset(placed, *b);
    total = std::max(total, checked_add(b->offset, rounded(b->bytes)));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), b, [](const Buffer* x, const Buffer* y) { return x->offset < y->offset; }), b);
  }
  return total;
}

}  // namespace mo::plan
