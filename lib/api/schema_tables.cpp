// The tables of the option schema, one per operation. A row here is a C key, a YAML key, a command-line flag and a line of documentation.
#include "api/schema.h"
#include "api/schema_choices.h"

namespace mo::api {

namespace {

constexpr double k_int = 9007199254740992.0;  // 2^53: the largest bound that every language reads exactly

constexpr OptionRow whole(const char* key, const char* fallback, const char* help, double minimum, double maximum) {
  return {.key = key, .type = OptionType::integer, .fallback = fallback, .help = help, .minimum = minimum, .maximum = maximum};
}
constexpr OptionRow number(const char* key, const char* fallback, const char* help, double minimum, double maximum) {
  return {.key = key, .type = OptionType::real, .fallback = fallback, .help = help, .minimum = minimum, .maximum = maximum};
}
constexpr OptionRow gate(const char* key, const char* help) { return {.key = key, .type = OptionType::real, .fallback = "", .help = help}; }
constexpr OptionRow yes_no(const char* key, const char* fallback, const char* help) {
  return {.key = key, .type = OptionType::flag, .fallback = fallback, .help = help};
}
constexpr OptionRow word(const char* key, const char* fallback, const char* help) {
  return {.key = key, .type = OptionType::text, .fallback = fallback, .help = help};
}
constexpr OptionRow list(const char* key, const char* help, const char* alias = nullptr) {
  return {.key = key, .type = OptionType::list, .fallback = "", .help = help, .alias = alias};
}
constexpr OptionRow one_of(const char* key, const char* fallback, const char* choices, const char* help) {
  return {.key = key, .type = OptionType::text, .fallback = fallback, .help = help, .choices = choices};
}
constexpr OptionRow one_of(const char* key, const char* fallback, std::vector<Choice> (*choices)(), const char* help, const char* alias = nullptr) {
  return {.key = key, .type = OptionType::text, .fallback = fallback, .help = help, .choices_of = choices, .alias = alias};
}

constexpr OptionRow k_load[] = {
    one_of("external_data", "read", "read|map|refuse",
           "Weights kept in files beside the model: read them, map them (a file truncated meanwhile ends the process), or refuse such models."),
    whole("max_file_bytes", "2147483647", "Largest .onnx file accepted, without its external data.", 1, 2147483647),
    whole("max_structure_bytes", "536870912", "Largest part of that file which is not weights.", 1, 2147483647),
    whole("max_items", "20000000", "Most nodes, attributes and tensors together.", 1, k_int),
    whole("max_nodes", "1000000", "Most nodes, functions expanded.", 1, k_int),
    whole("max_depth", "32", "Deepest nesting of subgraphs and functions.", 1, 1000),
    whole("max_tensor_bytes", "274877906944", "Largest single weight.", 1, k_int),
    whole("max_total_bytes", "1099511627776", "Largest sum of all weights, external data included.", 1, k_int),
};

constexpr OptionRow k_save[] = {
    one_of("outside", "auto", "auto|never|always",
           "Weights in a file of their own, named like the model with .data added; auto: only when the model would pass 2 GiB."),
    whole("outside_from_bytes", "1024", "Smallest weight that goes to that file.", 0, k_int),
    whole("opset", "0",
          "Version of the ONNX operator set to write; 0: the lowest that can express the model, at least 13 and at least that of its file.", 0, 100),
    whole("ir_version", "0", "Version of the ONNX file format to write; 0: the lowest that the model needs.", 0, 100),
    yes_no("value_types", "false", "Write the types of intermediate values too; every runtime infers them, so they only add bytes."),
};

constexpr OptionRow k_session[] = {
    whole("threads", "0", "Threads of one run; 0: as many as the machine or its cgroup gives.", 0, 1024),
    yes_no("optimize", "true", "Rewrite the graph and use fast kernels; false runs every node by its reference kernel."),
    list("disabled_passes", "Graph rewrites to leave out, by name."),
    list("disabled_kernels", "Kernels to leave out, by name."),
    list("extra_outputs", "Names of inner values to return beside the model's outputs."),
    list("shapes", "Input shapes to plan for at once, as name=1x3x224x224.", "shape"),
    yes_no("prepare", "false", "Plan at creation; axes left open by the model and by shapes are 1."),
    whole("max_plans", "16", "Sets of input shapes to keep plans for; the least recently used go first.", 1, 10000),
    yes_no("release_weights", "false", "Give up the model's weights once they are packed for the kernels: less memory, one set of input shapes."),
    word("cache_folder", "",
         "Folder to keep packed weights in: later sessions of the same model, libmo and kind of processor map them instead of packing again; none: "
         "nothing is kept."),
    one_of("precision", "float32", "float32|bf16",
           "Convolutions, products with constant weights and attention: exact float32 operands, or rounded to bfloat16 where the processor "
           "multiplies that fast; models in bfloat16 always do the latter."),
    whole("memory_limit", "0", "Bytes that one run may take for intermediate values and outputs; 0: no limit.", 0, k_int),
    whole("seed", "0", "Seed of random operators that have none of their own.", 0, k_int),
};

constexpr OptionRow k_dataset[] = {
    whole("batch_size", "1", "Samples in one batch; the last one may have fewer.", 1, 1000000),
    whole("samples", "-1", "Samples used, after the skipped ones; -1: all.", -1, k_int),
    whole("skip", "0", "Samples left out at the start.", 0, k_int),
    yes_no("spread", "false", "Take the samples evenly over all instead of the first ones; data is often sorted by class."),
    word("label", "label", "Name of the array that holds the truth."),
    word("input", "", "Name for data that has none: a .npy file, images."),
    whole("max_bytes", "8589934592", "Largest decompressed array or archive member accepted.", 1, k_int),
    whole("prefetch", "1", "Batches decoded ahead on a thread of their own; 0: none.", 0, 1024),
};

constexpr OptionRow k_calibration[] = {
    whole("num_samples", "-1", "Samples taken in; what is fed after them is left out; -1: all.", -1, k_int),
    whole("threads", "0", "Threads of the runs; 0: as many as the machine or its cgroup gives.", 0, 1024),
    yes_no("attention", "false", "Watch the operands of products of two activations too."),
    whole("kept_bytes", "134217728", "Bytes of inputs kept, evenly spread over the feeds, for what learns from samples.", 0, k_int),
};

constexpr OptionRow k_quantize[] = {
    one_of("mode", "static", "static|dynamic|weight_only",
           "How activations are quantized: static fixes their scales from calibration data, dynamic finds them at run time, weight_only leaves them "
           "in float."),
    one_of("precision", "int8", "int8|uint8|int4|uint4|int3|int2|fp8_e4m3|fp8_e5m2|fp16|bf16",
           "Precision of weights; 3 and 2 bits are stored in 4; fp16 and bf16 are of weights and activations."),
    one_of("calibration.method", "percentile", chooser_choices, "How the range of an activation is chosen from its statistics.", "calibration"),
    number("calibration.percentile", "99.999", "Percentage of an activation's values that the range of the percentile method covers.", 50, 100),
    one_of("granularity", "auto", "auto|per_channel|per_tensor|per_row|per_block",
           "Weights have one scale per output channel, one in all, per row of a table that is looked up, or per block_size inputs of a channel; "
           "auto: per_block for fewer than 8 bits in mode weight_only, else per_channel."),
    whole("block_size", "0", "Inputs in a block: 16, 32, 64, 128 or 256; 0: 32, 16 in products of fewer than 256 inputs, 128 for tensorrt.", 0, 256),
    one_of("weight_range", "auto", "auto|minmax|mse|hqq",
           "How the range of weights is chosen: the largest, the one of least squared error, half-quadratic; auto: mse for fewer than 8 bits, else "
           "minmax."),
    one_of("rounding", "auto", "auto|nearest|gptq|adaround",
           "How weights are rounded; gptq and adaround make the layer's output error least on the calibration samples; auto: adaround for fewer than "
           "8 bits "
           "where samples are given, else nearest."),
    one_of("rounding_inputs", "quantized", "quantized|float",
           "What gptq and adaround see of the samples: what the rounded layers before give, or what the float ones give (one pass, faster)."),
    {.key = "corrections",
     .type = OptionType::list,
     .fallback = "auto",
     .help = "Corrections: equalization, smoothquant (static, dynamic), awq (weight_only), bias_correction; auto: bias_correction of convolutions in "
             "mode static, and of those of fewer than 8 bits in mode weight_only where samples are given.",
     .choices = "auto|none|equalization|smoothquant|awq|bias_correction"},
    one_of("activation_type", "auto", "auto|uint8|int8|uint16|int16|fp8_e4m3|fp8_e5m2",
           "Type of activations; auto: as backend and precision want, mostly uint8. Mode weight_only with packed weights: int8 lets the runtime "
           "round the "
           "inputs of products."),
    one_of("activation_scale", "per_tensor", "per_tensor|per_token",
           "Mode dynamic: one scale for an activation, or one for each vector along its last axis."),
    yes_no("activation_symmetric", "false", "Fix the zero point of activations in the middle of their type."),
    yes_no("weight_symmetric", "true",
           "Fix the zero point of weights at 0. Not set: no for onnxruntime and fewer than 8 bits in blocks of at most 64 where rounding learns from "
           "samples or a product has fewer than 256 inputs, else yes."),
    one_of(
        "last_product", "auto", "auto|same|int8",
        "Mode weight_only with fewer than 8 bits in blocks: precision of the product that makes the result; auto: int8 where it has fewer than 512 "
        "inputs, or where samples are given and rounding it would move class scores by more than 0.01 nats."),
    one_of("small_weights", "auto", "auto|same",
           "Fewer than 8 bits: precision of convolutions of fewer than 64 inputs a channel (depthwise ones) and of products of fewer than 16 "
           "outputs; auto: "
           "int8."),
    yes_no("reduce_range", "false", "Use 7 bits of 8-bit weights, for runtimes that saturate sums of uint8 by int8 products."),
    yes_no("attention", "false", "Quantize products of two activations too; in mode static the calibration must have been told the same."),
    one_of("backend", "onnxruntime", "onnxruntime|openvino|tensorrt|portable",
           "Who will run the model: fixes types, symmetry and format; portable: standard operators of opset 13."),
    one_of("format", "auto", "auto|qdq|qoperator|matmul_nbits",
           "QuantizeLinear and DequantizeLinear around float operators, integer operators, or packed weights; auto: as mode and backend want."),
    one_of("integer_io", "none", "none|inputs|outputs|both", "Mode static: the model takes or gives integers; scales are in its metadata."),
    word("overrides", "", "JSON file of a partial scheme: forms of nodes, scales and types of activations that win over what is chosen."),
    word("scheme", "", "JSON file of a whole scheme to follow instead of choosing one."),
    word("save_scheme", "", "File to write the scheme to that was followed."),
    list("include", "Nodes to quantize: names, patterns (RE2) that match whole names, or op:Conv; none: all."),
    list("exclude", "Nodes to leave in float, written as for include; wins over include."),
    list("op_types", "Operators to quantize; none: all that can be."),
    yes_no("fold_batch_norm", "true", "Fold BatchNormalization into the weights before it."),
    whole("threads", "0", "Threads of calibration runs and measurements; 0: as many as the machine or its cgroup gives.", 0, 1024),
    whole("seed", "0", "Seed of everything random.", 0, k_int),
    yes_no("report.node_errors", "true", "Measure the error at each node, on a few of the calibration samples."),
    yes_no("report.latency", "false", "Time both models for the report."),
    number("report.seconds", "1", "Seconds of timing for each model.", 0.001, 3600),
    whole("report.threads", "1", "Threads of the timed runs; 0: as many as the machine or its cgroup gives.", 0, 1024),
    list("report.shapes", "Input shapes of the timed runs, as input=1x3x224x224; other free axes are 1."),
    word("report.data", "", "Data set on which the metric of both models is measured for the report; none: not measured."),
    one_of("report.metric", "top1", metric_choices, "The metric measured."),
    whole("report.skip", "0", "Samples of that data set left out at the start.", 0, k_int),
    whole("report.samples", "-1", "Samples of that data set used; -1: all.", -1, k_int),
    whole("report.batch_size", "1", "Samples in one batch of that data set.", 1, 1000000),
};

constexpr OptionRow k_benchmark[] = {
    whole("threads", "1", "Threads of one run; 0: as many as the machine or its cgroup gives.", 0, 1024),
    whole("batch", "1", "Size of the first axis where the model leaves it open.", 1, 1000000),
    list("shapes", "Input shapes, as input=1x3x224x224; other free axes are 1.", "shape"),
    one_of("precision", "float32", "float32|bf16",
           "Convolutions, products with constant weights and attention: exact float32 operands, or rounded to bfloat16 where the processor "
           "multiplies that fast; models in bfloat16 always do the latter."),
    number("seconds", "3", "Time to measure for, after the warm-up.", 0.001, 3600),
    whole("runs", "0", "Runs to measure, whatever time they take; 0: as many as fit in the seconds.", 0, 1e9),
    whole("warmup", "3", "Runs before the measured ones.", 0, 1000000),
    whole("seed", "0", "Seed of the random inputs.", 0, k_int),
};

constexpr OptionRow k_evaluate[] = {
    one_of("metric", "top1", metric_choices, "What is measured."),
    word("output", "", "The model output that is judged; none: the first."),
    whole("threads", "0", "Threads of one run; 0: as many as the machine or its cgroup gives.", 0, 1024),
    whole("resamples", "2000", "Times that samples are drawn with replacement for the interval of the metric; 0: none.", 0, 10000000),
    number("confidence", "0.95", "Share of resamples that the interval holds.", 0.001, 0.999999),
    whole("seed", "0", "Seed of these draws.", 0, k_int),
    gate("minimum", "Gate: the metric must be at least this number."),
    gate("maximum", "Gate: the metric must be at most this number."),
};

constexpr OptionRow k_compare[] = {
    one_of("metric", "", metric_choices_or_none, "Metric of both models on the data; none: top1 when the data has labels and the outputs fit it."),
    word("output", "", "The model output that is judged; none: the first."),
    whole("threads", "1", "Threads of one run; 0: as many as the machine or its cgroup gives.", 0, 1024),
    list("shapes", "Input shapes of the timing, as input=1x3x224x224; other free axes are 1.", "shape"),
    number("seconds", "2", "Seconds of timing for each model; 0: no timing.", 0, 3600),
    yes_no("node_errors", "true", "Measure the error at each node that both models have."),
    whole("node_samples", "8", "Batches used for the errors at nodes.", 1, 1000000),
    whole("resamples", "2000", "Times that samples are drawn with replacement for the interval of the change in the metric; 0: none.", 0, 10000000),
    number("confidence", "0.95", "Share of resamples that the interval holds.", 0.001, 0.999999),
    whole("seed", "0", "Seed of these draws.", 0, k_int),
    gate("max_metric_loss", "Gate: the metric of the second may be worse than that of the first by at most this number."),
    gate("max_size_ratio", "Gate: the second may have at most this part of the first's bytes."),
    gate("max_latency_ratio", "Gate: the second may take at most this part of the first's median time."),
    gate("min_snr_db", "Gate: signal to noise of the second's outputs against the first's, in decibels."),
};

constexpr OptionRow k_goal[] = {
    gate("max_drop", "Goal: the metric may be worse than in float by at most this number (0.002 of top1 is 0.2 points)."),
    one_of("drop", "absolute", "absolute|relative", "max_drop is a number of the metric's unit, or a share of its value in float."),
    one_of("metric", "top1", metric_choices, "What is measured on the data set; a metric of the caller's own goes before it."),
    word("metric_output", "", "The model output that is judged; none: the first."),
    yes_no("higher_is_better", "true", "Of a metric of the caller's own."),
    gate("max_size_ratio", "Goal: at most this part of the weights' bytes."),
    gate("max_bytes", "Goal: at most so many bytes of weights."),
    gate("max_latency_ratio", "Goal: one run takes at most this part of its time in float."),
    gate("max_ms", "Goal: one run takes at most so many milliseconds."),
    list("precisions",
         "Precisions to choose from beside fp32: that of quantize, int8, int4 (in its mode), int8_weights, int4_weights, int8_dynamic, fp16, bf16; "
         "none: that of quantize."),
    one_of("minimize", "time", "time|size", "What is made small where several choices keep a limit on the metric."),
    one_of("unit", "node", "node|block", "What is decided as one: a node, or the nodes between two places where few values are alive."),
    yes_no("trim", "true", "Once the metric holds, try what went back to float as integers again."),
    yes_no("keep_slower", "false", "Keep integers also where they are slower than float on this machine."),
    whole("max_evaluations", "0", "Most models judged by the metric; 0: half as many as there are units, at least 12.", 0, k_int),
    number("time_limit", "0", "Seconds after which no further model is judged and the best so far is the result; 0: none.", 0, 1e9),
    one_of("sensitivity.measure", "snr", "snr|cosine|kl|metric",
           "How the harm of quantizing one unit alone is measured; metric takes an evaluation per unit."),
    whole("sensitivity.samples", "16", "Samples on which it is measured.", 1, 1000000),
    word("sensitivity.cache", "", "File to keep these measurements in, and to go on from."),
    whole("threads", "0", "Threads of the runs that judge; 0: as many as the machine or its cgroup gives.", 0, 1024),
    whole("timing.threads", "1", "Threads of the timed runs; 0: as many as the machine or its cgroup gives.", 0, 1024),
    number("timing.seconds", "1", "Seconds of timing for each model.", 0.001, 3600),
    list("timing.shapes", "Input shapes of the timed runs, as input=1x3x224x224; none: the first sample."),
};

constexpr OptionRow k_sensitivity[] = {
    one_of("sensitivity.measure", "snr", "snr|cosine|kl|metric",
           "How the harm of quantizing one unit alone is measured; metric takes an evaluation per unit."),
    whole("sensitivity.samples", "16", "Samples on which it is measured.", 1, 1000000),
    word("sensitivity.cache", "", "File to keep these measurements in, and to go on from."),
    list("precisions",
         "Precisions to measure: that of quantize, int8, int4 (in its mode), int8_weights, int4_weights, int8_dynamic, fp16, bf16; none: that of "
         "quantize."),
    one_of("unit", "node", "node|block", "What is quantized as one: a node, or the nodes between two places where few values are alive."),
    one_of("metric", "top1", metric_choices, "What the measure metric measures; a metric of the caller's own goes before it."),
    word("metric_output", "", "The model output that is judged; none: the first."),
    yes_no("higher_is_better", "true", "Of a metric of the caller's own."),
    whole("threads", "0", "Threads of the runs; 0: as many as the machine or its cgroup gives.", 0, 1024),
};

constexpr Operation k_operations[] = {
    {"load", "Reading an ONNX model.", k_load},
    {"save", "Writing an ONNX model.", k_save},
    {"session", "Making a model ready to run.", k_session},
    {"dataset", "Reading samples.", k_dataset},
    {"calibration", "Collecting statistics of a model's activations.", k_calibration},
    {"quantize", "Making a model of lower precision.", k_quantize},
    {"goal", "Searching for the precisions that keep a metric, a size or a latency.", k_goal},
    {"sensitivity", "Measuring what quantizing each part of a model alone does to its outputs.", k_sensitivity},
    {"benchmark", "Measuring latency, throughput and memory.", k_benchmark},
    {"evaluate", "Measuring how good a model is on data.", k_evaluate},
    {"compare", "Setting two models side by side.", k_compare},
};

}  // namespace

std::span<const Operation> operations() { return k_operations; }

}  // namespace mo::api
