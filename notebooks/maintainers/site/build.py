"""Sphinx with MyST-NB makes pages of the stored notebooks and of the docstrings.

No script, font or image comes from another host.
"""
import io
import re
import shutil
import tempfile
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path

from nnscratch.errors import InputError
from notebooks.folder import replace_folder
from notebooks.site.words import WORDS
from notebooks.source import FOLDER, needed

__all__ = ["NEEDED", "build"]

MADE_HERE = ".nnscratch-site"  # this file lists what this program wrote into the folder, which it may replace
NEEDED = "nbformat", "sphinx", "myst_nb", "furo", "math_core", "ziamath"
SETTINGS = {
    "project": "nnscratch", "author": "", "html_theme": "furo",
    "extensions": ["myst_nb", "notebooks.site.maths", "notebooks.site.chinese", "sphinx.ext.autodoc", "sphinx.ext.napoleon",
                   "notebooks.site.docstrings"],
    "root_doc": "index", "html_math_renderer": "mathml",
    "nb_execution_mode": "off", "nb_merge_streams": True, "nb_render_markdown_format": "myst",
    "myst_enable_extensions": ["dollarmath", "amsmath", "attrs_block"], "myst_heading_anchors": 2,
    "html_static_path": ["_static"], "html_css_files": ["style.css"], "html_js_files": [("live.js", {"defer": ""})],
    "html_show_sphinx": False, "html_show_copyright": False, "html_show_sourcelink": False, "html_copy_source": False,
    "html_use_index": False, "html_domain_indices": False,
    "html_show_search_summary": False,  # a summary is fetched, which browsers refuse on a disk
    "autodoc_typehints": "none",  # the lists of parameters have types and shapes, so that signatures stay short
    "autodoc_preserve_defaults": True, "autodoc_member_order": "bysource", "autodoc_inherit_docstrings": False,
    "add_module_names": False, "napoleon_google_docstring": False, "napoleon_use_ivar": True, "napoleon_use_rtype": False,
}


def build(target: str | Path, lite: str | None = None, languages: Collection[str] = ("en", "zh")) -> Path:
    """Build the site from the notebooks as they are stored, in English, and in zh/ in Chinese.

    Parameters
    ----------
    target : str or Path
        A folder that is empty, absent or holds an earlier site, which is replaced.
    lite : str, optional
        The address of a folder that notebooks.lite made, such as "../lite" for one beside the site: pages of notebooks then
        offer to open them in the browser.
    languages : collection of str
        Of "en" and "zh": only these pages, such as one for a handout.

    Returns
    -------
    first_page : Path
        That of the pages in English.

    Raises
    ------
    InputError
        A package is missing, the folder holds other files or cannot be written, or Sphinx warns, for example of a formula
        that it cannot read or of a broken link.
    """
    for module in NEEDED:
        needed(module, "site")
    font = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    with replace_folder(target, MADE_HERE) as pages, tempfile.TemporaryDirectory() as aside:
        from notebooks.site.api import write_api, write_stub
        from notebooks.site.source import write
        for language in languages:
            folder = pages if language == "en" else pages / language
            source = Path(aside, language)
            (source / "_static").mkdir(parents=True)
            for name in ("style.css", "live.js"):
                shutil.copy(Path(__file__).with_name(name), source / "_static")
            (source / "_static" / font.name).write_bytes(font.read_bytes())
            write(source, language, lite if not lite or language == "en" else from_inside(lite))
            (write_api if language == "en" else write_stub)(source)
            run_sphinx(source, folder, Path(aside, "doctrees", language), language)
            for path in (FOLDER if language == "en" else FOLDER / language).glob("[0-9][0-9]_*.ipynb"):  # to download
                shutil.copy(path, folder)
            shutil.rmtree(folder / "_sources", ignore_errors=True)
            for unused in (*folder.glob(".buildinfo*"), folder / "objects.inv"):
                unused.unlink(missing_ok=True)
    return Path(target) / "index.html"


def from_inside(address: str) -> str:
    """An address as seen from a folder inside."""
    return address if "://" in address or address.startswith("/") else f"../{address}"


def run_sphinx(source: Path, pages: Path, doctrees: Path, language: str = "en") -> None:
    """Make the pages; a warning of Sphinx is an InputError."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace
    warnings, words = io.StringIO(), WORDS[language]
    settings = SETTINGS | {"language": words.code, "html_title": words.title}
    with docutils_namespace():
        Sphinx(source, None, pages, doctrees, "html", settings, status=None, warning=warnings).build()
    said = re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()).replace(f"{source}/", "").strip()
    if said:
        raise InputError(f"the site was not made, since Sphinx warns:\n{said}")
