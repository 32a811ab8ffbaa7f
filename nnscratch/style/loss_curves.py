"""The terms of the loss over the steps of a style transfer, as a drawing in SVG for a page in HTML.

The axis of the loss is logarithmic. The drawing is narrow, so that a phone shows its letters in full size.
"""
from math import ceil, floor, log10
from typing import Any

__all__: list[str] = []  # for explain.py

TERMS = ("style", "content")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 360, 200, 42, 16, 180
SMALLEST = 1e-4  # content is 0 where the image is the photograph
CSS = """
svg { display: block; width: 100%; max-width: 42rem }
svg text { font: 10px system-ui, sans-serif; fill: var(--quiet) }
svg path { fill: none; stroke: var(--line) }
svg .style { stroke: var(--mine); stroke-width: 2 } svg .content { stroke: var(--bad); stroke-width: 2 }
.key .style { color: var(--mine) } .key .content { color: var(--bad) }
"""


def draw_curves(history: list[dict[str, Any]]) -> str:
    """The style and the content loss of each step, size by size: at every size both begin anew."""
    values = {name: [max(record[name], SMALLEST) for record in history] for name in TERMS}
    low = floor(log10(min(map(min, values.values()))))
    high = max(low + 1, ceil(log10(max(map(max, values.values())))))
    across = (WIDTH - LEFT - 6) / max(len(history) - 1, 1)

    def x(step: int) -> str:
        return f"{LEFT + across * step:.1f}"

    def y(value: float) -> str:
        return f"{BOTTOM - (BOTTOM - TOP) * (log10(value) - low) / (high - low):.1f}"

    parts = [f'<path d="M{LEFT} {y(value)}H{WIDTH}"/><text x="{LEFT - 4}" y="{y(value)}" dy=3 text-anchor=end>{value:g}</text>'
             for value in (10.0**power for power in range(low, high + 1))]
    starts = [k for k, record in enumerate(history) if k == 0 or record["size"] != history[k - 1]["size"]]
    for first, end in zip(starts, [*starts[1:], len(history)]):
        parts.append(f'<path d="M{x(first)} {TOP}V{BOTTOM}"/>')
        if across * (end - first) > 40 or len(starts) == 1:  # else the names of sizes would overlap
            parts.append(f'<text x="{x(first)}" y="{TOP - 5}">{history[first]["size"]} pixels</text>')
        for name in TERMS:
            points = "L".join(f"{x(step)} {y(values[name][step])}" for step in range(first, end))
            parts.append(f'<path class={name} d="M{points}"/>')
    parts.append(f'<text x="{WIDTH}" y="{HEIGHT - 6}" text-anchor=end>step 1 to {len(history)}</text>')
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role=img aria-label="style and content loss over {len(history)} steps">'
            + "".join(parts) + "</svg>")
