// Small models and their calibration, for tests of the quantizer.
#pragma once
#include <memory>

#include "quantize/quantize.h"

namespace quantize_test {

// x [n, 16] -> fc1 (16 x 32) -> Relu -> fc2 (32 x 8), weights from a fixed sequence.
mo::graph::Model two_products();
// x [n, 3, 8, 8] -> Conv 3x3 -> Relu -> depthwise Conv 3x3 -> Relu -> Conv 1x1; channels of very different size.
mo::graph::Model three_convolutions();
// A model of one graph in text.
mo::graph::Model model(const char* text);

mo::runtime::Named samples(const mo::graph::Model& m, int64_t n, int seed);
std::unique_ptr<mo::quantize::Calibration> calibrated(const mo::graph::Model& m, int feeds = 8);

// Signal to noise in decibels of the first output of `b` against that of `a` on fresh samples.
double snr(const mo::graph::Model& a, const mo::graph::Model& b);
int count(const mo::graph::Graph& g, std::string_view op);

}  // namespace quantize_test
