// mo run: one run on the arrays of an .npz file.
#include <nlohmann/json.hpp>

#include "command.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

Json describe(const mo_tensors* tensors) {
  static const char* const names[] = {"undefined", "float32", "uint8",   "int8",   "uint16", "int16",     "int32",      "int64",   "string",
                                      "bool",      "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"};
  Json list = Json::array();
  for (int64_t i = 0; i < mo_tensors_count(tensors); ++i) {
    const char* name = mo_tensors_name(tensors, i);
    auto tensor = make<mo_tensor>(name, [&](mo_tensor** out) { return mo_tensors_get(tensors, name, out); });
    int32_t dtype = mo_tensor_dtype(tensor.get());
    Json shape = Json::array();
    for (int64_t axis = 0; axis < mo_tensor_rank(tensor.get()); ++axis) shape.push_back(mo_tensor_dims(tensor.get())[axis]);
    list.push_back({{"name", name}, {"dtype", dtype <= MO_DTYPE_BFLOAT16 ? names[dtype] : "dtype " + std::to_string(dtype)}, {"shape", shape}});
  }
  return list;
}

class Run : public Command {
 public:
  explicit Run(CLI::App& app) {
    add_model(app);
    app.add_option("--inputs", inputs_, ".npz file whose arrays are named like the model's inputs")->required()->option_text("IN.npz");
    app.add_option("--output", output_, ".npz file that gets the model's outputs")->option_text("OUT.npz");
    add_json(app);
    flags_.add(app, {"load", "session"}, {"session.shapes", "session.prepare", "session.max_plans"});
  }
  Status run() override {
    auto options = flags_.options("session");
    auto model = load(model_path_);
    auto inputs = make<mo_tensors>(inputs_, [&](mo_tensors** out) { return mo_tensors_load(inputs_.c_str(), 0, out); });
    Uninterrupted whole;
    auto session = make<mo_session>(model_path_, [&](mo_session** out) { return mo_session_create(model.get(), options.get(), out); });
    auto outputs = make<mo_tensors>(model_path_, [&](mo_tensors** out) { return mo_session_run(session.get(), inputs.get(), control(), out); });
    if (!output_.empty()) check(mo_tensors_save(outputs.get(), output_.c_str()), output_);
    Json list = describe(outputs.get());
    if (json_) {
      print(Json{{"outputs", list}, {"file", output_.empty() ? Json(nullptr) : Json(output_)}}.dump(2));
      return k_ok;
    }
    std::string text;
    for (const Json& o : list) text += o["name"].get<std::string>() + "  " + o["dtype"].get<std::string>() + o["shape"].dump() + "\n";
    print(text + (output_.empty() ? "" : "wrote " + output_ + "\n"));
    return k_ok;
  }

 private:
  std::string inputs_, output_;
};

}  // namespace

std::unique_ptr<Command> make_run(CLI::App& app) { return std::make_unique<Run>(app); }

}  // namespace cli
