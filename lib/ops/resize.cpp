// Resize: each axis resampled on its own: output position -> input coordinate -> weighted neighbours (nearest, linear, cubic, antialiased).
#include <cmath>

#include "base/checked.h"
#include "ops/image.h"
#include "ops/stack.h"

namespace mo::ops {
namespace {

struct Plan {  // per axis
  Shape out;
  std::vector<double> scale, roi_start, roi_end;
  std::vector<char> active;
};

std::vector<size_t> resized_axes(const Node& n, int64_t rank) {
  std::vector<size_t> axes;
  if (!n.has("axes"))
    for (int64_t a = 0; a < rank; ++a) axes.push_back(static_cast<size_t>(a));
  for (int64_t a : n.ints("axes")) axes.push_back(static_cast<size_t>(normal_axis(a, rank)));
  return axes;
}

bool crops(const Node& n) { return n.s("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize"; }

// Sizes and scales of every axis from the operands; roi, scales, sizes may be null.
Plan make_plan(const Node& n, const Shape& in, const Tensor* roi, const Tensor* scales, const Tensor* sizes) {
  Plan p{in, std::vector<double>(in.size(), 1), std::vector<double>(in.size(), 0), std::vector<double>(in.size(), 1),
         std::vector<char>(in.size(), 0)};
  std::vector<size_t> axes = resized_axes(n, static_cast<int64_t>(in.size()));
  int64_t count = static_cast<int64_t>(axes.size());
  if (crops(n)) {
    require(roi && roi->size() == 2 * count, Code::shape, "roi has ", roi ? roi->size() : 0, " entries, wants ", 2 * count);
    for (size_t i = 0; i < axes.size(); ++i) {
      p.roi_start[axes[i]] = roi->number(static_cast<int64_t>(i));
      p.roi_end[axes[i]] = roi->number(static_cast<int64_t>(i) + count);
    }
  }
  for (size_t a : axes) p.active[a] = 1;
  if (sizes) {
    require(sizes->size() == count, Code::shape, "sizes has ", sizes->size(), " entries, wants ", count);
    std::string policy = n.s("keep_aspect_ratio_policy", "stretch");
    require(policy == "stretch" || policy == "not_larger" || policy == "not_smaller", Code::invalid_argument, "keep_aspect_ratio_policy is '",
            printable(policy), "'");
    double common = policy == "not_larger" ? HUGE_VAL : 0;
    for (size_t i = 0; i < axes.size(); ++i) {
      int64_t size = sizes->integer(static_cast<int64_t>(i)), from = in[axes[i]];
      require(size >= 0 && (from > 0 || size == 0), Code::shape, "axis of ", from, " elements resized to ", size);
      p.out[axes[i]] = size;
      double s = from > 0 ? static_cast<double>(size) / static_cast<double>(from) : 1;
      p.scale[axes[i]] = s;
      common = policy == "not_larger" ? std::min(common, s) : std::max(common, s);
    }
    if (policy != "stretch")
      for (size_t a : axes) {
        double size = std::floor(common * static_cast<double>(in[a]) + 0.5);
        require(size >= 0 && size < 9e15, Code::limit, "axis resized to ", size);
        p.scale[a] = common;
        p.out[a] = static_cast<int64_t>(size);
      }
    return p;
  }
  require(scales && scales->size() == count, Code::shape, "scales has ", scales ? scales->size() : 0, " entries, wants ", count);
  for (size_t i = 0; i < axes.size(); ++i) {
    size_t a = axes[i];
    double s = scales->number(static_cast<int64_t>(i));
    require(s > 0 && std::isfinite(s), Code::invalid_argument, "scale is ", s);
    // single precision, as the operator's own size inference multiplies
    float size = static_cast<float>(in[a]) * static_cast<float>(s);
    if (crops(n)) size = static_cast<float>(in[a]) * static_cast<float>(p.roi_end[a] - p.roi_start[a]) * static_cast<float>(s);
    require(size >= 0 && size < 9e15f, Code::limit, "axis resized to ", size);
    p.scale[a] = s;
    p.out[a] = static_cast<int64_t>(std::floor(size));
  }
  return p;
}

const Tensor* nonempty(const Tensor* t) { return t && t->size() > 0 ? t : nullptr; }

void infer(Infer& c) {
  const Type& x = c.input(0);
  if (!x.ranked) return c.set_unranked(0, x.dtype);
  const Tensor *scales = nonempty(c.known(2)), *sizes = nonempty(c.known(3));
  std::vector<Dim> dims = x.dims;
  std::vector<size_t> axes = resized_axes(c.node, x.rank());
  bool known = (scales || sizes) && (!crops(c.node) || c.known(1));
  for (size_t a : axes) known = known && x.dims[a].known();
  if (known) {
    Shape in;
    for (const Dim& d : x.dims) in.push_back(d.known() ? d.size : 1);
    Plan p = make_plan(c.node, in, c.known(1), scales, sizes);
    for (size_t a : axes) dims[a] = known_dim(p.out[a]);
  } else {
    // some axes may be plain even so: scale 1 keeps a dim, a size sets it
    bool stretch = c.node.s("keep_aspect_ratio_policy", "stretch") == "stretch";
    for (size_t i = 0; i < axes.size(); ++i) {
      int64_t at = static_cast<int64_t>(i);
      Dim& d = dims[axes[i]];
      if (sizes && stretch && at < sizes->size() && sizes->integer(at) >= 0) d = known_dim(sizes->integer(at));
      else if (scales && at < scales->size() && scales->number(at) == 1 && !crops(c.node)) continue;
      else if (scales && at < scales->size() && d.known() && !crops(c.node) && scales->number(at) > 0)
        d = known_dim(static_cast<int64_t>(std::floor(static_cast<float>(d.size) * static_cast<float>(scales->number(at)))));
      else d = Dim();
    }
  }
  c.set(0, x.dtype, std::move(dims));
}

enum class Mode { nearest, linear, cubic };

struct Settings {
  Mode mode;
  std::string coordinate, nearest;
  double a;
  bool antialias, exclude_outside;
};

Settings read_settings(const Node& n) {
  Settings s;
  std::string mode = n.s("mode", "nearest");
  require(mode == "nearest" || mode == "linear" || mode == "cubic", Code::invalid_argument, "mode is '", printable(mode), "'");
  s.mode = mode == "nearest" ? Mode::nearest : mode == "linear" ? Mode::linear : Mode::cubic;
  s.coordinate = n.s("coordinate_transformation_mode", "half_pixel");
  s.nearest = n.s("nearest_mode", "round_prefer_floor");
  s.a = n.f("cubic_coeff_a", -0.75f);
  s.antialias = n.i("antialias", 0) != 0 && s.mode != Mode::nearest;
  s.exclude_outside = n.i("exclude_outside", 0) != 0;
  return s;
}

// Input coordinate of output position x along axis a.
double source_coordinate(const Settings& s, const Plan& p, size_t a, int64_t in_size, int64_t position) {
  double x = static_cast<double>(position), in = static_cast<double>(in_size), scale = p.scale[a], width = scale * in;
  const std::string& mode = s.coordinate;
  if (mode == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (mode == "asymmetric") return x / scale;
  if (mode == "pytorch_half_pixel") return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5;
  if (mode == "align_corners") return width == 1 ? 0.0 : x * (in - 1) / (width - 1);
  if (mode == "half_pixel_symmetric") return in / 2 * (1 - static_cast<double>(p.out[a]) / width) + (x + 0.5) / scale - 0.5;
  if (mode == "tf_crop_and_resize") {
    double span = (p.roi_end[a] - p.roi_start[a]) * (in - 1), length = static_cast<double>(p.out[a]);
    return p.roi_start[a] * (in - 1) + (length > 1 ? x * span / (length - 1) : span / 2);
  }
  fail(Code::invalid_argument, "coordinate_transformation_mode is '", printable(mode), "'");
}

int64_t nearest_index(const Settings& s, double x) {
  if (s.nearest == "round_prefer_floor") return static_cast<int64_t>(std::ceil(x - 0.5));
  if (s.nearest == "round_prefer_ceil") return static_cast<int64_t>(std::floor(x + 0.5));
  if (s.nearest == "floor") return static_cast<int64_t>(std::floor(x));
  if (s.nearest == "ceil") return static_cast<int64_t>(std::ceil(x));
  fail(Code::invalid_argument, "nearest_mode is '", printable(s.nearest), "'");
}

double cubic_kernel(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0.0;
}

// The weighted neighbours of each output position along one axis; outside positions give the extrapolation value.
struct Samples {
  std::vector<int64_t> first;  // offset into index/weight of each position, one more at the end
  std::vector<int64_t> index;
  std::vector<double> weight;
  std::vector<char> outside;
};

char crops_outside(const Settings& s, double x, int64_t in) {
  return s.coordinate == "tf_crop_and_resize" && (x < 0 || x > static_cast<double>(in - 1));
}

Samples sample_axis(const Settings& s, const Plan& p, size_t a, int64_t in) {
  Samples out;
  out.first.push_back(0);
  double stretch = s.antialias ? std::min(p.scale[a], 1.0) : 1.0;
  double support = s.mode == Mode::cubic ? 2 : 1;
  require(support / stretch < 1e7, Code::limit, "antialiasing over ", support / stretch, " elements");
  int64_t begin = static_cast<int64_t>(std::floor(-support / stretch)) + 1, end = 2 - begin;
  for (int64_t o = 0; o < p.out[a]; ++o) {
    double x = source_coordinate(s, p, a, in, o);
    require(std::abs(x) < 1e15, Code::limit, "resize coordinate ", x);
    out.outside.push_back(crops_outside(s, x, in));
    if (s.mode == Mode::nearest) {
      out.index.push_back(std::clamp<int64_t>(nearest_index(s, x), 0, in - 1));
      out.weight.push_back(1);
    } else {
      // the neighbour at or left of x counts as base; a whole x takes the one further left, with ratio 1
      double floor = std::floor(x), ratio = x == floor ? 1.0 : x - floor;
      int64_t base = static_cast<int64_t>(floor) - (x == floor ? 1 : 0);
      double sum = 0;
      size_t start = out.weight.size();
      for (int64_t i = begin; i < end; ++i) {
        double d = (static_cast<double>(i) - ratio) * stretch;
        double w = s.mode == Mode::cubic ? cubic_kernel(d, s.a) : std::max(0.0, 1 - std::abs(d));
        if (s.exclude_outside && (base + i < 0 || base + i >= in)) w = 0;
        sum += w;
        out.index.push_back(std::clamp<int64_t>(base + i, 0, in - 1));
        out.weight.push_back(w);
      }
      if ((s.antialias || s.exclude_outside) && sum != 0)
        for (size_t k = start; k < out.weight.size(); ++k) out.weight[k] /= sum;
    }
    out.first.push_back(static_cast<int64_t>(out.index.size()));
  }
  return out;
}

// Nearest moves elements of any dtype, all axes at once.
void move_elements(Run& c, const Plan& p, const std::vector<Samples>& samples) {
  const Tensor& x = c.in(0);
  Tensor& y = c.out(0, x.dtype(), p.out);
  void* dst = y.raw_mutable();
  std::vector<int64_t> strides = row_major_strides(x.shape());
  bool numeric = x.dtype() != DType::string && info(x.dtype()).bits <= 64 && x.dtype() != DType::c64;
  double extrapolation = c.node.f("extrapolation_value", 0);
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t rest = i, at = 0;
    bool outside = false;
    for (size_t a = p.out.size(); a-- > 0;) {
      int64_t o = rest % p.out[a];
      rest /= p.out[a];
      if (!p.active[a]) {
        at += o * strides[a];
        continue;
      }
      at += samples[a].index[static_cast<size_t>(o)] * strides[a];
      outside = outside || samples[a].outside[static_cast<size_t>(o)];
    }
    if (outside && numeric) store_number(x.dtype(), dst, i, extrapolation);
    else copy_elements(x.dtype(), x.raw(), at, dst, i, 1);
  }
}

void interpolate(Run& c, const Plan& p, const std::vector<Samples>& samples) {
  const Tensor& x = c.in(0);
  std::vector<double> data = doubles(x);
  Shape shape = x.shape();
  double extrapolation = c.node.f("extrapolation_value", 0);
  for (size_t a = 0; a < shape.size(); ++a) {
    if (!p.active[a]) continue;
    const Samples& s = samples[a];
    int64_t outer = checked_product(std::span(shape).first(a)), inner = checked_product(std::span(shape).subspan(a + 1)), in = shape[a];
    shape[a] = p.out[a];
    std::vector<double> next(static_cast<size_t>(element_count(shape)));
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t k = 0; k < shape[a]; ++k) {
        double* dst = next.data() + (o * shape[a] + k) * inner;
        if (s.outside[static_cast<size_t>(k)]) {
          std::fill(dst, dst + inner, extrapolation);
          continue;
        }
        for (int64_t w = s.first[static_cast<size_t>(k)]; w < s.first[static_cast<size_t>(k) + 1]; ++w) {
          const double* src = data.data() + (o * in + s.index[static_cast<size_t>(w)]) * inner;
          double weight = s.weight[static_cast<size_t>(w)];
          if (weight == 0) continue;
          for (int64_t i = 0; i < inner; ++i) dst[i] += weight * src[i];
        }
      }
    data = std::move(next);
  }
  Tensor& y = c.out(0, x.dtype(), p.out);
  void* dst = y.raw_mutable();
  for (int64_t i = 0; i < y.size(); ++i) store_rounded(x.dtype(), dst, i, data[static_cast<size_t>(i)]);
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  const Tensor *scales = nonempty(c.in_or_null(2)), *sizes = nonempty(c.in_or_null(3));
  require((scales != nullptr) != (sizes != nullptr) || x.rank() == 0, Code::format, "wants either scales or sizes");
  Plan p = make_plan(c.node, x.shape(), c.in_or_null(1), scales, sizes);
  Settings s = read_settings(c.node);
  c.out(0, x.dtype(), p.out);  // memory first: the samples below are as many as the output's positions
  std::vector<Samples> samples(p.out.size());
  for (size_t a = 0; a < p.out.size(); ++a) {
    require(p.out[a] == 0 || x.shape()[a] > 0, Code::shape, "axis of 0 elements resized to ", p.out[a]);
    bool identity = p.scale[a] == 1 && p.out[a] == x.shape()[a] && p.roi_start[a] == 0 && p.roi_end[a] == 1;
    if (identity) p.active[a] = 0;
    if (p.active[a]) samples[a] = sample_axis(s, p, a, x.shape()[a]);
  }
  if (s.mode == Mode::nearest) move_elements(c, p, samples);
  else interpolate(c, p, samples);
}

int since(const Node& n, std::span<const Type>) {
  std::string policy = n.s("keep_aspect_ratio_policy", "stretch"), mode = n.s("coordinate_transformation_mode", "half_pixel");
  if (mode == "half_pixel_symmetric") return 19;
  if (n.i("antialias", 0) || n.has("axes") || policy != "stretch") return 18;
  return 13;
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (q.outputs[0].is_static() && q.node.s("mode", "nearest") != "nearest") r.flops = checked_mul(8, element_count(q.outputs[0].shape()));
  return r;
}

}  // namespace

extern const OpDef resize{
    .name = "Resize", .min_inputs = 1, .max_inputs = 4, .infer = infer, .run = run, .cost = cost, .since = 13, .since_of = since};

}  // namespace mo::ops
