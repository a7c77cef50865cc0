/* mo.hpp: the C++17 face of libmo, header-only over mo.h, which says what every operation does.
 *
 *   mo::Model model = mo::Model::load("model.onnx");
 *   mo::Session session(model);
 *   mo::Tensors outputs = session.run({{"input", mo::Tensor::of(pixels, {1, 3, 224, 224})}});
 *   std::vector<float> scores = outputs.get("output").read<float>();
 *
 * Objects own what they stand for and are moved, not copied; they free it in their destructor. What libmo objects to is thrown as
 * mo::Error. A moved-from object is empty, and using it is an error too. The rules for threads are those of mo.h. What a callback throws
 * cancels the work and is thrown again by the call that it was for. `get()` lends the C object, for what this header does not wrap.
 */
#ifndef MO_MO_HPP
#define MO_MO_HPP

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mo/mo.h"

namespace mo {

/* Why a call failed. */
class Error : public std::runtime_error {
 public:
  /* Takes what a call returned, and frees it. */
  explicit Error(mo_error *error) : Error(error, Free{error}) {}

  mo_code code() const noexcept { return code_; }
  const std::string &node() const noexcept { return node_; } /* the model's node that it concerns, "" for none */
  const std::string &op() const noexcept { return op_; }     /* and that node's operator */

 private:
  struct Free {
    mo_error *error;
    ~Free() { mo_error_free(error); }
  };
  Error(const mo_error *error, const Free &)
      : std::runtime_error(mo_error_message(error)),
        code_(static_cast<mo_code>(mo_error_code(error))),
        node_(mo_error_node(error)),
        op_(mo_error_op(error)) {}

  mo_code code_;
  std::string node_, op_;
};

namespace detail {

inline void check(mo_error *error) {
  if (error) throw Error(error);
}

template <class T, void (*free)(T *)>
struct Deleter {
  void operator()(T *object) const noexcept { free(object); }
};

/* What every class shares: a C object that it owns. */
template <class T, void (*free)(T *)>
class Owner {
 public:
  explicit Owner(T *object = nullptr) noexcept : object_(object) {}
  T *get() const noexcept { return object_.get(); }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  std::unique_ptr<T, Deleter<T, free>> object_;
};

using Buffer = Owner<mo_buffer, mo_buffer_free>;

template <class F>
std::string text(F &&call) {
  mo_buffer *out = nullptr;
  check(call(&out));
  Buffer buffer(out);
  return std::string(static_cast<const char *>(mo_buffer_data(out)), static_cast<std::size_t>(mo_buffer_size(out)));
}

template <class T, class F>
T *make(F &&call) {
  T *out = nullptr;
  check(call(&out));
  return out;
}

}  // namespace detail

/* The library. */
inline std::string version() { return mo_version(); }
inline std::string build_info_json() { return detail::text(mo_build_info_json); }
inline std::string devices_json() { return detail::text(mo_devices_json); }

/* Sends log lines to `sink`, which may be called from any thread, one call at a time; what it throws is ignored. Empty: no log. */
inline void set_log(mo_log_level level, std::function<void(mo_log_level, std::string_view)> sink) {
  using Sink = std::function<void(mo_log_level, std::string_view)>;
  static std::unique_ptr<Sink> kept; /* the library keeps its address */
  auto next = sink ? std::make_unique<Sink>(std::move(sink)) : nullptr;
  mo_log_fn call = [](void *user, int32_t at, const char *message) noexcept {
    try {
      (*static_cast<Sink *>(user))(static_cast<mo_log_level>(at), message);
    } catch (...) {}
  };
  mo_set_log(next ? call : nullptr, next.get(), next ? level : MO_LOG_OFF);
  kept = std::move(next); /* only now: the former sink may have been running until mo_set_log returned */
}

/* Progress, cancellation and deadline of long work. */
class Control {
 public:
  /* stage, units done, units in all (0: unknown); return false to cancel */
  using Progress = std::function<bool(std::string_view, std::int64_t, std::int64_t)>;

  explicit Control(Progress progress = nullptr) : state_(std::make_unique<State>()) {
    state_->progress = std::move(progress);
    control_ =
        Handle(detail::make<mo_control>([&](mo_control **out) { return mo_control_create(state_->progress ? call : nullptr, state_.get(), out); }));
  }
  Control(Control &&) noexcept = default;
  Control &operator=(Control &&other) noexcept {
    control_ = std::move(other.control_); /* the C object first: it points to the state */
    state_ = std::move(other.state_);
    return *this;
  }

  void cancel() noexcept { mo_control_cancel(control_.get()); }
  void set_deadline(std::chrono::duration<double> from_now) { detail::check(mo_control_set_deadline(control_.get(), from_now.count())); }
  mo_control *get() const noexcept { return control_.get(); }

  /* Throws what `error` says, or what the progress function threw. */
  void check(mo_error *error) {
    if (!error) return;
    Error thrown(error);
    if (thrown.code() == MO_ERR_CANCELLED && state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
    throw thrown;
  }

 private:
  using Handle = detail::Owner<mo_control, mo_control_free>;
  struct State {
    Progress progress;
    std::exception_ptr failure;
  };
  static int32_t call(void *user, const char *stage, int64_t done, int64_t total) noexcept {
    auto *state = static_cast<State *>(user);
    try {
      return state->progress(stage, done, total) ? 0 : 1;
    } catch (...) {
      state->failure = std::current_exception();
      return 1;
    }
  }

  std::unique_ptr<State> state_;
  Handle control_;
};

namespace detail {
inline mo_control *get(Control *control) { return control ? control->get() : nullptr; }
inline void check(Control *control, mo_error *error) {
  if (control) control->check(error);
  else check(error);
}
}  // namespace detail

/* Settings of one operation: mo::Options("quantize").set("precision", "int8"). */
class Options : public detail::Owner<mo_options, mo_options_free> {
 public:
  explicit Options(const char *operation) : Owner(detail::make<mo_options>([&](mo_options **out) { return mo_options_create(operation, out); })) {}

  Options &set(const char *key, const char *value) { return checked(mo_options_set_string(get(), key, value)); }
  Options &set(const char *key, const std::string &value) { return set(key, value.c_str()); }
  Options &set(const char *key, bool value) { return checked(mo_options_set_bool(get(), key, value)); }
  Options &set(const char *key, int value) { return checked(mo_options_set_int(get(), key, value)); }
  Options &set(const char *key, std::int64_t value) { return checked(mo_options_set_int(get(), key, value)); }
  Options &set(const char *key, double value) { return checked(mo_options_set_double(get(), key, value)); }
  Options &set(const char *key, const std::vector<std::string> &values) {
    std::vector<const char *> texts;
    for (const std::string &value : values) texts.push_back(value.c_str());
    return checked(mo_options_set_strings(get(), key, texts.data(), static_cast<std::int64_t>(texts.size())));
  }
  Options &parse(const std::string &json_or_yaml) { return checked(mo_options_parse(get(), json_or_yaml.c_str())); }
  std::string json() const {
    return detail::text([&](mo_buffer **out) { return mo_options_json(get(), out); });
  }

  /* The schema of an operation; NULL: the operations. */
  static std::string describe_json(const char *operation) {
    return detail::text([&](mo_buffer **out) { return mo_options_describe_json(operation, out); });
  }

 private:
  Options &checked(mo_error *error) {
    detail::check(error);
    return *this;
  }
};

namespace detail {
inline const mo_options *get(const Options *options) { return options ? options->get() : nullptr; }
}  // namespace detail

/* The element type of a C++ type. */
template <class T>
struct dtype_of;
template <>
struct dtype_of<float> {
  static constexpr mo_dtype value = MO_DTYPE_FLOAT32;
};
template <>
struct dtype_of<double> {
  static constexpr mo_dtype value = MO_DTYPE_FLOAT64;
};
template <>
struct dtype_of<std::int8_t> {
  static constexpr mo_dtype value = MO_DTYPE_INT8;
};
template <>
struct dtype_of<std::uint8_t> {
  static constexpr mo_dtype value = MO_DTYPE_UINT8;
};
template <>
struct dtype_of<std::int16_t> {
  static constexpr mo_dtype value = MO_DTYPE_INT16;
};
template <>
struct dtype_of<std::uint16_t> {
  static constexpr mo_dtype value = MO_DTYPE_UINT16;
};
template <>
struct dtype_of<std::int32_t> {
  static constexpr mo_dtype value = MO_DTYPE_INT32;
};
template <>
struct dtype_of<std::uint32_t> {
  static constexpr mo_dtype value = MO_DTYPE_UINT32;
};
template <>
struct dtype_of<std::int64_t> {
  static constexpr mo_dtype value = MO_DTYPE_INT64;
};
template <>
struct dtype_of<std::uint64_t> {
  static constexpr mo_dtype value = MO_DTYPE_UINT64;
};
template <>
struct dtype_of<bool> {
  static constexpr mo_dtype value = MO_DTYPE_BOOL;
};

using Shape = std::vector<std::int64_t>;

/* A typed, shaped array. */
class Tensor : public detail::Owner<mo_tensor, mo_tensor_free> {
 public:
  using Owner::Owner;

  /* A copy of `data`, of any type; data NULL with bytes 0: zeros. */
  Tensor(mo_dtype dtype, const Shape &shape, const void *data = nullptr, std::int64_t bytes = 0)
      : Owner(detail::make<mo_tensor>(
            [&](mo_tensor **out) { return mo_tensor_create(dtype, shape.data(), static_cast<std::int64_t>(shape.size()), data, bytes, out); })) {}

  template <class T>
  static Tensor of(const std::vector<T> &data, const Shape &shape) {
    return Tensor(dtype_of<T>::value, shape, data.data(), static_cast<std::int64_t>(data.size() * sizeof(T)));
  }
  static Tensor of(const std::vector<std::string> &texts, const Shape &shape) {
    std::string joined;
    for (const std::string &text : texts) joined.append(text.c_str(), text.size() + 1);
    return Tensor(MO_DTYPE_STRING, shape, joined.data(), static_cast<std::int64_t>(joined.size()));
  }

  /* On memory that is not copied and must outlive everything that refers to the tensor. */
  template <class T>
  static Tensor view(T *data, const Shape &shape) {
    std::int64_t bytes = sizeof(T);
    for (std::int64_t size : shape) bytes *= size;
    return Tensor(detail::make<mo_tensor>([&](mo_tensor **out) {
      return mo_tensor_view(dtype_of<T>::value, shape.data(), static_cast<std::int64_t>(shape.size()), data, bytes, out);
    }));
  }

  mo_dtype dtype() const noexcept { return static_cast<mo_dtype>(mo_tensor_dtype(get())); }
  std::int64_t bytes() const noexcept { return mo_tensor_bytes(get()); }
  Shape shape() const {
    const std::int64_t *dims = mo_tensor_dims(get());
    return dims ? Shape(dims, dims + mo_tensor_rank(get())) : Shape();
  }

  /* The content where it lies; NULL for strings. */
  const void *data() const noexcept { return mo_tensor_data(get()); }

  /* A copy of the content, whose type has to be T's. */
  template <class T>
  std::vector<T> read() const {
    if (dtype() != dtype_of<T>::value) throw std::invalid_argument("mo::Tensor::read: the tensor has another type");
    std::vector<T> out(static_cast<std::size_t>(bytes()) / sizeof(T));
    detail::check(mo_tensor_read(get(), out.data(), bytes()));
    return out;
  }
  std::vector<std::string> read_strings() const {
    if (dtype() != MO_DTYPE_STRING) throw std::invalid_argument("mo::Tensor::read_strings: the tensor has another type");
    std::string all(static_cast<std::size_t>(bytes()), '\0');
    detail::check(mo_tensor_read(get(), all.data(), bytes()));
    std::vector<std::string> out;
    for (std::size_t at = 0; at < all.size(); at += out.back().size() + 1) out.emplace_back(all.c_str() + at);
    return out;
  }
  template <class T>
  void write(const std::vector<T> &data) {
    detail::check(mo_tensor_write(get(), data.data(), static_cast<std::int64_t>(data.size() * sizeof(T))));
  }
};

/* Tensors by name, in order. */
class Tensors : public detail::Owner<mo_tensors, mo_tensors_free> {
 public:
  Tensors() : Owner(detail::make<mo_tensors>(mo_tensors_create)) {}
  explicit Tensors(mo_tensors *tensors) noexcept : Owner(tensors) {}
  Tensors(std::initializer_list<std::pair<const char *, const Tensor &>> named) : Tensors() {
    for (const auto &item : named) set(item.first, item.second);
  }
  static Tensors load(const std::string &path, std::int64_t max_bytes = 0) {
    return Tensors(detail::make<mo_tensors>([&](mo_tensors **out) { return mo_tensors_load(path.c_str(), max_bytes, out); }));
  }

  Tensors &set(const std::string &name, const Tensor &tensor) {
    detail::check(mo_tensors_set(get(), name.c_str(), tensor.get()));
    return *this;
  }
  using Owner::get;
  Tensor get(const std::string &name) const {
    return Tensor(detail::make<mo_tensor>([&](mo_tensor **out) { return mo_tensors_get(get(), name.c_str(), out); }));
  }
  std::int64_t size() const noexcept { return mo_tensors_count(get()); }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (std::int64_t i = 0; i < size(); ++i) out.emplace_back(mo_tensors_name(get(), i));
    return out;
  }
  void save(const std::string &path) const { detail::check(mo_tensors_save(get(), path.c_str())); }
};

/* An input or output that a model declares. */
struct Port {
  std::string name;
  mo_dtype dtype;
  std::optional<Shape> shape; /* -1 where the caller chooses; none when the model leaves the rank open */
  bool optional;

  explicit Port(const mo_port *port)
      : name(mo_port_name(port)), dtype(static_cast<mo_dtype>(mo_port_dtype(port))), optional(mo_port_optional(port) != 0) {
    std::int64_t rank = mo_port_rank(port);
    if (rank >= 0) shape.emplace(mo_port_dims(port), mo_port_dims(port) + rank);
  }
};

/* What an operation did and measured. */
struct Report {
  std::string json, text;
  bool passed = false;

  Report() = default;
  explicit Report(mo_report *report) : Report(std::shared_ptr<mo_report>(report, mo_report_free)) {}

  /* The report as one page that needs nothing else. */
  std::string html() const {
    return detail::text([&](mo_buffer **out) { return mo_report_html(owner_.get(), out); });
  }

 private:
  explicit Report(std::shared_ptr<mo_report> report)
      : json(mo_report_json(report.get())),
        text(mo_report_text(report.get())),
        passed(mo_report_passed(report.get()) != 0),
        owner_(std::move(report)) {}
  std::shared_ptr<mo_report> owner_;
};

/* An ONNX model. */
class Model : public detail::Owner<mo_model, mo_model_free> {
 public:
  using Owner::Owner;
  static Model load(const std::string &path, const Options *options = nullptr) {
    return Model(detail::make<mo_model>([&](mo_model **out) { return mo_model_load(path.c_str(), detail::get(options), out); }));
  }
  static Model load(const void *data, std::size_t size, const char *base_dir = nullptr, const Options *options = nullptr) {
    return Model(detail::make<mo_model>(
        [&](mo_model **out) { return mo_model_load_bytes(data, static_cast<std::int64_t>(size), base_dir, detail::get(options), out); }));
  }
  void save(const std::string &path, const Options *options = nullptr) const {
    detail::check(mo_model_save(get(), path.c_str(), detail::get(options)));
  }
  std::string save_bytes(const Options *options = nullptr) const {
    return detail::text([&](mo_buffer **out) { return mo_model_save_bytes(get(), detail::get(options), out); });
  }
  std::string describe_json() const {
    return detail::text([&](mo_buffer **out) { return mo_model_describe_json(get(), out); });
  }
  std::string digest() const {
    return detail::text([&](mo_buffer **out) { return mo_model_digest(get(), out); });
  }
  std::string metadata(const std::string &key) const {
    return detail::text([&](mo_buffer **out) { return mo_model_metadata_get(get(), key.c_str(), out); });
  }
  /* value NULL: the entry removed */
  Model with_metadata(const std::string &key, const char *value) const {
    return Model(detail::make<mo_model>([&](mo_model **out) { return mo_model_metadata_set(get(), key.c_str(), value, out); }));
  }
  std::vector<Port> inputs() const { return ports(mo_model_input_count(get()), mo_model_input); }
  std::vector<Port> outputs() const { return ports(mo_model_output_count(get()), mo_model_output); }

 private:
  std::vector<Port> ports(std::int64_t count, const mo_port *(*port)(const mo_model *, int64_t)) const {
    std::vector<Port> out;
    for (std::int64_t i = 0; i < count; ++i) out.emplace_back(port(get(), i));
    return out;
  }
};

/* Samples, read batch by batch. */
class Dataset : public detail::Owner<mo_dataset, mo_dataset_free> {
 public:
  struct Batch {
    Tensors inputs;
    Tensor label; /* empty when the data set has none */
  };
  using Owner::Owner;
  static Dataset open(const std::string &path, const Options *options = nullptr) {
    return Dataset(detail::make<mo_dataset>([&](mo_dataset **out) { return mo_dataset_open(path.c_str(), detail::get(options), out); }));
  }
  static Dataset of(const Tensors &arrays, const Options *options = nullptr) {
    return Dataset(detail::make<mo_dataset>([&](mo_dataset **out) { return mo_dataset_create(arrays.get(), detail::get(options), out); }));
  }
  /* Nothing at the end. */
  std::optional<Batch> next() {
    mo_tensors *inputs = nullptr;
    mo_tensor *label = nullptr;
    detail::check(mo_dataset_next(get(), &inputs, &label));
    if (!inputs) return std::nullopt;
    return Batch{Tensors(inputs), Tensor(label)};
  }
  void rewind() { detail::check(mo_dataset_rewind(get())); }
  std::int64_t count() {
    std::int64_t count = 0;
    detail::check(mo_dataset_count(get(), &count));
    return count;
  }
};

/* A model made ready to run. */
class Session : public detail::Owner<mo_session, mo_session_free> {
 public:
  explicit Session(const Model &model, const Options *options = nullptr)
      : Owner(detail::make<mo_session>([&](mo_session **out) { return mo_session_create(model.get(), detail::get(options), out); })) {}
  /* Straight from a file: weights that are released are never in memory twice. */
  static Session load(const std::string &path, const Options *options = nullptr, const Options *load_options = nullptr) {
    return Session(detail::make<mo_session>(
        [&](mo_session **out) { return mo_session_load(path.c_str(), detail::get(load_options), detail::get(options), out); }));
  }

  Tensors run(const Tensors &inputs, Control *control = nullptr) {
    mo_tensors *out = nullptr;
    detail::check(control, mo_session_run(get(), inputs.get(), detail::get(control), &out));
    return Tensors(out);
  }
  void run_into(const Tensors &inputs, Tensors &outputs, Control *control = nullptr) {
    detail::check(control, mo_session_run_into(get(), inputs.get(), detail::get(control), outputs.get()));
  }
  std::string explain_json() {
    return detail::text([&](mo_buffer **out) { return mo_session_explain_json(get(), out); });
  }
  std::string explain_text() {
    return detail::text([&](mo_buffer **out) { return mo_session_explain_text(get(), out); });
  }
  std::string profile_json(const Tensors &inputs, std::int32_t iterations) {
    return detail::text([&](mo_buffer **out) { return mo_session_profile_json(get(), inputs.get(), iterations, out); });
  }
  std::string memory_json() {
    return detail::text([&](mo_buffer **out) { return mo_session_memory_json(get(), out); });
  }

 private:
  explicit Session(mo_session *session) noexcept : Owner(session) {}
};

/* Statistics of a model's activations. */
class Calibration : public detail::Owner<mo_calibration, mo_calibration_free> {
 public:
  explicit Calibration(const Model &model, const Options *options = nullptr)
      : Owner(detail::make<mo_calibration>([&](mo_calibration **out) { return mo_calibration_create(model.get(), detail::get(options), out); })) {}
  static Calibration load(const std::string &path, const Model &model) {
    return Calibration(detail::make<mo_calibration>([&](mo_calibration **out) { return mo_calibration_load(path.c_str(), model.get(), out); }));
  }
  Calibration &feed(const Tensors &inputs, Control *control = nullptr) {
    detail::check(control, mo_calibration_feed(get(), inputs.get(), detail::get(control)));
    return *this;
  }
  std::int64_t count() const noexcept { return mo_calibration_count(get()); }
  Calibration &merge(const Calibration &other) {
    detail::check(mo_calibration_merge(get(), other.get()));
    return *this;
  }
  void save(const std::string &path) const { detail::check(mo_calibration_save(get(), path.c_str())); }

 private:
  explicit Calibration(mo_calibration *calibration) noexcept : Owner(calibration) {}
};

/* What quantizing gives. */
struct Quantized {
  Model model;
  Report report;
};

inline Quantized quantize(const Model &model, const Calibration *calibration, const Options *options = nullptr, Control *control = nullptr) {
  mo_model *out = nullptr;
  mo_report *report = nullptr;
  detail::check(control,
                mo_quantize(model.get(), calibration ? calibration->get() : nullptr, detail::get(options), detail::get(control), &out, &report));
  Model owned(out);
  return Quantized{std::move(owned), Report(report)};
}

/* Judges a model: how good it is. The model is lent for the time of the call. */
using Metric = std::function<double(const mo_model *)>;

namespace detail {
struct Judge {
  const Metric *metric;
  std::exception_ptr failure;

  explicit Judge(const Metric &function) : metric(function ? &function : nullptr) {}
  mo_metric_fn function() const noexcept { return metric ? call : nullptr; }
  static int32_t call(void *user, const mo_model *model, double *value) noexcept {
    auto *judge = static_cast<Judge *>(user);
    try {
      *value = (*judge->metric)(model);
      return 0;
    } catch (...) {
      judge->failure = std::current_exception();
      return 1;
    }
  }
  void check(Control *control, mo_error *error) {
    if (error && mo_error_code(error) == MO_ERR_CALLBACK && failure) {
      mo_error_free(error);
      std::rethrow_exception(std::exchange(failure, nullptr));
    }
    detail::check(control, error);
  }
};
}  // namespace detail

/* metric empty: the one that the options name, on the data set */
inline Quantized quantize_to_goal(const Model &model, const Calibration &calibration, Dataset *dataset, const Metric &metric, const Options *quantize,
                                  const Options *goal, Control *control = nullptr) {
  mo_model *out = nullptr;
  mo_report *report = nullptr;
  detail::Judge judge(metric);
  judge.check(control, mo_quantize_to_goal(model.get(), calibration.get(), dataset ? dataset->get() : nullptr, judge.function(), &judge,
                                           detail::get(quantize), detail::get(goal), detail::get(control), &out, &report));
  Model owned(out);
  return Quantized{std::move(owned), Report(report)};
}

inline Report sensitivity(const Model &model, const Calibration &calibration, Dataset *dataset, const Metric &metric, const Options *quantize,
                          const Options *options, Control *control = nullptr) {
  mo_report *report = nullptr;
  detail::Judge judge(metric);
  judge.check(control, mo_sensitivity(model.get(), calibration.get(), dataset ? dataset->get() : nullptr, judge.function(), &judge,
                                      detail::get(quantize), detail::get(options), detail::get(control), &report));
  return Report(report);
}

inline Report benchmark(const Model &model, const Tensors *inputs = nullptr, const Options *options = nullptr, Control *control = nullptr) {
  mo_report *report = nullptr;
  detail::check(control, mo_benchmark(model.get(), inputs ? inputs->get() : nullptr, detail::get(options), detail::get(control), &report));
  return Report(report);
}

inline Report evaluate(const Model &model, Dataset &dataset, const Options *options = nullptr, Control *control = nullptr) {
  mo_report *report = nullptr;
  detail::check(control, mo_evaluate(model.get(), dataset.get(), detail::get(options), detail::get(control), &report));
  return Report(report);
}

inline Report compare(const Model &a, const Model &b, Dataset *dataset = nullptr, const Options *options = nullptr, Control *control = nullptr) {
  mo_report *report = nullptr;
  detail::check(control, mo_compare(a.get(), b.get(), dataset ? dataset->get() : nullptr, detail::get(options), detail::get(control), &report));
  return Report(report);
}

}  // namespace mo

#endif
