// What mo_quantize and the searches share: options to the quantizer's, and the report.
#pragma once
#include "api/model.h"
#include "api/options.h"
#include "quantize/quantize.h"
#include "report/report.h"
#include "search/search.h"

struct mo_calibration;

namespace mo::api {

quantize::Options quantizer_options(const OptionSet& options);               // of "quantize"; reads the file of overrides
void save_scheme(const quantize::Scheme& scheme, const OptionSet& options);  // to the file that they name, if any
report::Report report_of_search(const mo_model& before, const mo_model& after, const search::Outcome& found, const mo_calibration* calibration,
                                const OptionSet& options, Control* control);

}  // namespace mo::api
