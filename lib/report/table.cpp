// Layout of text tables and spelling of numbers.
#include "report/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mo::report {

namespace {

// Columns a text takes on a terminal: its code points.
size_t width(const std::string& s) {
  size_t n = 0;
  for (char c : s) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

void pad(std::string& dst, const std::string& cell, size_t to, bool right) {
  std::string space(to > width(cell) ? to - width(cell) : 0, ' ');
  dst += right ? space + cell : cell + space;
}

void trim_end(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  line += '\n';
}

}  // namespace

Table::Table(std::vector<std::string> heads) : heads_(std::move(heads)) {
  for (std::string& h : heads_) {
    right_.push_back(!h.empty() && h.back() == '>');
    if (right_.back()) h.pop_back();
  }
}

void Table::row(std::vector<std::string> cells) {
  cells.resize(heads_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < heads_.size(); ++c) {
    widths.push_back(width(heads_[c]));
    for (const auto& r : rows_) widths[c] = std::max(widths[c], width(r[c]));
  }
  std::string out, rule;
  auto line = [&](const std::vector<std::string>& cells) {
    std::string s;
    for (size_t c = 0; c < cells.size(); ++c) {
      if (c) s += "  ";
      pad(s, cells[c], widths[c], right_[c]);
    }
    trim_end(s);
    out += s;
  };
  line(heads_);
  for (size_t c = 0; c < widths.size(); ++c) rule += (c ? "  " : "") + std::string(widths[c], '-');
  out += rule + "\n";
  for (const auto& r : rows_) line(r);
  return out;
}

std::string pairs(const std::vector<std::pair<std::string, std::string>>& lines) {
  size_t longest = 0;
  for (const auto& [name, value] : lines) longest = std::max(longest, width(name));
  std::string out;
  for (const auto& [name, value] : lines) {
    std::string s;
    pad(s, name, longest + 2, false);
    s += value;
    trim_end(s);
    out += s;
  }
  return out;
}

std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "-";
  char buf[64];
  std::snprintf(buf, sizeof buf, "%.*f", digits, value);
  return buf;
}

std::string significant(double value, int digits) {
  if (std::isnan(value)) return "-";
  if (value == 0 || std::isinf(value)) return value == 0 ? "0" : value > 0 ? "inf" : "-inf";
  char rounded[64];  // the exponent after rounding: 0.9999 is 1.00
  std::snprintf(rounded, sizeof rounded, "%.*e", digits - 1, value);
  int before = std::atoi(std::strchr(rounded, 'e') + 1) + 1;
  if (before < -4 || before > 9) return rounded;
  return fixed(value, std::max(0, digits - before));
}

std::string bytes_text(double bytes) {
  static constexpr const char* k_units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  while (std::fabs(bytes) >= 999.5 && unit < 4) bytes /= 1000, ++unit;
  return (unit == 0 ? fixed(bytes, 0) : significant(bytes, 3)) + " " + k_units[unit];
}

std::string count_text(double count) {
  static constexpr const char* k_units[] = {"", " k", " M", " G", " T"};
  int unit = 0;
  while (std::fabs(count) >= 999.5 && unit < 4) count /= 1000, ++unit;
  return (unit == 0 ? fixed(count, 0) : significant(count, 3)) + k_units[unit];
}

std::string percent(double part) { return std::isnan(part) ? "-" : significant(part * 100, 3) + " %"; }

}  // namespace mo::report
