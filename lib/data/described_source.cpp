// The data set .yaml: pictures with preprocessing and labels, or a reference to arrays. Every key is checked; unknown ones are refused.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include "base/file.h"
#include "data/npy.h"
#include "data/picture_store.h"
#include "data/preprocess.h"
#include "data/source.h"

namespace mo::data {

namespace {

class PictureSource : public Source {
 public:
  PictureSource(const std::string& path, int64_t max_bytes) : store(path, max_bytes) {}
  PictureStore store;
  Preprocess how;
  std::string input;
  std::vector<int64_t> labels;  // empty: none

  int64_t count() const override { return store.count(); }
  Batch load(std::span<const int64_t> indices) override {
    std::vector<Tensor> samples;
    std::vector<int64_t> truth;
    for (int64_t i : indices) {
      Image image = decode_image(store.read(i), static_cast<int>(how.channels()), store.where(i));
      samples.push_back(preprocess(image, how, store.where(i)));
      require(samples.back().shape() == samples.front().shape(), Code::shape, store.where(i), ": sample is ", samples.back().shape(),
              ", the first of the batch ", samples.front().shape(), " (set resize or center_crop)");
      if (!labels.empty()) truth.push_back(labels[static_cast<size_t>(i)]);
    }
    Batch b;
    b.count = static_cast<int64_t>(indices.size());
    b.inputs.emplace_back(input, stack(samples));
    if (!truth.empty()) b.label = Tensor::of<int64_t>({b.count}, truth);
    return b;
  }
};

// One mapping of the file; remembers which keys were asked for, so that the rest can be refused by name.
class Section {
 public:
  Section(YAML::Node node, std::string where) : node_(std::move(node)), where_(std::move(where)) {
    require(node_.IsMap(), Code::format, where_, ": a mapping of keys is expected");
  }
  bool has(const std::string& key) { return known_.push_back(key), static_cast<bool>(node_[key]); }
  YAML::Node at(const std::string& key) { return node_[key]; }
  std::string string(const std::string& key, const std::string& fallback) {
    if (!has(key)) return fallback;
    require(node_[key].IsScalar(), Code::format, where_, ": ", key, " must be one word");
    return node_[key].Scalar();
  }
  int64_t integer(const std::string& key, int64_t fallback) { return has(key) ? static_cast<int64_t>(number(node_[key], key, true)) : fallback; }
  bool boolean(const std::string& key, bool fallback) {
    std::string s = string(key, fallback ? "true" : "false");
    require(s == "true" || s == "false", Code::format, where_, ": ", key, " must be true or false, got '", printable(s), "'");
    return s == "true";
  }
  std::vector<float> numbers(const std::string& key, std::vector<float> fallback) {
    if (!has(key)) return fallback;
    std::vector<float> out;
    if (node_[key].IsScalar()) return {static_cast<float>(number(node_[key], key, false))};
    for (const auto& item : node_[key]) out.push_back(static_cast<float>(number(item, key, false)));
    return out;
  }
  std::vector<int64_t> integers(const std::string& key) {
    std::vector<int64_t> out;
    if (!has(key)) return out;
    if (node_[key].IsScalar()) return {static_cast<int64_t>(number(node_[key], key, true))};
    for (const auto& item : node_[key]) out.push_back(static_cast<int64_t>(number(item, key, true)));
    return out;
  }
  void refuse_others() {
    for (const auto& pair : node_) {
      const std::string& key = pair.first.Scalar();
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      std::string near = nearest(key, known_);
      fail(Code::format, where_, ": unknown key '", printable(key), "'", near.empty() ? "" : "; did you mean ", near, near.empty() ? "" : "?");
    }
  }
  const std::string& where() const { return where_; }

 private:
  double number(const YAML::Node& n, const std::string& key, bool whole) {
    std::string s = n.IsScalar() ? n.Scalar() : "";
    auto parse = [&](std::string_view part) {
      double v = 0;
      auto r = std::from_chars(part.data(), part.data() + part.size(), v);
      require(!part.empty() && r.ec == std::errc() && r.ptr == part.data() + part.size(), Code::format, where_, ": ", key, " must be a number, got '",
              printable(s), "'");
      return v;
    };
    size_t slash = s.find('/');
    double v = slash == std::string::npos ? parse(s) : parse(std::string_view(s).substr(0, slash)) / parse(std::string_view(s).substr(slash + 1));
    require(std::fabs(v) <= std::numeric_limits<float>::max(), Code::format, where_, ": ", key, " must be a finite number, got '", printable(s),
            "'");  // NaN too
    require(!whole || (std::fabs(v) <= 1e15 && v == std::trunc(v)), Code::format, where_, ": ", key, " must be a whole number, got '", printable(s),
            "'");
    return v;
  }
  YAML::Node node_;
  std::string where_;
  std::vector<std::string> known_;
};

int choice(Section& s, const std::string& key, const std::vector<std::string>& choices) {
  std::string got = s.string(key, choices[0]);
  auto it = std::find(choices.begin(), choices.end(), got);
  require(it != choices.end(), Code::format, s.where(), ": ", key, " must be one of ", join(choices, ", "), "; got '", printable(got), "'");
  return static_cast<int>(it - choices.begin());
}

Extent extent(const std::vector<int64_t>& v, const std::string& key, const std::string& where) {
  Extent e{v.front(), v.back()};
  require(v.size() <= 2 && e.height > 0 && e.width > 0 && e.height <= 1 << 16 && e.width <= 1 << 16, Code::format, where, ": ", key,
          " must be one size or [height, width]");
  return e;
}

Preprocess read_preprocess(Section& s) {
  Preprocess p;
  p.color = static_cast<Preprocess::Color>(choice(s, "color", {"rgb", "bgr", "gray"}));
  if (auto v = s.integers("resize"); !v.empty()) {
    Extent e = extent(v, "resize", s.where());
    if (v.size() == 1) p.shorter_side = e.height;
    else p.resize = e;
  }
  if (auto v = s.integers("center_crop"); !v.empty()) p.center_crop = extent(v, "center_crop", s.where());
  p.channels_last = choice(s, "layout", {"nchw", "nhwc"}) == 1;
  p.dtype = choice(s, "dtype", {"float32", "uint8"}) == 1 ? DType::u8 : DType::f32;
  p.scale = s.numbers("scale", {1}), p.mean = s.numbers("mean", {0}), p.std = s.numbers("std", {1});
  for (const auto* list : {&p.scale, &p.mean, &p.std})
    require(list->size() == 1 || static_cast<int64_t>(list->size()) == p.channels(), Code::format, s.where(),
            ": scale, mean and std take one number or ", p.channels(), ", one for each channel");
  for (float v : p.std) require(v != 0, Code::format, s.where(), ": std must not be 0");
  bool plain = p.scale == std::vector<float>{1} && p.mean == std::vector<float>{0} && p.std == std::vector<float>{1};
  require(p.dtype == DType::f32 || plain, Code::format, s.where(), ": dtype uint8 takes no scale, mean or std");
  return p;
}

std::vector<int64_t> read_labels(Section& top, const PictureStore& store) {
  YAML::Node node = top.has("label") ? top.at("label") : YAML::Load("{}");
  Section s(node, top.where() + ": label");
  bool none = choice(s, "from", {"folder", "none"}) == 1;
  int64_t offset = s.integer("offset", 0);
  std::string mode = "sorted";
  std::vector<std::string> classes;
  if (s.has("classes")) {
    if (s.at("classes").IsScalar()) mode = s.at("classes").Scalar();
    else
      for (const auto& c : s.at("classes")) classes.push_back(c.Scalar());
  }
  s.refuse_others();
  if (none) return {};
  require(!classes.empty() || mode == "sorted" || mode == "number", Code::format, s.where(), ": classes must be a list, 'sorted' or 'number', got '",
          printable(mode), "'");
  if (classes.empty() && mode == "sorted") {
    for (int64_t i = 0; i < store.count(); ++i) classes.push_back(store.folder(i));
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  }
  std::map<std::string, int64_t> number_of;
  for (size_t c = 0; c < classes.size(); ++c) number_of.emplace(classes[c], static_cast<int64_t>(c));
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < store.count(); ++i) {
    std::string folder = store.folder(i);
    int64_t label = -1;
    if (classes.empty()) {
      auto r = std::from_chars(folder.data(), folder.data() + folder.size(), label);
      require(r.ec == std::errc() && r.ptr == folder.data() + folder.size() && !folder.empty(), Code::format, store.where(i), ": folder name '",
              printable(folder), "' is not a number");
    } else {
      auto it = number_of.find(folder);
      require(it != number_of.end(), Code::format, store.where(i), ": folder '", printable(folder), "' is not among the classes");
      label = it->second;
    }
    labels.push_back(label + offset);
  }
  return labels;
}

Selection read_selection(Section& top) {
  Selection out;
  if (!top.has("select")) return out;
  Section s(top.at("select"), top.where() + ": select");
  out.skip = s.integer("skip", 0);
  out.every = s.integer("every", 1);
  out.count = s.string("count", "all") == "all" ? -1 : s.integer("count", -1);
  out.invert = s.boolean("invert", false);
  s.refuse_others();
  return out;
}

Described read(const std::string& path, const OpenOptions& options) {
  std::vector<char> bytes = read_file(path, int64_t{16} << 20);
  Section s(YAML::Load(std::string(bytes.begin(), bytes.end())), path);
  std::string base = std::filesystem::path(path).parent_path().string();
  auto beside = [&](const std::string& p) { return p.starts_with('/') || base.empty() ? p : base + "/" + p; };
  Described d;
  d.selection = read_selection(s);
  bool arrays = s.has("arrays"), pictures = s.has("images");
  require(arrays != pictures, Code::format, path, ": exactly one of images and arrays is needed");
  if (arrays) {
    d.source = array_source(read_npz(beside(s.string("arrays", "")), options.max_bytes), s.string("label", options.label), path);
  } else {
    auto source = std::make_shared<PictureSource>(beside(s.string("images", "")), options.max_bytes);
    source->input = s.string("input", options.input);
    source->how = read_preprocess(s);
    source->labels = read_labels(s, source->store);
    d.source = std::move(source);
  }
  s.refuse_others();
  return d;
}

}  // namespace

Described described_source(const std::string& path, const OpenOptions& options) {
  try {
    return read(path, options);
  } catch (const YAML::Exception& e) { fail(Code::format, path, ": ", printable(e.what())); }
}

}  // namespace mo::data
