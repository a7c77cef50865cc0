// Joins mixed arguments into one std::string, without streams or format strings.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mo {

void append_text(std::string& dst, std::string_view text);
void append_text(std::string& dst, const char* text);
void append_text(std::string& dst, char c);
void append_text(std::string& dst, bool value);
void append_text(std::string& dst, double value);  // shortest form that reads back equal
void append_text(std::string& dst, int64_t value);
void append_text(std::string& dst, uint64_t value);
void append_text(std::string& dst, std::span<const int64_t> dims);  // "[1, 3, 224, 224]"

template <class T>
void append_any(std::string& dst, const T& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, char>) append_text(dst, value);
  else if constexpr (std::is_enum_v<T>) append_text(dst, static_cast<int64_t>(value));
  else if constexpr (std::is_floating_point_v<T>) append_text(dst, static_cast<double>(value));
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) append_text(dst, static_cast<int64_t>(value));
  else if constexpr (std::is_integral_v<T>) append_text(dst, static_cast<uint64_t>(value));
  else if constexpr (std::is_convertible_v<const T&, std::span<const int64_t>>) append_text(dst, std::span<const int64_t>(value));
  else append_text(dst, std::string_view(value));
}

template <class... Args>
std::string text(const Args&... args) {
  std::string out;
  (append_any(out, args), ...);
  return out;
}

// Makes foreign text fit for messages: valid UTF-8, no control characters, at most `limit` bytes.
std::string printable(std::string_view raw, size_t limit = 200);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes);

// Nearest of `choices` by edit distance, for "unknown X; did you mean Y"; empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string> choices);

}  // namespace mo
