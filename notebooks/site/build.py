"""Sphinx with MyST-NB turns the stored notebooks into pages. No script, font or image comes from another host.

Everything is made aside and moved to its folder when it is whole.
"""
import io
import re
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from nnscratch.errors import InputError

NEEDS = "the site needs Sphinx, MyST-NB, furo, math-core and ziamath: pip install -e '.[site]'"
SETTINGS = {
    "project": "nnscratch", "author": "", "html_title": "nnscratch, the course", "html_theme": "furo",
    "extensions": ["myst_nb", "notebooks.site.maths"], "root_doc": "index", "html_math_renderer": "mathml",
    "nb_execution_mode": "off", "nb_merge_streams": True, "nb_render_markdown_format": "myst",
    "myst_enable_extensions": ["dollarmath", "amsmath"], "html_static_path": ["_static"], "html_css_files": ["style.css"],
    "html_show_sphinx": False, "html_show_copyright": False, "html_show_sourcelink": False, "html_copy_source": False,
    "html_use_index": False, "html_show_search_summary": False,  # a summary is fetched, which browsers refuse on a disk
}


def build(target):
    """Make the site in the folder `target`, which is empty, absent or holds an earlier one; returns its first page.

    Raises InputError where Sphinx is missing, the folder holds something else or cannot be written, or Sphinx warns of
    anything: a formula that cannot be read, a link that leads nowhere.
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
        shutil.copy(Path(__file__).with_name("style.css"), source / "_static")
        (source / "_static" / font.name).write_bytes(font.read_bytes())
        from notebooks.site.source import write
        write(source)
        run_sphinx(source, pages, Path(aside, "doctrees"))
        shutil.rmtree(target, ignore_errors=True)
        try:
            shutil.copytree(pages, target, ignore=shutil.ignore_patterns(".buildinfo*", "objects.inv"))
        except OSError as error:
            raise InputError(f"{target}: cannot be written ({error.strerror}); choose another folder with -o") from error
    return target / "index.html"


def check_target(target):
    """Only an earlier site is replaced; and that the folder can be written is tried before any work."""
    try:
        if target.exists() and any(target.iterdir()) and not (target / "searchindex.js").exists():
            raise InputError(f"{target} holds files that are no site; give an empty or new folder with -o")
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target):
            pass
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror}); choose another folder with -o") from error


def run_sphinx(source, pages, doctrees):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(source, None, pages, doctrees, "html", SETTINGS, status=None, warning=warnings).build()
    said = re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()).replace(f"{source}/", "").strip()
    if said:
        raise InputError(f"the site was not made, since Sphinx warns:\n{said}")
