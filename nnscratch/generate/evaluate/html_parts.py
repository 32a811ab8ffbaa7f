"""Parts of a report in HTML: sections, tables, bar charts, images."""
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from nnscratch.generate.plots import png

if TYPE_CHECKING:
    from PIL.Image import Image

__all__: list[str] = []


def section(title: str, *parts: str) -> str:
    """A section with a headline."""
    return f"<section><h2>{title}</h2>\n" + "\n".join(parts) + "</section>"


def table(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Rows of (name, value, value of real images, sentence); all but the name may contain tags."""
    head = "<tr><th></th><th>these</th><th>real images</th><th></th></tr>" if any(row[2] for row in rows) else ""
    return f"<table class=numbers>{head}" + "".join(
        f"<tr><th>{escape(name)}</th><td class=value>{value}</td><td>{real}</td><td class=words>{words}</td></tr>"
        for name, value, real, words in rows) + "</table>"


def bar_chart(bars: Sequence[tuple[str, float, str, str]], words: str) -> str:
    """Bars of (name, value, value as text, CSS class)."""
    longest = max(value for _, value, _, _ in bars) or 1
    rows = "".join(
        f'<tr class="{kind}"><th>{escape(name)}</th><td><i style="width:{100 * max(value, 0) / longest:.1f}%"></i></td>'
        f"<td>{text}</td></tr>" for name, value, text, kind in bars)
    return f"<figure><table class=bars>{rows}</table><figcaption>{words}</figcaption></figure>"


def figure(image: "Image", words: str) -> str:
    """An image inside the page, with a caption."""
    data = b64encode(png(image)).decode()
    return f'<figure><img alt="{escape(words)}" src="data:image/png;base64,{data}"><figcaption>{words}</figcaption></figure>'


def percent(fraction: float) -> str:
    """A fraction as a percentage, with a decimal place unless it is 0 or 1."""
    return f"{100 * fraction:.1f} %" if 0 < fraction < 1 else f"{100 * fraction:.0f} %"


def number(value: float) -> str:
    """Three digits, with a typographic minus sign."""
    text = f"{value:.3g}" if value == 0 or 0.001 <= abs(value) < 1000 else f"{value:,.0f}" if abs(value) > 1 else f"{value:.4f}"
    return text.replace("-", "−")
