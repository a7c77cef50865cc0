// The judge of a search: a callback of the caller, or a metric on a data set; and the samples and inputs that a search runs on.
#pragma once
#include "api/dataset.h"
#include "api/model.h"
#include "runtime/session.h"
#include "search/judge.h"

namespace mo::api {

// Every batch of `source`, from memory after the first pass when all of them fit `limit` bytes: a search judges the same data many times.
std::unique_ptr<data::Dataset> repeated(data::Dataset& source, int64_t limit);

// metric: may be null. dataset: may be null; then, without a callback, the judge is empty. options: "goal" or "sensitivity".
search::Judge judge_of(mo_metric_fn metric, void* user, data::Dataset* dataset, const OptionSet& options, Control* control);

// At most `count` samples as inputs of the model, from the data set or, without one, from those that the calibration kept.
std::vector<runtime::Named> search_samples(const graph::Graph& graph, data::Dataset* dataset, const std::vector<runtime::Named>* kept, int64_t count);

// What is timed: made-up inputs of the given shapes, or the first sample alone, or made-up ones.
std::vector<Datum> timing_inputs(const graph::Graph& graph, const std::vector<runtime::Named>& samples, const std::vector<std::string>& shapes);

std::vector<runtime::Port> ports_of(const graph::Graph& graph);

}  // namespace mo::api
