// mo_control: a Control that the C interface can name.
#pragma once
#include "api/handle.h"
#include "base/control.h"

struct mo_control : mo::api::Handle<0x6d6f636e> {
  explicit mo_control(mo::Control::Progress progress) : control(std::move(progress)) {}
  mo::Control control;
};

namespace mo::api {
// The control behind an optional argument.
inline Control* control_or_null(mo_control* c) { return c ? &checked(c, "control").control : nullptr; }
}  // namespace mo::api
