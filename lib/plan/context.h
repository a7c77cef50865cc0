// Context: the pointers and tensor views of one run of a plan, kept between runs so that the next one only changes what moved.
#pragma once
#include "plan/plan.h"

namespace mo::plan {

class Context {
 public:
  explicit Context(const Plan& plan);

  // Points everything that lies in the arena at this base, unless it already does.
  void bind(char* base);
  void set(const Plan::Patch& patch, void* data);

  std::vector<void*> pointers;    // of kernel steps: per step sources, destinations, scratch
  std::vector<Datum> data;        // what reference kernels read: views of slots, or dynamic results
  std::vector<const Datum*> ins;  // per data-reading step: pointers into `data`, null where absent
  std::vector<Datum> outs;        // per reference step: planned memory to write into
  std::unique_ptr<Workspace> workspace;

 private:
  void* resolve(const Plan::Source& source) const;
  const Plan& plan_;
  char* base_ = nullptr;
  bool bound_ = false;
};

}  // namespace mo::plan
