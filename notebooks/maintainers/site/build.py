"""Sphinx with MyST-NB makes pages of the stored notebooks and of the docstrings.

No script, font or image comes from another host. The site is built in a temporary folder and moved when it is complete.
"""
import io
import re
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from nnscratch.errors import InputError

__all__ = ["build"]

NEEDS = "the site needs Sphinx, MyST-NB, furo, math-core and ziamath: pip install -e '.[site]'"
SETTINGS = {
    "project": "nnscratch", "author": "", "html_title": "nnscratch, the course", "html_theme": "furo",
    "extensions": ["myst_nb", "notebooks.site.maths", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "notebooks.site.docstrings"],
    "root_doc": "index", "html_math_renderer": "mathml",
    "nb_execution_mode": "off", "nb_merge_streams": True, "nb_render_markdown_format": "myst",
    "myst_enable_extensions": ["dollarmath", "amsmath", "attrs_block"], "myst_heading_anchors": 2,
    "html_static_path": ["_static"], "html_css_files": ["style.css"],
    "html_show_sphinx": False, "html_show_copyright": False, "html_show_sourcelink": False, "html_copy_source": False,
    "html_use_index": False, "html_domain_indices": False,
    "html_show_search_summary": False,  # a summary is fetched, which browsers refuse on a disk
    "autodoc_typehints": "none",  # the lists of parameters have types and shapes, so that signatures stay short
    "autodoc_preserve_defaults": True, "autodoc_member_order": "bysource", "autodoc_inherit_docstrings": False,
    "add_module_names": False, "napoleon_google_docstring": False, "napoleon_use_ivar": True, "napoleon_use_rtype": False,
}


def build(target: str | Path) -> Path:
    """Build the site from the notebooks as they are stored.

    Parameters
    ----------
    target : str or Path
        A folder that is empty, absent or holds an earlier site, which is replaced.

    Returns
    -------
    first_page : Path

    Raises
    ------
    InputError
        Sphinx is missing, the folder holds other files or cannot be written, or Sphinx warns, for example of a formula
        that it cannot read or of a broken link.
    """
    try:
        import furo  # noqa: F401
        import math_core  # noqa: F401
        import myst_nb  # noqa: F401
        font = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    except ImportError as error:
        raise InputError(f"{NEEDS} ({error})") from error
    target = Path(target)
    check_target(target)
    with tempfile.TemporaryDirectory() as aside:
        source, pages = Path(aside, "source"), Path(aside, "pages")
        (source / "_static").mkdir(parents=True)
        for name in ("style.css", "live.js"):
            shutil.copy(Path(__file__).with_name(name), source / "_static")
        (source / "_static" / font.name).write_bytes(font.read_bytes())
        from notebooks.site.api import write_api
        from notebooks.site.source import write
        from notebooks.source import FOLDER
        write(source)
        write_api(source)
        run_sphinx(source, pages, Path(aside, "doctrees"))
        for path in FOLDER.glob("[0-9][0-9]_*.ipynb"):  # to download
            shutil.copy(path, pages)
        shutil.rmtree(target, ignore_errors=True)
        try:
            shutil.copytree(pages, target, ignore=shutil.ignore_patterns(".buildinfo*", "objects.inv"))
        except OSError as error:
            raise InputError(f"{target}: cannot be written ({error.strerror}); choose another folder with -o") from error
    return target / "index.html"


def check_target(target: Path, mark: str = "searchindex.js") -> None:
    """Refuse a folder that holds anything but an earlier build, which has `mark`, or that cannot be written."""
    try:
        if target.exists() and any(target.iterdir()) and not (target / mark).exists():
            raise InputError(f"{target} holds files that are not an earlier build; choose an empty or new folder with -o")
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target):
            pass
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror}); choose another folder with -o") from error


def run_sphinx(source: Path, pages: Path, doctrees: Path) -> None:
    """Make the pages; a warning of Sphinx is an InputError."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(source, None, pages, doctrees, "html", SETTINGS, status=None, warning=warnings).build()
    said = re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()).replace(f"{source}/", "").strip()
    if said:
        raise InputError(f"the site was not made, since Sphinx warns:\n{said}")
