"""The style sheet of a report: legible in light and in dark, on a phone and on paper; no fonts, scripts or external files."""
__all__ = ["CSS"]

CSS = """
:root { color-scheme: light dark; --ink: #1d2430; --quiet: #5c6675; --line: #dde1e7; --ground: #fff; --mine: #0b66b0;
        --real: #6b7686; --bad: #c98a3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --quiet: #a0a9b7; --line: #333b47; --ground: #14181e;
        --mine: #5cb0f2; --real: #8a94a3; --bad: #d9a35c; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 1.5rem }
h2 { font-size: 1.25rem; margin: 0 0 .75rem }
section { margin-top: 2.75rem; border-top: 1px solid var(--line); padding-top: 1.5rem }
p, figcaption, .words, small, .cards span { color: var(--quiet) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1rem; margin-bottom: 1.5rem }
.cards b { display: block; font-size: 1.7rem; font-weight: 650; letter-spacing: -.02em; white-space: nowrap }
.cards span { font-size: .875rem }
figure { margin: 1.25rem 0 }
figcaption { font-size: .875rem; margin-top: .5rem }
img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; font-weight: 550 }
.numbers td, .numbers th { padding: .5rem 1rem .5rem 0; vertical-align: top; border-bottom: 1px solid var(--line) }
.numbers tr:first-child th:not(:first-child), .numbers td:nth-child(3) { font-size: .875rem; color: var(--quiet);
        font-weight: 400 }
.numbers tr th:first-child { width: 24% }
.numbers td:nth-child(3) { width: 6.5rem; padding-top: .6rem }
.numbers .value { width: 7.5rem; font-weight: 650 }
.numbers .words { font-size: .875rem; padding-right: 0; padding-top: .6rem }
small { display: block; font-weight: 400; font-size: .75rem; line-height: 1.35 }
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
@media print { :root { --ink: #000; --quiet: #444; --line: #ccc; --ground: #fff; --mine: #0b66b0 } body { font-size: 11pt }
        main { max-width: none; padding: 0 } section, figure, tr { break-inside: avoid }
        i, .modes td { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
