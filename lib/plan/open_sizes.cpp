// Stand-ins by symbol.
#include "plan/open_sizes.h"

#include <array>
#include <map>
#include <string>
#include <string_view>

namespace mo::plan {

using graph::Dim;
using graph::Type;

namespace {

constexpr std::array<int64_t, 16> k_primes = {37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103};

// The terms of "a + b + 1". Exporters call the length of a cache and what is added to it total_x, where x is what is added and past_x what was there.
std::vector<std::string> terms(const std::string& symbol) {
  constexpr std::string_view k_total = "total_";
  if (symbol.starts_with(k_total)) return {"past_" + symbol.substr(k_total.size()), symbol.substr(k_total.size())};
  std::vector<std::string> out(1);
  for (char c : symbol) {
    if (c == '+') out.emplace_back();
    else if (c != ' ') out.back() += c;
  }
  return out;
}

bool is_number(const std::string& s) { return !s.empty() && s.size() < 10 && s.find_first_not_of("0123456789") == std::string::npos; }

class StandIns {
 public:
  // Symbols of one term first, so that sums of them know what they add.
  StandIns(std::span<const Type> declared, std::span<const Type> given) {
    for (size_t k = 0; k < given.size(); ++k)
      for (size_t i = 0; i < declared[k].dims.size(); ++i) {
        const Dim& d = declared[k].dims[i];
        if (d.known() || d.symbol.empty() || terms(d.symbol).size() > 1) continue;
        const int64_t size = given[k].dims[i].size;
        if (auto [it, fresh] = by_symbol_.emplace(d.symbol, size); fresh && size > 1) it->second = next();
      }
  }

  int64_t of(const Dim& d) {
    if (d.symbol.empty()) return next();
    const std::vector<std::string> parts = terms(d.symbol);
    if (parts.size() == 1) return by_symbol_.at(d.symbol);
    int64_t sum = 0;
    for (const std::string& part : parts) {
      auto it = by_symbol_.find(part);
      if (!is_number(part) && it == by_symbol_.end()) return by_symbol_.emplace(d.symbol, next()).first->second;
      sum += is_number(part) ? std::stoll(part) : it->second;
    }
    return sum;
  }

 private:
  int64_t next() { return k_primes[used_++ % k_primes.size()]; }
  std::map<std::string, int64_t> by_symbol_;
  size_t used_ = 0;
};

}  // namespace

std::optional<OpenSizes> open_sizes(std::span<const Type> declared, std::span<const Type> given) {
  for (size_t k = 0; k < given.size(); ++k)
    if (!given[k].is_static() || !declared[k].is_tensor() || !declared[k].ranked || declared[k].rank() != given[k].rank()) return std::nullopt;
  OpenSizes out;
  StandIns stand_ins(declared, given);
  bool any = false;
  for (size_t k = 0; k < given.size(); ++k) {
    Type open = given[k], sized = given[k];
    for (size_t i = 0; i < open.dims.size(); ++i) {
      const Dim& d = declared[k].dims[i];
      if (d.known()) continue;
      const int64_t size = given[k].dims[i].size;
      out.key.push_back(size > 1 ? 2 : size);
      if (size <= 1) continue;
      any = true;
      open.dims[i] = d;
      sized.dims[i] = Dim{stand_ins.of(d), {}};
    }
    out.open.push_back(std::move(open));
    out.sized.push_back(std::move(sized));
  }
  if (!any) return std::nullopt;
  return out;
}

}  // namespace mo::plan
