"""Horizontal bars of ratios around 1 as SVG: deterministic, no fonts and no scripts of its own, readable on light and dark pages."""
import math
from xml.sax.saxutils import escape

COLOURS = {"fp32": "#7a8ba3", "bf16": "#4e79a7", "int8": "#e1812c", "int4": "#3a923a"}
LEFT, WIDTH, BAR, GAP, TOP = 190, 520, 13, 9, 46


def draw(bars, title):
    """bars: [(group, series, ratio)], groups in order. The axis is logarithmic; a bar grows from 1 to the right where libmo is faster."""
    groups = list(dict.fromkeys(g for g, _, _ in bars))
    values = [r for _, _, r in bars] or [1.0]
    low, high = math.log2(min(0.9, min(values) * 0.96)), math.log2(max(2.0, max(values) * 1.12))

    def x(ratio):
        return LEFT + WIDTH * (math.log2(ratio) - low) / (high - low)

    body, y = [], TOP
    for g in groups:
        series = [(s, r) for group, s, r in bars if group == g]
        body.append(f'<text x="{LEFT - 8}" y="{y + BAR * len(series) / 2 + 4:.1f}" text-anchor="end">{escape(g)}</text>')
        for s, r in series:
            a, b = sorted((x(1), x(r)))
            body.append(f'<rect x="{a:.1f}" y="{y}" width="{max(b - a, 0.5):.1f}" height="{BAR - 2}" fill="{COLOURS.get(s, "#888")}"/>')
            body.append(f'<text class="n" x="{max(a, b) + 4:.1f}" y="{y + BAR - 4}">{r:.2f}</text>')
            y += BAR
        y += GAP
    ticks = []
    for t in (0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8):
        if low <= math.log2(t) <= high:
            ticks.append(f'<line x1="{x(t):.1f}" x2="{x(t):.1f}" y1="{TOP - 6}" y2="{y}" class="{"one" if t == 1 else "tick"}"/>')
            ticks.append(f'<text class="n" x="{x(t):.1f}" y="{y + 14}" text-anchor="middle">{t:g}</text>')
    legend, at = [], LEFT
    for s in dict.fromkeys(s for _, s, _ in bars):
        legend.append(f'<rect x="{at}" y="26" width="10" height="10" fill="{COLOURS.get(s, "#888")}"/><text class="n" x="{at + 14}" y="35">{escape(s)}</text>')
        at += 64
    height = y + 24
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 50} {height}" width="{LEFT + WIDTH + 50}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        "<style>text{font:12px sans-serif;fill:#333}.n{font-size:10px}.tick{stroke:#bbb;stroke-dasharray:2 3}.one{stroke:#333}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}.tick{stroke:#555}.one{stroke:#ddd}}</style>",
        f'<text x="8" y="16">{escape(title)}</text>', *legend, *ticks, *body, "</svg>", ""])
