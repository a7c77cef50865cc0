// Numbers and name-value lines for people.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace cli {

std::string bytes_text(double bytes);                                                   // "13.4 MB"
std::string count_text(double count);                                                   // "3.50 M"
std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& lines);  // an empty name continues the one above
// Breaks at spaces so that no line is longer than `width`; further lines start with `indent` spaces.
std::string wrapped(const std::string& text, size_t width, size_t indent);

}  // namespace cli
