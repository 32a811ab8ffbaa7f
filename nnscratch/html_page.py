"""Pages in HTML: legible in light and in dark, on a phone and on paper; no scripts, and nothing from other files or hosts.

Texts that may hold anything, such as names of files, must go through `html.escape` first; titles of pages and the descriptions
of images are escaped here.
"""
from base64 import b64encode
from collections.abc import Iterable
from html import escape

from nnscratch.marks import IMAGE_MARK

__all__: list[str] = []  # for the pages of this package

CSS = """
:root { color-scheme: light dark; --ink: #1d2430; --quiet: #5c6675; --line: #dde1e7; --ground: #fff; --mine: #0b66b0;
        --real: #6b7686; --bad: #c98a3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --quiet: #a0a9b7; --line: #333b47; --ground: #14181e;
        --mine: #5cb0f2; --real: #8a94a3; --bad: #d9a35c; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; overflow-wrap: break-word }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 1.5rem }
h2 { font-size: 1.25rem; margin: 0 0 .75rem }
section { margin-top: 2.75rem; border-top: 1px solid var(--line); padding-top: 1.5rem }
p, figcaption, .words, small, .cards span { color: var(--quiet) }
figure { margin: 1.25rem 0 }
figcaption { font-size: .875rem; margin-top: .5rem }
.images { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); gap: 1rem; align-items: start }
.images figure { margin: 0 }
img { display: block; width: 100%; height: auto; border-radius: 4px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; font-weight: 550 }
small { display: block; font-weight: 400; font-size: .75rem; line-height: 1.35 }
@media print { :root { --ink: #000; --quiet: #444; --line: #ccc; --ground: #fff; --mine: #0b66b0 } body { font-size: 11pt }
        main { max-width: none; padding: 0 } section, figure, tr { break-inside: avoid }
        i, .modes td { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""


def page(title: str, parts: Iterable[str], css: str = "") -> bytes:
    """A whole page of these parts; `css` are rules for these parts alone."""
    text = (f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="generator" content="{IMAGE_MARK}">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
            f"<style>{CSS}{css}</style>\n<main>\n" + "\n".join(parts) + "\n</main>\n</html>\n")
    return text.encode(errors="backslashreplace")  # names may not be text


def section(title: str, *parts: str) -> str:
    """A section with a headline."""
    return f"<section><h2>{title}</h2>\n" + "\n".join(parts) + "</section>"


def figure(data: bytes, alt: str, caption: str, kind: str = "png") -> str:
    """An image file inside the page, described for those who do not see it, with a caption, which may contain tags."""
    return (f'<figure><img alt="{escape(alt)}" src="data:image/{kind};base64,{b64encode(data).decode()}">'
            f"<figcaption>{caption}</figcaption></figure>")


def percent(fraction: float) -> str:
    """A fraction as a percentage, with a decimal place unless it is 0 or 1."""
    return f"{100 * fraction:.1f} %" if 0 < fraction < 1 else f"{100 * fraction:.0f} %"


def number(value: float) -> str:
    """Three digits, with a typographic minus sign."""
    text = f"{value:.3g}" if value == 0 or 0.001 <= abs(value) < 1000 else f"{value:,.0f}" if abs(value) > 1 else f"{value:.4f}"
    return text.replace("-", "−")
