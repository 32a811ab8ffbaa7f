"""Marks: an output that the user named is never data; a file of the user's under the name of one of ours is the user's."""
import io
import json
import os
import shutil

import numpy as np
import pytest
from helpers import own_names, run_style, visible
from PIL import Image

from nnscratch.cli import main
from nnscratch.data.animation import read_film
from nnscratch.data.images import encode
from nnscratch.data.readers.folder import image_files, read_folder
from nnscratch.errors import InputError
from nnscratch.files import replace_file
from nnscratch.marks import MANIFEST, is_ours
from nnscratch.outputs import OutputFolder

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
FORMATS = ["png", "jpg", "gif", "tif", "webp", "bmp", "ppm", "tga", "pdf", "jp2"]


@pytest.mark.parametrize("extension", FORMATS)
def test_a_mark_changes_no_pixel(tmp_path, extension):
    """In every format: the same pixels, the same bytes each time, and the mark is found again."""
    image, path = Image.fromarray(PIXELS), tmp_path / f"a.{extension}"
    plain, marked = (encode(image, path, mark) for mark in (False, True))
    assert encode(image, path, True) == marked
    for data, ours in ((plain, False), (marked, True)):
        path.write_bytes(data)
        assert is_ours(path) == ours and not is_ours(path, image=False)
    if extension != "pdf":
        assert Image.open(io.BytesIO(plain)).tobytes() == Image.open(io.BytesIO(marked)).tobytes()


@pytest.mark.parametrize("name", ["one.png", "one.jpg", "one.bmp", "one.webp"])
@pytest.mark.parametrize("command", [
    ["generate"], ["gallery", "content.jpg", "--size", "32", "--steps", "1"],
    ["style", "content.jpg", "style.png", "--fast", "--size", "48"],
    ["style", "content.jpg", "style.png", "--size", "48", "--steps", "1"]])
def test_an_output_among_the_users_images_is_no_data(images, monkeypatch, command, name):
    """Whichever command wrote it; the user's own copy of its pixels is data."""
    monkeypatch.chdir(images)
    before = [path.name for path in image_files(".")[0]]
    assert main([*command, "-o", name]) == 0
    assert [path.name for path in image_files(".")[0]] == before
    Image.open(name).convert("RGB").save("copy.png")
    assert [path.name for path in image_files(".")[0]] == sorted([*before, "copy.png"])


def test_an_image_of_ours_replaced_by_the_users_is_data(images, monkeypatch):
    """out.png.json of ours stays beside out.png, which is the user's now."""
    monkeypatch.chdir(images)
    assert run_style(images) == 0
    Image.fromarray(PIXELS).save("out.png")
    assert own_names(images) == {"out.png.json"}


def test_copies_of_painted_images_are_data(images, monkeypatch):
    """Images from a folder of ours, in a folder of the user's."""
    monkeypatch.chdir(images)
    (images / "photos").mkdir()
    Image.fromarray(PIXELS).save("photos/a.png")
    assert main(["style", "photos", "night", "--fast", "-o", "painted", "--size", "48"]) == 0
    shutil.copy("painted/a.png.png", "photos/b.png")
    assert len(read_folder("photos")) == 2


# --- a file of the user's under a name that is in the list ------------------------------------------------------------

def test_a_listed_name_is_not_a_licence(tmp_path):
    """The file that we wrote may be replaced, another one under its name may not; nor is it removed, nor left out as ours."""
    def write(data):
        with OutputFolder(tmp_path, ["*.txt"]) as folder:
            replace_file(folder.file("a.txt"), data)
    (tmp_path / "photo.txt").write_text("")
    (tmp_path / "photo.txt").rename(tmp_path / "photo.md")  # so that the folder is the user's
    write(b"one")
    assert json.loads((tmp_path / MANIFEST).read_text())["files"] == {"a.txt": 2053932785}  # CRC-32 of b"one"
    write(b"two")
    assert (tmp_path / "a.txt").read_bytes() == b"two" and "a.txt" in own_names(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"mine")
    assert "a.txt" not in own_names(tmp_path)
    with pytest.raises(InputError, match="holds a.txt, which nnscratch did not write there as it is now"):
        write(b"three")
    with OutputFolder(tmp_path, ["*.png"]) as folder:
        folder.remove("a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"mine"


def test_a_process_that_was_killed_leaves_its_files_ours(tmp_path):
    """No checksum was written: what is there counts as ours, so that the next run goes on."""
    folder = OutputFolder(tmp_path / "out", ["*.txt"]).__enter__()
    replace_file(folder.file("a.txt"), b"half of the work")
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["files"] == {"a.txt": None}
    folder.context.close()  # what the system does for a process that ends
    with OutputFolder(tmp_path / "out", ["*.txt"]) as folder:
        assert folder.files == {"a.txt": None}


def test_what_another_command_wrote_there_is_not_removed(tmp_path):
    """Each command removes its own names only; the list keeps those of all."""
    with OutputFolder(tmp_path / "out", ["report.*"]) as folder:
        replace_file(folder.file("report.txt"), b"1")
    with OutputFolder(tmp_path / "out", ["*.png"]) as folder:
        folder.remove(*folder.files)
    assert visible(tmp_path / "out") == {"report.txt"}
    with OutputFolder(tmp_path / "out", ["report.*"]) as folder:
        folder.remove(*folder.files)
    assert visible(tmp_path / "out") == set()


@pytest.mark.parametrize("name", ["0001.png", "0003.png"])
def test_a_frame_replaced_by_the_user_stays(images, capsys, name):
    """Written over, or removed since there are fewer frames: refused before the work."""
    assert run_style(images, "--every", "1", "--steps", "3") == 0
    Image.fromarray(PIXELS).save(images / "out.png-frames" / name)
    mine = (images / "out.png-frames" / name).read_bytes()
    assert run_style(images, "--every", "1", "--steps", "1") == 2
    assert f"holds {name}, which nnscratch did not write there as it is now" in capsys.readouterr().err
    assert (images / "out.png-frames" / name).read_bytes() == mine


def test_two_outputs_that_differ_in_their_extension(images):
    """h.png and h.jpg have frames and a film each."""
    assert run_style(images, "--every", "1", "--steps", "3", output="h.png") == 0
    first = {path: path.read_bytes() for path in images.rglob("*") if path.is_file()}
    assert run_style(images, "--every", "1", "--steps", "2", output="h.jpg") == 0
    assert {path: path.read_bytes() for path in first} == first
    assert visible(images / "h.png-frames") == {"0001.png", "0002.png", "0003.png"}
    assert visible(images / "h.jpg-frames") == {"0001.png", "0002.png"}


# --- films, long names, empty names -----------------------------------------------------------------------------------

def film(path, frames=3):
    first, *more = (Image.fromarray(np.roll(PIXELS, 5 * k, axis=1)) for k in range(frames))
    first.save(path, save_all=True, append_images=more, duration=70)


@pytest.mark.parametrize("name", ["film.gif", "film.webp", "film.png"])
def test_a_film_in_a_folder_is_painted_frame_by_frame(tmp_path, monkeypatch, name):
    """The same film as when it is given alone; beside it a photograph."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    film(tmp_path / "in" / name)
    Image.fromarray(PIXELS).save(tmp_path / "in" / "a.png")
    assert main(["style", "in", "night", "--fast", "-o", "out", "--size", "30"]) == 0
    assert visible(tmp_path / "out") == {f"{name}.gif", "a.png.png"}
    assert main(["style", f"in/{name}", "night", "--fast", "-o", "alone.gif", "--size", "30"]) == 0
    assert (tmp_path / "out" / f"{name}.gif").read_bytes() == (tmp_path / "alone.gif").read_bytes()
    assert Image.open(tmp_path / "alone.gif").n_frames == 3
    assert main(["style", f"in/{name}", "night", "--fast", "-o", "alone.webp", "--size", "30"]) == 0
    given, painted = (read_film(tmp_path / one, 30) for one in (f"in/{name}", "alone.webp"))
    assert painted.count == 3 and painted.loop == given.loop and [time for _, time in painted.frames] == [70] * 3


def test_a_film_of_which_one_frame_is_used(images, caplog):
    """A line says so, for the content and for the style; none for an image."""
    film(images / "film.gif")
    assert run_style(images) == 0 and not caplog.records
    assert run_style(images, content="film.gif") == run_style(images, style="film.gif") == 0
    assert [record.message for record in caplog.records] == 2 * [
        f"{images / 'film.gif'} is a film of 3 frames, of which the first is used"]


@pytest.mark.parametrize("more", [[], ["--every", "1"]])
def test_a_name_too_long_for_what_is_derived_from_it(images, monkeypatch, capsys, more):
    """OUT alone has room in 255 bytes, OUT.state or OUT-film.gif has not: said before the images are read."""
    monkeypatch.setattr("nnscratch.style.command.read_images", None)
    for length in (250 if more else 251, 255):
        assert run_style(images, *more, output="x" * (length - 4) + ".png") == 2
        assert capsys.readouterr().err.endswith("expected a shorter name: shorten the name of the output\n")
    monkeypatch.undo()
    assert run_style(images, *more, output="x" * ((246 if more else 249) - 4) + ".png") == 0
    assert run_style(images, output="x" * 256 + ".png") == 2
    assert "of names that have at most 255 bytes" in capsys.readouterr().err


def test_a_long_name_in_a_folder(tmp_path, monkeypatch, capsys):
    """It is skipped before it is painted, and the rest is done."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("in")
    for name in ("x" * 250 + ".png", "a.png"):
        Image.fromarray(PIXELS).save(f"in/{name}")
    assert main(["style", "in", "night", "--fast", "-o", "out", "--size", "30"]) == 1
    assert visible(tmp_path / "out") == {"a.png.png"} and "shorten the name" in capsys.readouterr().out


@pytest.mark.parametrize("words, option", [
    ("train generator -o", "--output"), ("train texture -o", "--output"), ("train stylizer -o", "--output"),
    ("train generator --data", "--data"), ("train stylizer", "style"), ("generate -o", "--output"),
    ("generate -o a.png --from", "--from"), ("generate -o a.png --class", "--class"), ("judge -o", "--output"),
    ("judge --data", "--data"), ("bench -o", "--output"), ("gallery -o a.png", "content"), ("style -o a.png a.png", "style"),
    ("gallery -o a.png --styles night", "--styles"), ("compare -o a.html a.png", "style"),
    ("style -o a.png night", "style"), ("style -o a.png --again", "--again"), ("style a.png night -o", "--output"),
    ("style a.png night -o b.png --mask", "--mask"), ("style a.png night -o b.png --weights", "--weights"),
    ("style a.png night --fast -o b.png --weights", "--weights"), ("style --resume -o", "--output"),
    ("classify --from c", "IMAGE"), ("classify a.png --from", "--from")])
def test_an_empty_name_is_refused(tmp_path, monkeypatch, capsys, words, option):
    """It would be the current folder, or the default."""
    monkeypatch.chdir(tmp_path)
    assert main([*words.split(), ""]) == 2
    assert capsys.readouterr().err.startswith(f"nnscratch: {option} is an empty text, expected a name or a path")
    assert not os.listdir()
