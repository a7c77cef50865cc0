// mo explain: which kernel runs each node, and why a faster one does not.
#include "command.h"

namespace cli {

namespace {

class Explain : public Command {
 public:
  explicit Explain(CLI::App& app) {
    add_model(app);
    add_json(app);
    flags_.add(app, {"load", "session"}, {"session.prepare"});
  }
  Status run() override {
    auto options = flags_.options("session");
    check(mo_options_set_bool(options.get(), "prepare", 1));
    auto model = load(model_path_);
    auto session = make<mo_session>(model_path_, [&](mo_session** out) { return mo_session_create(model.get(), options.get(), out); });
    auto text = make<mo_buffer>(model_path_, [&](mo_buffer** out) {
      return json_ ? mo_session_explain_json(session.get(), out) : mo_session_explain_text(session.get(), out);
    });
    print(mo_buffer_text(text.get()));
    return k_ok;
  }
};

}  // namespace

std::unique_ptr<Command> make_explain(CLI::App& app) { return std::make_unique<Explain>(app); }

}  // namespace cli
