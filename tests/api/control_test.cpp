// Control: progress, cancellation and deadline as a caller sees them.
#include <cmath>
#include <limits>

#include "api/control.h"
#include "support.h"

using namespace api_test;

TEST_CASE("a callback that returns non-zero cancels, and stays cancelled") {
  int calls = 0;
  auto progress = [](void* user, const char*, int64_t done, int64_t) -> int32_t { return ++*static_cast<int*>(user), done == 2; };
  auto c = make<mo_control>([&](mo_control** out) { return mo_control_create(progress, &calls, out); });
  c->control.progress("work", 1, 3);
  CHECK_THROWS_AS(c->control.progress("work", 2, 3), mo::Error);
  CHECK_THROWS_AS(c->control.check(), mo::Error);
  CHECK(calls == 2);
}

TEST_CASE("cancel and deadline stop a call with their own codes") {
  auto m = model("(float32[2] x) -> (y) { y = Relu(x); }");
  auto s = make<mo_session>([&](mo_session** out) { return mo_session_create(m.get(), nullptr, out); });
  auto in = named("x", floats({2}, {1, -1}));
  mo_tensors* out = nullptr;
  auto c = make<mo_control>([&](mo_control** o) { return mo_control_create(nullptr, nullptr, o); });
  ok(mo_control_set_deadline(c.get(), 1e-9));
  CHECK(caught(mo_session_run(s.get(), in.get(), c.get(), &out)).code == MO_ERR_DEADLINE);
  ok(mo_control_set_deadline(c.get(), 0));
  ok(mo_session_run(s.get(), in.get(), c.get(), &out));
  mo_tensors_free(out);
  mo_control_cancel(c.get());
  CHECK(caught(mo_session_run(s.get(), in.get(), c.get(), &out)).code == MO_ERR_CANCELLED);
  CHECK(out == nullptr);
}

TEST_CASE("odd deadlines and missing controls do no harm") {
  auto c = make<mo_control>([&](mo_control** o) { return mo_control_create(nullptr, nullptr, o); });
  CHECK(caught(mo_control_set_deadline(c.get(), NAN)).code == MO_ERR_INVALID_ARGUMENT);
  ok(mo_control_set_deadline(c.get(), std::numeric_limits<double>::infinity()));
  ok(mo_control_set_deadline(c.get(), -5));
  CHECK(caught(mo_control_set_deadline(nullptr, 1)).code == MO_ERR_INVALID_ARGUMENT);
  mo_control_cancel(nullptr);
}
