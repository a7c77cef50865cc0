"""What the speed table is held against: each bar, the figure, and whether it is met. Ratios are better peer / libmo, the lower of minimum and median."""
import statistics

LOW = ("int8", "int4")
FAST = (("mobilenet_v2", "int8"), ("lstm_2x512", "int8"), ("llama_prefill", "int4"), ("llama_decode", "int4"))  # at least 1.4
SHARES = {("resnet50", "int8"): 0.88, ("bert_base", "int8"): 0.80, ("mobilenet_v2", "int8"): 0.50, ("llama_decode", "int4"): 0.80}  # of the peak
GAINS = {"resnet50": 3.5, "bert_base": 3.5, "mobilenet_v2": 2.7}  # int8 over fp32 in libmo


def judge(cells):
    """cells: {(row, precision, threads, batch): {"ratio": (min, median) or None, "share": part of the peak or None, "ms": libmo's minimum}}; lines of text."""
    lines = []

    def bar(text, value, limit):
        lines.append(f"{'met' if value >= limit else 'NOT MET'}: {text}: {value:.2f}, wanted {limit:.2f}")

    ratios = {key: min(c["ratio"]) for key, c in cells.items() if c["ratio"]}
    main = {key: r for key, r in ratios.items() if key[2:] == (1, 1)}
    low = {key: r for key, r in main.items() if key[1] in LOW}
    for name, group, limit in (("least of all cells", main, 0.97), ("least int8 or int4 cell", low, 1.0),
                               ("least cell of two threads or batch 8", {k: r for k, r in ratios.items() if k[2:] != (1, 1)}, 0.95)):
        if group:
            key = min(group, key=group.get)
            bar(f"{name} ({key[0]} {key[1]}, {key[2]} thread{'s' * (key[2] > 1)}, batch {key[3]}; {sum(r < limit for r in group.values())} of {len(group)} below)", group[key], limit)
    if low:
        bar("geometric mean of int8 and int4", statistics.geometric_mean(low.values()), 1.2)
    for row, precision in FAST:
        if (row, precision, 1, 1) in ratios:
            bar(f"{row} {precision}", ratios[row, precision, 1, 1], 1.4)
    for (row, precision), limit in SHARES.items():
        if (c := cells.get((row, precision, 1, 1))) and c["share"]:
            bar(f"share of the peak, {row} {precision}", c["share"], limit)
    for row, limit in GAINS.items():
        fp32, int8 = cells.get((row, "fp32", 1, 1)), cells.get((row, "int8", 1, 1))
        if fp32 and int8 and fp32["ms"] and int8["ms"]:
            bar(f"int8 over fp32 in libmo, {row}", fp32["ms"] / int8["ms"], limit)
    return lines
