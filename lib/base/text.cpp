// Text building blocks: number formatting, clean-up of foreign text, nearest-word search.
#include "base/text.h"

#include <algorithm>
#include <charconv>

namespace mo {

void append_text(std::string& dst, std::string_view text) { dst.append(text); }
void append_text(std::string& dst, const char* text) { dst.append(text ? text : "(null)"); }
void append_text(std::string& dst, char c) { dst.push_back(c); }
void append_text(std::string& dst, bool value) { dst.append(value ? "true" : "false"); }

void append_text(std::string& dst, double value) {
  char buf[40];
  auto r = std::to_chars(buf, buf + sizeof buf, value);
  // A float widened to double prints its noise digits; prefer the float form when it is the same number.
  if (static_cast<double>(static_cast<float>(value)) == value) r = std::to_chars(buf, buf + sizeof buf, static_cast<float>(value));
  dst.append(buf, r.ptr);
}

void append_text(std::string& dst, int64_t value) {
  char buf[24];
  dst.append(buf, std::to_chars(buf, buf + sizeof buf, value).ptr);
}

void append_text(std::string& dst, uint64_t value) {
  char buf[24];
  dst.append(buf, std::to_chars(buf, buf + sizeof buf, value).ptr);
}

void append_text(std::string& dst, std::span<const int64_t> dims) {
  dst.push_back('[');
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i) dst.append(", ");
    append_text(dst, dims[i]);
  }
  dst.push_back(']');
}

namespace {

// Length of the valid UTF-8 sequence at text[i], or 0.
size_t utf8_length(std::string_view s, size_t i) {
  auto byte = [&](size_t k) { return static_cast<unsigned char>(s[k]); };
  unsigned char b = byte(i);
  size_t n = b < 0x80 ? 1 : (b >> 5) == 6 ? 2 : (b >> 4) == 14 ? 3 : (b >> 3) == 30 ? 4 : 0;
  if (n == 0 || i + n > s.size()) return 0;
  uint32_t point = n == 1 ? b : b & (0x7f >> n);
  for (size_t k = 1; k < n; ++k) {
    if ((byte(i + k) >> 6) != 2) return 0;
    point = point << 6 | (byte(i + k) & 0x3f);
  }
  static constexpr uint32_t k_lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < k_lowest[n] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return 0;
  return n;
}

}  // namespace

std::string printable(std::string_view raw, size_t limit) {
  std::string out;
  for (size_t i = 0; i < raw.size();) {
    if (out.size() + 4 > limit) return out + "...";
    size_t n = utf8_length(raw, i);
    unsigned char b = static_cast<unsigned char>(raw[i]);
    if (n == 0 || (n == 1 && (b < 0x20 || b == 0x7f)) || (n == 2 && b == 0xc2 && static_cast<unsigned char>(raw[i + 1]) < 0xa0)) {
      out.push_back('?');
      i += n ? n : 1;
      continue;
    }
    out.append(raw.substr(i, n));
    i += n;
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t from = 0;
  while (true) {
    size_t to = text.find(separator, from);
    parts.emplace_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i) out.append(separator);
    out.append(parts[i]);
  }
  return out;
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

std::string nearest(std::string_view word, std::span<const std::string> choices) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 2) + 1;
  std::vector<size_t> row;
  for (const std::string& choice : choices) {
    row.resize(choice.size() + 1);
    for (size_t j = 0; j <= choice.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= choice.size(); ++j) {
        size_t above = row[j];
        row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (word[i - 1] != choice[j - 1])});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) best_distance = row.back(), best = choice;
  }
  return best;
}

}  // namespace mo
