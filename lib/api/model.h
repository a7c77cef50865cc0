// mo_model: an immutable model, its ports, and what describing it costs once.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "api/handle.h"
#include "graph/graph.h"
#include "report/summary.h"

struct mo_port : mo::api::Handle<0x6d6f706f> {
  std::string name;
  mo::DType dtype = mo::DType::undefined;
  bool ranked = false, optional = false;
  std::vector<int64_t> dims;
};

struct mo_model : mo::api::Handle<0x6d6f6d6f> {
  explicit mo_model(mo::graph::Model m);
  const mo::graph::Model model;
  std::vector<std::unique_ptr<mo_port>> inputs, outputs;
  double load_ms = 0;  // that reading it took

  const mo::report::Summary& summary() const;
  const mo::report::Saved& saved() const;

 private:
  mutable std::mutex mutex_;
  mutable std::optional<mo::report::Summary> summary_;
  mutable std::optional<mo::report::Saved> saved_;
};
