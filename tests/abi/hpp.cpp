// Uses everything that mo.hpp has, once; prints "N passed, N failed". usage: hpp MODELS FOLDER
#include <mo/mo.hpp>

#include <cstdio>

static int passed = 0, failed = 0;

static void note(bool good, const char *what) {
  ++(good ? passed : failed);
  if (!good) std::printf("FAILED %s\n", what);
}

template <class E, class F>
static void throws(const char *what, F &&work) {
  try {
    work();
    note(false, what);
  } catch (const E &) { note(true, what); }
}

static mo::Tensors images(std::int64_t batch) {
  std::vector<float> data(static_cast<std::size_t>(batch) * 192);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i % 255) / 127.5f - 1;
  return {{"image", mo::Tensor::of(data, {batch, 3, 8, 8})}};
}

static void values(const std::string &folder) {
  mo::Tensor numbers = mo::Tensor::of(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  note(numbers.shape() == mo::Shape{2, 3} && numbers.bytes() == 24 && numbers.dtype() == MO_DTYPE_FLOAT32, "a tensor tells what it is");
  numbers.write(std::vector<float>{6, 5, 4, 3, 2, 1});
  note(numbers.read<float>()[0] == 6 && static_cast<const float *>(numbers.data())[5] == 1, "a tensor is written and read");
  throws<std::invalid_argument>("a tensor is not read as another type", [&] { (void)numbers.read<double>(); });
  throws<mo::Error>("a tensor of a wrong size is refused", [] { (void)mo::Tensor::of(std::vector<float>{1}, {2}); });
  std::vector<std::string> texts{"a", "", "\xC3\xA9"};
  note(mo::Tensor::of(texts, {3}).read_strings() == texts, "texts come back");
  double memory[2] = {1, 2};
  mo::Tensor view = mo::Tensor::view(memory, {2});
  memory[1] = 7;
  note(view.read<double>()[1] == 7, "a view shares memory");
  mo::Tensors both{{"b", numbers}, {"a", view}};
  note(both.names() == std::vector<std::string>{"b", "a"} && both.size() == 2, "names keep their order");
  both.save(folder + "/both.npz");
  note(mo::Tensors::load(folder + "/both.npz").get("a").read<double>()[1] == 7, "tensors are saved and loaded");
  mo::Tensors moved = std::move(both);
  throws<mo::Error>("a moved-from object is an error", [&] { both.set("c", numbers); });
  note(moved.size() == 2, "a moved object has what the other had");
}

static void settings() {
  mo::Options options("quantize");
  options.set("calibration.method", "mse").set("seed", 7).set("activation_symmetric", true).set("report.seconds", 0.5);
  options.set("exclude", std::vector<std::string>{"first", "head"}).set("threads", std::int64_t{1}).set("mode", std::string("static"));
  mo::Options same("quantize");
  same.parse(options.json());
  note(same.json() == options.json() && options.json().find("\"mse\"") != std::string::npos, "options go through JSON");
  note(mo::Options::describe_json("quantize").find("calibration.method") != std::string::npos, "options are described");
  try {
    options.set("sead", 1);
    note(false, "an unknown key is an error");
  } catch (const mo::Error &error) {
    note(error.code() == MO_ERR_INVALID_ARGUMENT && std::string(error.what()).find("seed") != std::string::npos && error.node().empty() &&
             error.op().empty(),
         "an unknown key is an error that names the nearest");
  }
}

static void models(const std::string &path, const std::string &folder) {
  mo::Model model = mo::Model::load(path);
  note(model.inputs().at(0).name == "image" && model.inputs()[0].shape->at(0) == -1 && model.outputs().at(0).name == "scores", "ports");
  std::string bytes = model.save_bytes();
  note(mo::Model::load(bytes.data(), bytes.size()).digest() == model.digest(), "a model goes through memory");
  model.save(folder + "/copy.onnx");
  note(mo::Model::load(folder + "/copy.onnx").describe_json() == model.describe_json(), "a model goes through a file");
  note(model.with_metadata("author", "me").metadata("author") == "me", "metadata");
  throws<mo::Error>("a missing file is an error", [] { (void)mo::Model::load("missing.onnx"); });

  mo::Options single("session");
  single.set("threads", 1);
  mo::Session session(model, &single);
  mo::Tensors inputs = images(2);
  mo::Tensors outputs = session.run(inputs);
  std::vector<float> scores = outputs.get("scores").read<float>();
  mo::Tensors again;
  session.run_into(inputs, again);
  note(scores.size() == 20 && again.get("scores").read<float>() == scores, "run and run_into agree");
  note(!session.explain_json().empty() && !session.explain_text().empty() && !session.memory_json().empty() &&
           !session.profile_json(inputs, 1).empty(),
       "a session explains itself");

  mo::Calibration calibration(model), other(model);
  throws<mo::Error>("no data, no quantizing", [&] { (void)mo::quantize(model, &calibration); });
  calibration.feed(images(3)).feed(images(4));
  other.feed(images(5));
  calibration.merge(other).save(folder + "/statistics");
  note(mo::Calibration::load(folder + "/statistics", model).count() == 12, "calibrations merge and travel by file");
  int calls = 0;
  mo::Control watching([&](std::string_view, std::int64_t, std::int64_t) { return ++calls > 0; });
  mo::Quantized small = mo::quantize(model, &calibration, nullptr, &watching);
  note(calls > 0 && small.report.passed && small.model.save_bytes().size() < bytes.size(), "quantizing reports progress and makes it smaller");
  note(small.report.html().find("<h1>Quantization</h1>") != std::string::npos, "a report is an HTML page too");

  mo::Control failing([](std::string_view, std::int64_t, std::int64_t) -> bool { throw std::out_of_range("mine"); });
  throws<std::out_of_range>("what a callback throws reaches the caller", [&] { (void)mo::quantize(model, &calibration, nullptr, &failing); });
  mo::Control cancelled;
  cancelled.cancel();
  throws<mo::Error>("cancelled work ends", [&] { (void)mo::quantize(model, &calibration, nullptr, &cancelled); });
  mo::Control late;
  late.set_deadline(std::chrono::nanoseconds(1));
  throws<mo::Error>("a deadline ends work", [&] { (void)mo::quantize(model, &calibration, nullptr, &late); });

  int judged = 0;
  mo::Options goal("goal");
  goal.set("max_drop", 0.5);
  mo::Quantized kept = mo::quantize_to_goal(
      model, calibration, nullptr, [&](const mo_model *candidate) { return ++judged && candidate ? 1.0 : 0.0; }, nullptr, &goal);
  note(judged > 0 && kept.report.passed && kept.model, "a search asks the caller's metric");
  throws<std::out_of_range>("what a metric throws reaches the caller", [&] {
    (void)mo::quantize_to_goal(
        model, calibration, nullptr, [](const mo_model *) -> double { throw std::out_of_range("mine"); }, nullptr, &goal);
  });
  note(mo::sensitivity(model, calibration, nullptr, nullptr, nullptr, nullptr).json.find("units") != std::string::npos, "sensitivity");

  mo::Tensors arrays = images(5);
  arrays.set("label", mo::Tensor(MO_DTYPE_INT64, {5}));
  mo::Options by_two("dataset");
  by_two.set("batch_size", 2);
  mo::Dataset dataset = mo::Dataset::of(arrays, &by_two);
  int batches = 0;
  while (std::optional<mo::Dataset::Batch> batch = dataset.next()) batches += batch->label ? 1 : 0;
  dataset.rewind();
  note(batches == 3 && dataset.count() == 5, "a data set gives every batch");
  mo::Options quick("benchmark"), short_("compare");
  quick.set("runs", 2);
  short_.set("seconds", 0.01);
  note(mo::benchmark(model, &inputs, &quick).json.find("median_ms") != std::string::npos, "benchmark");
  note(mo::evaluate(model, dataset).json.find("\"samples\"") != std::string::npos, "evaluate");
  note(mo::compare(model, small.model, &dataset, &short_).text.size() > 100, "compare");
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int lines = 0;
  mo::set_log(MO_LOG_DEBUG, [&](mo_log_level, std::string_view) {
    ++lines;
    throw 1;
  });
  note(mo::version() == mo_version() && mo::devices_json().find("cpu") != std::string::npos && !mo::build_info_json().empty(), "the library");
  values(argv[2]);
  settings();
  models(std::string(argv[1]) + "/classifier.onnx", argv[2]);
  mo::set_log(MO_LOG_OFF, nullptr);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
