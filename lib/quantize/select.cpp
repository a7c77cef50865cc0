// Matching of names and patterns (RE2: linear time whatever the pattern).
#include "quantize/select.h"

#include <re2/re2.h>

#include <algorithm>

namespace mo::quantize {

struct NodeSelector::Entry {
  std::string source;
  std::unique_ptr<re2::RE2> pattern;  // null for "op:..." entries
  mutable bool used = false;

  bool matches(const graph::Node& n) const {
    bool hit = pattern ? n.name == source || re2::RE2::FullMatch(n.name, *pattern) : n.op == std::string_view(source).substr(3);
    used |= hit;
    return hit;
  }
};

namespace {
std::unique_ptr<re2::RE2> compile(const std::string& source) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_unique<re2::RE2>(source, options);
  // A literal name may hold characters that are no pattern ("/model/conv(1"); it still matches as itself.
  return pattern->ok() ? std::move(pattern) : std::make_unique<re2::RE2>(re2::RE2::QuoteMeta(source), options);
}
}  // namespace

NodeSelector::NodeSelector(const std::vector<std::string>& include, const std::vector<std::string>& exclude, const std::vector<std::string>& op_types)
    : op_types_(op_types) {
  auto read = [](const std::vector<std::string>& list, auto& into) {
    for (const std::string& s : list) {
      require(!s.empty(), Code::invalid_argument, "include/exclude: an entry is empty");
      auto e = std::make_unique<Entry>();
      e->source = s;
      if (!s.starts_with("op:")) e->pattern = compile(s);
      into.push_back(std::move(e));
    }
  };
  read(include, include_);
  read(exclude, exclude_);
}

NodeSelector::~NodeSelector() = default;

std::string NodeSelector::refuse(const graph::Node& n) const {
  bool excluded = false;
  for (const auto& e : exclude_) excluded |= e->matches(n);
  bool included = include_.empty();
  for (const auto& e : include_) included |= e->matches(n);
  if (excluded) return "excluded by name or pattern";
  if (!included) return "not in the include list";
  if (!op_types_.empty() && std::find(op_types_.begin(), op_types_.end(), n.op) == op_types_.end())
    return text("operator ", n.op, " is not among op_types");
  return "";
}

std::vector<std::string> NodeSelector::unused() const {
  std::vector<std::string> out;
  for (const auto* list : {&include_, &exclude_})
    for (const auto& e : *list)
      if (!e->used) out.push_back(e->source);
  return out;
}

}  // namespace mo::quantize
