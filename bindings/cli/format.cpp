// Spelling of numbers, layout of lines.
#include "format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace cli {

namespace {

std::string scaled(double value, const char* const* units, int count) {
  int unit = 0;
  while (std::fabs(value) >= 999.5 && unit + 1 < count) value /= 1000, ++unit;
  int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f%s", digits, value, units[unit]);
  return text;
}

}  // namespace

std::string bytes_text(double bytes) {
  static const char* const units[] = {" B", " kB", " MB", " GB", " TB"};
  return scaled(bytes, units, 5);
}

std::string count_text(double count) {
  static const char* const units[] = {"", " k", " M", " G", " T"};
  return scaled(count, units, 5);
}

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& lines) {
  size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.first.size());
  std::string text;
  for (const auto& [name, value] : lines) text += name + std::string(width + 2 - name.size(), ' ') + value + "\n";
  return text;
}

std::string wrapped(const std::string& text, size_t width, size_t indent) {
  std::string out;
  size_t column = 0, from = 0;
  while (from < text.size()) {
    size_t to = std::min(text.find(' ', from), text.size());
    std::string word = text.substr(from, to - from);
    if (column > 0 && column + 1 + word.size() > width) {
      out.append(1, '\n').append(indent, ' ');
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    from = to + 1;
  }
  return out;
}

}  // namespace cli
