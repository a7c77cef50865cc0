// The quick hash: XXH3 of libxxhash, compiled in from its header.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/hash.h"

namespace mo {

ContentHash content_hash(const void* data, size_t count) {
  const XXH128_hash_t h = XXH3_128bits(data, count);
  return {h.low64, h.high64};
}

std::string hex(const ContentHash& hash) {
  static constexpr char k_digits[] = "0123456789abcdef";
  std::string out;
  for (uint64_t part : {hash.high, hash.low})
    for (int shift = 60; shift >= 0; shift -= 4) out.push_back(k_digits[part >> shift & 15]);
  return out;
}

}  // namespace mo
