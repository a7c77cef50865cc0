// The range of everything seen.
#include "quantize/chooser.h"

namespace mo::quantize {

namespace {
Range choose(const Statistics& s, const Grid&, const ChooserOptions&) { return s.count ? Range{s.min, s.max} : Range{}; }
}  // namespace

extern const ChooserDef choose_minmax{"minmax", "the lowest and highest value seen", choose};

}  // namespace mo::quantize
