// mo_control: create, cancel, deadline.
#include "api/control.h"

#include <cmath>
#include <memory>
#include <mutex>

using namespace mo::api;

mo_error* mo_control_create(mo_progress_fn progress, void* user, mo_control** out) {
  return guard([&] {
    mo_control*& result = output(out, "out");
    mo::Control::Progress report;
    if (progress) {
      auto mutex = std::make_shared<std::mutex>();  // never two calls at once, also when several calls share the control
      report = [progress, user, mutex](const char* stage, int64_t done, int64_t total) {
        std::lock_guard lock(*mutex);
        return progress(user, stage, done, total) == 0;
      };
    }
    result = new mo_control(std::move(report));
  });
}

void mo_control_cancel(mo_control* control) {
  if (mo_control* c = valid_or_null(control)) c->control.cancel();
}

mo_error* mo_control_set_deadline(mo_control* control, double seconds) {
  return guard([&] {
    mo_control& c = checked(control, "control");
    mo::require(!std::isnan(seconds), mo::Code::invalid_argument, "deadline of NaN seconds");
    c.control.set_deadline(seconds);
  });
}

void mo_control_free(mo_control* control) { release(control); }
