"""What all figures share: how matplotlib is imported, which fonts have the letters, and the bytes of a file."""
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from nnscratch.errors import printable

__all__: list[str] = []  # for the modules that draw

log = logging.getLogger("nnscratch")

# How the files of fonts with Chinese, and mostly Japanese and Korean, begin on Linux, Windows and macOS: the best first.
FONTS = ("notosanscjk-regular", "notosanssc", "notosanscjksc-regular", "sourcehansans", "wqy-microhei", "wqy-zenhei",
         "droidsansfallback", "msyh", "simhei", "pingfang", "hiragino sans gb", "stheiti", "malgun", "applesdgothicneo",
         "arial unicode", "notoserifcjk-regular")

NO_FONT = "no font was found that has all letters of %s: %s; install one, for Chinese Noto Sans CJK"
NO_LAYOUT = {"figure.autolayout": False, "figure.constrained_layout.use": False}


def load_matplotlib() -> ModuleType:
    """The module matplotlib, whatever MPLBACKEND says: images in files need no window, and one that names no backend would
    make the import fail."""
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    chosen = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
        if chosen:
            with suppress(ValueError):  # this is how matplotlib itself obeys the variable
                matplotlib.rcParams["backend"] = chosen
    finally:
        if chosen is not None:
            os.environ["MPLBACKEND"] = chosen
    return matplotlib


def default_font() -> str:
    """The file of DejaVu Sans, which comes with matplotlib."""
    return f"{load_matplotlib().get_data_path()}/fonts/ttf/DejaVuSans.ttf"


@cache
def more_fonts() -> list[str]:
    """The installed files of FONTS, the best first."""
    load_matplotlib()
    from matplotlib.font_manager import findSystemFonts
    found = [(FONTS.index(name), path) for path in findSystemFonts() for name in FONTS
             if Path(path).stem.lower().startswith(name)]
    return [path for _, path in sorted(found)]


@cache
def letters_in(path: str) -> frozenset[int]:
    """The letters, as numbers in Unicode, of the font in a file."""
    load_matplotlib()
    from matplotlib.ft2font import FT2Font
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # a damaged font, or of a kind that matplotlib cannot read
        return frozenset()


def font_of(text: str) -> str | None:
    """The file of a font that has all letters of a text: DejaVu Sans, else an installed one of FONTS; None if none has."""
    letters = {ord(letter) for letter in text if not letter.isspace()}
    if letters <= letters_in(default_font()):
        return default_font()
    return next((path for path in more_fonts() if letters <= letters_in(path)), None)


def legible(texts: Sequence[str], otherwise: Sequence[str]) -> list[str]:
    """The texts if fonts have all their letters; else all of the others, and a logged sentence says so."""
    lacking = next((text for text in texts if font_of(text) is None), None)
    if lacking is None:
        return list(texts)
    log.warning(NO_FONT, printable(lacking), f"the drawing says {otherwise[texts.index(lacking)]} instead")
    return list(otherwise)


def figure_bytes(figure: Any, **options: Any) -> bytes:
    """A matplotlib figure as PNG, each text in a font that has its letters; the options are those of `savefig`."""
    from matplotlib.text import Text
    lacking = None
    for text in figure.findobj(Text):
        font = font_of(text.get_text())
        if font is None:
            lacking = text.get_text()
        elif font != default_font():
            properties = text.get_fontproperties().copy()
            properties.set_file(font)
            text.set_fontproperties(properties)
    if lacking is not None:
        log.warning(NO_FONT, printable(lacking), "boxes are drawn in their place")
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # said above, in our words
        with laid_out(figure, options.get("dpi", figure.dpi)):
            figure.savefig(data, **{"format": "png", "dpi": figure.dpi} | options)
    return data.getvalue()


@contextmanager
def laid_out(figure: Any, dpi: float) -> Iterator[None]:
    """Inside this block the figure is laid out already; `savefig` would draw it once for the layout, and once for the file."""
    layout, before = figure.get_layout_engine(), figure.dpi
    if layout is None:
        yield
        return
    try:
        figure.dpi = dpi
        layout.execute(figure)
        with load_matplotlib().rc_context(NO_LAYOUT):  # else None would be the layout of the reader's own settings, here and
            figure.set_layout_engine(None)             # in `savefig`; with "none", `savefig` would draw twice, too
            yield
    finally:
        figure.dpi = before
        figure.set_layout_engine(layout)
