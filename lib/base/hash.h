// SHA-256 of bytes as they stream past (libcrypto does the work).
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

}  // namespace mo
