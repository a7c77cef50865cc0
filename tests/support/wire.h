// Protobuf wire format by hand, for tests that need bytes no library would write.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace wire {

inline std::string varint(uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
  return out;
}
inline std::string number(int field, uint64_t v) {
  std::string out = varint(static_cast<uint64_t>(field) << 3);
  out.append(varint(v));
  return out;
}
inline std::string field(int field, std::string_view bytes) {
  std::string out = varint(static_cast<uint64_t>(field) << 3 | 2);
  out.append(varint(bytes.size()));
  out.append(bytes);
  return out;
}

}  // namespace wire
