// SHA-256 of bytes as they stream past (libcrypto does the work), and a quick hash for telling contents apart.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mo {

using Digest = std::array<uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(const void* data, size_t count);
  void update(std::string_view text) { update(text.data(), text.size()); }
  void update_int(int64_t value);  // eight bytes, little-endian: for lengths between variable fields
  Digest finish();                 // once; the object is then fresh again

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hex(const Digest& digest);
std::string sha256_hex(std::string_view bytes);
std::string sha256_file(const std::string& path);  // hex; streams the file

// XXH3, 128 bits, at the speed of memory. Tells contents apart and finds damage; no protection against somebody who wants equal hashes.
struct ContentHash {
  uint64_t low = 0, high = 0;
  auto operator<=>(const ContentHash&) const = default;
};
ContentHash content_hash(const void* data, size_t count);
inline ContentHash content_hash(std::string_view text) { return content_hash(text.data(), text.size()); }
std::string hex(const ContentHash& hash);

}  // namespace mo
