// Weights that stand for the same numbers, stored once: tables and the products that use their transpose (tied embeddings).
#pragma once
#include "quantize/quantize.h"

namespace mo::quantize {

// Whether the backend folds a Transpose of integer weights and keeps the product's fast path: ONNX Runtime 1.31 does in every mode. OpenVINO 2026.4 computes the
// product in float in mode static; TensorRT wants the constant itself under a DequantizeLinear.
bool folds_transposes(const Options& options);

// Gives tables the form of a product of the scheme that reads the same constant, or its transpose: one int8 scale per row of the table is one per column of
// the product. Tables whose form an override gives keep it.
void agree_tables(const graph::Graph& g, const Options& options, Scheme& scheme);

// Integer constants of at least a kilobyte that hold the same: the later one goes. Where one is the transpose of another and `transposes` allows it,
// a Transpose, which runtimes fold when they load the model, makes the product's operand of the table's. Returns how many constants went.
int share_constants(graph::Graph& g, bool transposes);

}  // namespace mo::quantize
