// mo_session: a session of the runtime, and memory of earlier runs that spares the next one allocations.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "api/options.h"
#include "api/tensor.h"
#include "runtime/session.h"
#include "runtime/synthetic.h"

namespace mo::api {

runtime::SessionOptions session_options(const OptionSet& options);

// Inputs and outputs of one run in the session's order; reused, so that copies of shapes need no new memory.
struct RunSlots {
  std::vector<Datum> inputs, outputs;
};

}  // namespace mo::api

struct mo_session : mo::api::Handle<0x6d6f7365> {
  explicit mo_session(std::unique_ptr<mo::runtime::Session> s) : session(std::move(s)) {}
  const std::unique_ptr<mo::runtime::Session> session;
  mo::runtime::Shapes shapes;  // that it was made for; empty: none were said

  std::unique_ptr<mo::api::RunSlots> take_slots();
  void give_slots(std::unique_ptr<mo::api::RunSlots> slots);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<mo::api::RunSlots>> spare_;
};
