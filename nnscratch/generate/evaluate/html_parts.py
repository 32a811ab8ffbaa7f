"""Parts of a report in HTML: tables, bar charts, and their style sheet."""
from collections.abc import Sequence
from html import escape

__all__: list[str] = []

CSS = """
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1rem; margin-bottom: 1.5rem }
.cards b { display: block; font-size: 1.7rem; font-weight: 650; letter-spacing: -.02em; white-space: nowrap }
.cards span { font-size: .875rem }
img { image-rendering: pixelated }
.numbers td, .numbers th { padding: .5rem 1rem .5rem 0; vertical-align: top; border-bottom: 1px solid var(--line) }
.numbers tr:first-child th:not(:first-child), .numbers td:nth-child(3) { font-size: .875rem; color: var(--quiet);
        font-weight: 400 }
.numbers tr th:first-child { width: 24% }
.numbers td:nth-child(3) { width: 6.5rem; padding-top: .6rem }
.numbers .value { width: 7.5rem; font-weight: 650 }
.numbers .words { font-size: .875rem; padding-right: 0; padding-top: .6rem }
.bars th { width: 1%; white-space: nowrap; font-weight: 400; padding: .15rem 1rem .15rem 0 }
.bars td:last-child { width: 4.5rem; text-align: right }
.bars i { display: block; height: 1rem; min-width: 2px; background: var(--real); border-radius: 2px }
.bars .ours i { background: var(--mine) } .bars .strong, .bars .strong th { font-weight: 650 }
.bars .bad i { background: var(--bad) }
.modes { font-size: .75rem; width: auto } .modes th { font-weight: 400; padding-right: 1rem; white-space: nowrap }
.modes th + th { text-align: center; padding: 0 }
.modes td { width: 2.75rem; text-align: center; border: 1px solid var(--ground);
        background: color-mix(in srgb, var(--mine) calc(var(--share) * .55), var(--ground)) }
@media (max-width: 36rem) { .numbers, .numbers tbody, .numbers tr, .numbers td, .numbers th { display: block; border: 0 }
        .numbers tr { border-bottom: 1px solid var(--line); padding: .5rem 0 } .numbers td, .numbers th { padding: 0 }
        .numbers tr:first-child:has(th + th) { display: none } .numbers tr th:first-child { width: auto }
        .numbers td:nth-child(3):not(:empty)::before { content: "real images: " } .numbers td:nth-child(3) { width: auto }
        .bars th { white-space: normal; width: 8rem } .modes td { width: auto } figure { overflow-x: auto } }
"""


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
