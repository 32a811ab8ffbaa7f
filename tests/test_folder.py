"""Folders that commands make: the earlier one is there until the new one is complete, and no other folder is touched."""
import errno
import os
from pathlib import Path

import pytest

pytest.importorskip("nbformat", reason="notebooks/ imports it: pip install -e '.[test]'")

from nnscratch.errors import InputError
from notebooks import folder as module
from notebooks.folder import replace_folder

MARK = ".nnscratch-test"
OLD = {"site/page.html": "old", "site/.nnscratch-test": "page.html"}  # the mark lists what was written
posix = pytest.mark.skipif(os.name != "posix", reason="Windows lets few users make symbolic links")


def contents(folder):
    """The text of each file below a folder, links not followed."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write(target, text="new"):
    with replace_folder(target, MARK) as new:
        (new / "page.html").write_text(text)


@pytest.fixture
def earlier(tmp_path):
    """A folder made before."""
    write(tmp_path / "site", "old")
    assert contents(tmp_path) == OLD
    return tmp_path / "site"


def test_an_earlier_folder_is_replaced(earlier):
    """Whole: its other files are gone, too, and nothing lies beside it."""
    for name in ("inside", "other", "inside"):
        with replace_folder(earlier, MARK) as new:
            assert list(new.iterdir()) == [] and len(list(earlier.iterdir())) > 1
            (new / name).mkdir()
            (new / name / "page.html").touch()
        assert sorted(path.name for path in earlier.parent.rglob("*")) == sorted([MARK, name, "page.html", "site"])
        assert (earlier / MARK).read_text() == f"{name}\n{name}/page.html"


@pytest.mark.parametrize("name", ["letter.txt", "a/letter.txt", "empty/"])
def test_what_was_put_into_an_earlier_folder_is_not_deleted(earlier, name):
    """The sentence names it, and nothing is changed."""
    (earlier / name).parent.mkdir(exist_ok=True)
    (earlier / name).mkdir() if name == "empty/" else (earlier / name).write_text("dear")
    before = contents(earlier)
    refused(earlier, f"site holds {name.split('/')[0]}, which no build wrote: move it away, or choose an empty or new folder")
    assert contents(earlier) == before and (earlier / name).exists()


def test_an_earlier_folder_without_a_list(earlier):
    """Its mark was empty, or it had none: what it holds may be anybody's."""
    for change in (lambda mark: mark.write_text(""), lambda mark: mark.unlink()):
        change(earlier / MARK)
        refused(earlier, "is not an earlier build, or one from before version 0.2: delete it, or choose")
    (earlier / MARK).write_bytes(b"\xff")
    refused(earlier, "holds page.html, which no build wrote")
    assert (earlier / "page.html").read_text() == "old"


def test_new_and_empty_folders(tmp_path):
    """Also where the folders above are missing, or the path is relative."""
    (tmp_path / "empty").mkdir()
    for target in ("empty", "a/b/c"):
        write(tmp_path / target)
    assert set(contents(tmp_path)) == {f"{target}/{name}" for target in ("empty", "a/b/c") for name in (MARK, "page.html")}
    assert (tmp_path / "empty").stat().st_mode & 0o777 == (tmp_path / "a").stat().st_mode & 0o777  # not a private one


STEPS = [("mkdir", 0), ("write_text", 0), ("rename", 0), ("rename", 1)]


@pytest.mark.parametrize("error", [OSError(errno.EBUSY, "Device or resource busy"), KeyboardInterrupt()], ids=type)
@pytest.mark.parametrize("step, call", STEPS)
def test_a_failure_leaves_the_earlier_folder(earlier, monkeypatch, step, call, error):
    """At each step, also a rename that a disk in this place refuses; and nothing half-written."""
    calls, real = [], getattr(Path, step)

    def fails(self, *arguments, **options):
        if self.parent.name.startswith(".site-") or self == earlier or self.name == MARK:
            calls.append(self)
            if len(calls) == call + 1:
                raise error
        return real(self, *arguments, **options)
    monkeypatch.setattr(Path, step, fails)
    with pytest.raises(InputError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        write(earlier)
    assert len(calls) > call and contents(earlier.parent) == OLD
    assert sorted(earlier.parent.iterdir()) == [earlier]
    if isinstance(error, OSError):
        assert str(caught.value) == (f"{earlier}: cannot be written (Device or resource busy); "
                                     "choose another folder with -o")


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "No such file or directory", "a.png"),
                                   InputError("Sphinx warns"), KeyboardInterrupt()], ids=type)
@pytest.mark.parametrize("target", ["site", "a/b"])
def test_a_failure_while_it_is_filled(earlier, error, target):
    """It keeps its meaning."""
    with pytest.raises(type(error)) as caught, replace_folder(earlier.parent / target, MARK) as new:
        (new / "page.html").write_text("half")
        raise error
    assert caught.value is error
    assert contents(earlier.parent) == OLD
    assert sorted(earlier.parent.iterdir()) == [earlier]


def test_the_earlier_folder_is_never_deleted_without_a_new_one(earlier, monkeypatch):
    """Not even if it cannot be moved back: the sentence says where it is."""
    real = Path.rename

    def busy(self, other):
        if self == earlier:
            return real(self, other)
        raise OSError(errno.EBUSY, "Device or resource busy", str(self))
    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(InputError) as caught:
        write(earlier)
    old, = earlier.parent.rglob("old")
    assert contents(old) == {"page.html": "old", MARK: "page.html"}
    assert str(caught.value) == (f"{earlier}: cannot be written (Device or resource busy); what it held is in {old} now: "
                                 "move it back")


@posix
@pytest.mark.parametrize("there", [True, False])
def test_links_are_followed(tmp_path, there):
    """The link stays a link; where it leads is replaced, or made."""
    if there:
        write(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link")
    assert (tmp_path / "link").readlink() == tmp_path / "real" and (tmp_path / "real" / "page.html").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


@posix
def test_a_link_in_a_circle_is_refused(tmp_path):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "circle")


def refused(target, words):
    """Nothing is made, and the sentence has these words."""
    with pytest.raises(InputError, match=words), replace_folder(target, MARK):
        raise AssertionError("it was not refused")


def test_what_is_refused(earlier, monkeypatch):
    """Other files, a file, the current folder and those above it, a disk, a folder without permission."""
    home = earlier.parent
    (home / "mine").mkdir()
    (home / "mine" / "letter").write_text("dear")
    refused(home / "mine", "is not an earlier build, or one from before version 0.2: delete it, or choose")
    refused(home / "mine" / "letter", "cannot be written .*choose another folder with -o")
    refused(home / "mine" / "letter" / "inside", "cannot be written .*choose another folder with -o")
    with replace_folder(earlier, MARK) as new:
        (new / "inside").mkdir()
        (new / "page.html").write_text("old")
    for here in (earlier, earlier / "inside"):
        monkeypatch.chdir(here)
        refused(earlier, "is in use, .* choose a folder inside it")
    monkeypatch.chdir(earlier)
    refused(".", "is in use")
    monkeypatch.chdir(home)
    monkeypatch.setattr(module.os.path, "ismount", lambda path: path == earlier)
    refused(earlier, "as a disk")

    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(module.tempfile, "mkdtemp", denied)
    refused(home / "new", "cannot be written .*Permission denied")
    assert sorted(path.name for path in home.iterdir()) == ["mine", "site"]
    assert (home / "mine" / "letter").read_text() == "dear" and (earlier / "page.html").read_text() == "old"
