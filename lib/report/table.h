// Text tables with aligned columns, and numbers spelled for people.
#pragma once
#include <string>
#include <vector>

namespace mo::report {

class Table {
 public:
  // Column heads; a head that ends in '>' (not shown) is right-aligned.
  explicit Table(std::vector<std::string> heads);
  void row(std::vector<std::string> cells);  // missing cells are empty
  bool empty() const { return rows_.empty(); }
  std::string text() const;  // head, rule, rows; each line ends with a newline

 private:
  std::vector<std::string> heads_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// "name: value" lines with the values in one column.
std::string pairs(const std::vector<std::pair<std::string, std::string>>& lines);

std::string bytes_text(double bytes);  // "13.4 MB" (powers of 1000)
std::string count_text(double count);  // "3.50 M", "301 M", "54"
std::string fixed(double value, int digits);
std::string percent(double part);  // 0.2634 -> "26.3 %"
std::string significant(double value, int digits);

}  // namespace mo::report
