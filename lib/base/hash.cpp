// SHA-256 through the low-level calls of libcrypto: they need no global set-up, which a library inside other programs must avoid.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <openssl/sha.h>

#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace mo {

struct Sha256::State {
  SHA256_CTX context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { SHA256_Init(&state_->context); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(const void* data, size_t count) {
  if (count > 0) SHA256_Update(&state_->context, data, count);
}

void Sha256::update_int(int64_t value) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
  update(bytes, sizeof bytes);
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), &state_->context);
  SHA256_Init(&state_->context);
  return digest;
}

std::string hex(const Digest& digest) {
  static constexpr char k_digits[] = "0123456789abcdef";
  std::string out;
  for (uint8_t b : digest) {
    out.push_back(k_digits[b >> 4]);
    out.push_back(k_digits[b & 15]);
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hex(hash.finish());
}

std::string sha256_file(const std::string& path) {
  FileReader file(path);
  Sha256 hash;
  std::vector<char> block(1 << 18);
  for (int64_t at = 0; at < file.size();) {
    int64_t n = file.read_some(at, block.data(), static_cast<int64_t>(block.size()));
    require(n > 0, Code::io, "'", printable(path), "' shrank while it was read");
    hash.update(block.data(), static_cast<size_t>(n));
    at += n;
  }
  return hex(hash.finish());
}

}  // namespace mo
