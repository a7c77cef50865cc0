// The readable text of a graph: printing and parsing, for tests of passes and for debugging.
//   graph  = "(" [typed {"," typed}] ")" "->" "(" names ")" "{" {statement ";"} "}"      typed = type name
//   statement = name "=" "const" type "{" numbers "}"  |  [label ":"] names "=" Op ["<" attributes ">"] "(" names ")"
//   Op = [domain "."] Name;  "_" stands for an omitted input or output.  Attribute values: 3, 2.5, "text", [1, 2], ["a"], const ..., graph.
#include <charconv>

#include "base/text.h"
#include "graph/graph.h"

namespace mo::graph {

namespace {

// --- printing

std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string float_text(float v) {
  std::string s = text(v);
  return s.find_first_of(".en") == std::string::npos ? s + ".0" : s;  // "en": exponents, nan, inf
}

std::string const_text(const Tensor& t) {
  std::string out = "const " + describe(t) + " {";
  for (int64_t i = 0; i < t.size(); ++i) {
    if (i) out += ", ";
    if (t.dtype() == DType::string) out += quoted(t.strings()[i]);
    else if (is_floating(t.dtype())) out += text(t.number(i));
    else out += text(t.integer(i));
  }
  return out + "}";
}

struct AttrText {
  std::string operator()(int64_t v) const { return text(v); }
  std::string operator()(float v) const { return float_text(v); }
  std::string operator()(const std::string& v) const { return quoted(v); }
  std::string operator()(const Tensor& v) const { return const_text(v); }
  std::string operator()(const GraphPtr& v) const { return print(*v); }
  std::string operator()(const Type& v) const { return describe(v); }
  template <class T>
  std::string operator()(const std::vector<T>& list) const {
    std::string out = "[";
    for (size_t i = 0; i < list.size(); ++i) out += (i ? ", " : "") + (*this)(list[i]);
    return out + "]";
  }
};

std::string names(const Graph& g, const std::vector<ValueId>& ids) {
  std::string out;
  for (size_t i = 0; i < ids.size(); ++i) out += (i ? ", " : "") + (ids[i] == k_none ? std::string("_") : g.value(ids[i]).name);
  return out;
}

// --- parsing

class Parser {
 public:
  explicit Parser(std::string_view s) : s_(s) {}

  Graph graph(const Graph* outer = nullptr) {
    Graph g;
    outer_ = outer;
    expect('(');
    while (!accept(')')) {
      Type type = this->type();
      g.inputs.push_back(g.add_value(word(), std::move(type)));
      accept(',');
    }
    expect('-'), expect('>'), expect('(');
    std::vector<std::string> outputs = list_of_names(')');
    expect('{');
    while (!accept('}')) statement(g), expect(';');
    for (const std::string& n : outputs) g.outputs.push_back(lookup(g, n));
    return g;
  }

  bool at_end() { return space(), at_ >= s_.size(); }

 private:
  [[noreturn]] void bad(std::string_view wanted) { fail(Code::format, "graph text: expected ", wanted, " at '", s_.substr(at_, 24), "'"); }
  void space() {
    while (at_ < s_.size() && (s_[at_] == ' ' || s_[at_] == '\n' || s_[at_] == '\t')) ++at_;
  }
  bool peek(char c) { return space(), at_ < s_.size() && s_[at_] == c; }
  bool accept(char c) { return peek(c) ? (++at_, true) : false; }
  void expect(char c) {
    if (!accept(c)) bad(std::string(1, c));
  }
  static bool in_word(char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '/' || c == ':'; }
  std::string word() {
    space();
    size_t from = at_;
    while (at_ < s_.size() && in_word(s_[at_]) && !(s_[at_] == ':' && at_ + 1 < s_.size() && s_[at_ + 1] == ' ')) ++at_;
    if (at_ == from) bad("a name");
    return std::string(s_.substr(from, at_ - from));
  }
  std::string quoted_text() {
    expect('"');
    std::string out;
    while (at_ < s_.size() && s_[at_] != '"') {
      if (s_[at_] == '\\') ++at_;
      if (at_ < s_.size()) out += s_[at_++];
    }
    if (at_ >= s_.size()) bad("a closing quote");
    ++at_;
    return out;
  }
  double number(bool* is_float) {
    space();
    size_t from = at_;
    while (at_ < s_.size() && (isalnum(static_cast<unsigned char>(s_[at_])) || s_[at_] == '-' || s_[at_] == '+' || s_[at_] == '.')) ++at_;
    std::string_view token = s_.substr(from, at_ - from);
    double v = 0;
    if (std::from_chars(token.data(), token.data() + token.size(), v).ptr != token.data() + token.size() || token.empty()) bad("a number");
    if (is_float) *is_float = token.find_first_of(".en") != std::string_view::npos;
    return v;
  }
  std::vector<std::string> list_of_names(char close) {
    std::vector<std::string> out;
    while (!accept(close)) out.push_back(word()), accept(',');
    return out;
  }
  Type type() {
    std::string dtype = accept('?') ? std::string("?") : word();
    Type t = Type::tensor(dtype_from_name(dtype));
    if (t.dtype == DType::undefined && dtype != "?") bad("a dtype");
    if (!accept('[')) return t;
    t.ranked = true;
    while (!accept(']')) {
      if (accept('?')) t.dims.emplace_back();
      else if (space(), isdigit(static_cast<unsigned char>(s_[at_]))) t.dims.push_back({static_cast<int64_t>(number(nullptr)), {}});
      else t.dims.push_back({-1, word()});
      accept(',');
    }
    return t;
  }
  Tensor constant() {
    Type t = type();
    if (!t.is_static()) t.ranked = true;
    Tensor out = Tensor::zeros(t.dtype, t.shape());
    expect('{');
    for (int64_t i = 0; !accept('}'); ++i) {
      if (t.dtype == DType::string) out.mutable_data<std::string>()[i] = quoted_text();
      else out.set_number(i, number(nullptr));
      accept(',');
    }
    return out;
  }
  AttrValue attribute(const Graph& g) {
    if (peek('"')) return quoted_text();
    if (peek('(')) {
      const Graph* saved = outer_;
      Graph sub = graph(&g);
      outer_ = saved;
      return std::make_shared<const Graph>(std::move(sub));
    }
    if (accept('[')) {
      std::vector<int64_t> ints;
      std::vector<float> floats;
      std::vector<std::string> strings;
      bool any_float = false;
      while (!accept(']')) {
        if (peek('"')) {
          strings.push_back(quoted_text());
        } else {
          bool is_float = false;
          double v = number(&is_float);
          any_float |= is_float;
          ints.push_back(static_cast<int64_t>(v)), floats.push_back(static_cast<float>(v));
        }
        accept(',');
      }
      if (!strings.empty()) return strings;
      return any_float ? AttrValue(floats) : AttrValue(ints);
    }
    size_t mark = at_;
    if (space(), isalpha(static_cast<unsigned char>(s_[at_])) && word() == "const") return constant();
    at_ = mark;
    bool is_float = false;
    double v = number(&is_float);
    return is_float ? AttrValue(static_cast<float>(v)) : AttrValue(static_cast<int64_t>(v));
  }
  ValueId lookup(Graph& g, const std::string& n) {
    if (n == "_") return k_none;
    if (ValueId v = g.find_value(n); v != k_none) return v;
    if (outer_)
      if (ValueId v = outer_->find_value(n); v != k_none) {
        ValueId inner = g.add_value(n, outer_->value(v).type);
        g.captures.push_back({v, inner});
        return inner;
      }
    fail(Code::format, "graph text: no value '", n, "'");
  }
  void statement(Graph& g) {
    size_t mark = at_;
    Node n;
    std::string first = word();
    if (accept(':')) n.name = first;
    else at_ = mark;
    std::vector<std::string> results = list_of_names('=');
    mark = at_;
    if (space(), isalpha(static_cast<unsigned char>(s_[at_])) && word() == "const") {
      g.add_constant(results.at(0), constant());
      return;
    }
    at_ = mark;
    n.op = word();
    if (size_t dot = n.op.rfind('.'); dot != std::string::npos) n.domain = n.op.substr(0, dot), n.op = n.op.substr(dot + 1);
    if (accept('<'))
      while (!accept('>')) {
        std::string key = word();
        expect('=');
        n.set(key, attribute(g));
        accept(',');
      }
    expect('(');
    for (const std::string& input : list_of_names(')')) n.inputs.push_back(lookup(g, input));
    for (const std::string& r : results) n.outputs.push_back(r == "_" ? k_none : g.add_value(r));
    g.add_node(std::move(n));
  }

  std::string_view s_;
  size_t at_ = 0;
  const Graph* outer_ = nullptr;
};

}  // namespace

std::string print(const Graph& g) {
  std::string out = "(";
  for (size_t i = 0; i < g.inputs.size(); ++i) out += (i ? ", " : "") + describe(g.value(g.inputs[i]).type) + " " + g.value(g.inputs[i]).name;
  out += ") -> (" + names(g, g.outputs) + ") {\n";
  for (ValueId v = 0; v < g.value_count(); ++v)
    if (g.value(v).is_constant()) out += "  " + g.value(v).name + " = " + const_text(g.value(v).constant) + ";\n";
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    out += "  " + (n.name.empty() ? "" : n.name + ": ") + names(g, n.outputs) + " = " + (n.domain.empty() ? "" : n.domain + ".") + n.op;
    if (!n.attributes.empty()) {
      out += "<";
      for (size_t i = 0; i < n.attributes.size(); ++i)
        out += text(i ? ", " : "", n.attributes[i].first, "=", std::visit(AttrText{}, n.attributes[i].second));
      out += ">";
    }
    out += text("(", names(g, n.inputs), ");\n");
  }
  return out + "}\n";
}

Graph parse(std::string_view source) {
  Parser p(source);
  Graph g = p.graph();
  require(p.at_end(), Code::format, "graph text: something follows the closing brace");
  return g;
}

}  // namespace mo::graph
