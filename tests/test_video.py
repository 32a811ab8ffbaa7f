"""Videos: read upright, in right colours and at their times; written so, with their sound. Painted: test_style_video.py.

Shapes: frames (H, W, 3) of bytes. The clips are made by PyAV, and changed byte by byte where it does not write what is read.
"""
import importlib.util
import io
import struct
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from image_files import CORNERS, complaint
from memory_use import peak_megabytes
from video_files import SINE, clip, corners, frames_in, make_part, packets_in, turned

from nnscratch.data import video_parts as module
from nnscratch.data.video import container_of, is_video, read_video
from nnscratch.data.video_parts import FORMATS, join, last_frame, packets_of, tell_silence
from nnscratch.errors import InputError

pytestmark = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason='needs pip install "nnscratch[video]"')
PLACES = ((4, 4), (4, -5), (-5, 4), (-5, -5))
BIG = CORNERS.repeat(2, 0).repeat(2, 1)  # 40x60, for colours at half resolution
KR_KB = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}  # of BT.709, BT.601 and BT.2020, by FFmpeg's numbers


def yuv(pixels, matrix, full):
    """Y, Cb and Cr of RGB by the standards' formulas, with Kr and Kb."""
    (r, g, b), (kr, kb) = pixels.transpose(2, 0, 1) / 255, KR_KB[matrix]
    y = kr * r + (1 - kr - kb) * g + kb * b
    cb, cr = (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))
    planes = (255 * y, 255 * cb + 128, 255 * cr + 128) if full else (219 * y + 16, 224 * cb + 128, 224 * cr + 128)
    return [np.rint(plane).clip(0, 255).astype(np.uint8) for plane in planes]


@pytest.mark.parametrize("matrix, full", [(1, False), (1, True), (5, False), (5, True), (9, False), (None, False)])
def test_colours_are_those_of_the_file(tmp_path, matrix, full):
    """Within 4 levels of 255, for each matrix and range that a file states; BT.601 where a small one states none."""
    planes = yuv(BIG, 5 if matrix is None else matrix, full)
    path = clip(tmp_path / "a.mp4", [[planes[0], planes[1][::2, ::2], planes[2][::2, ::2]]] * 2, matrix=matrix, full=full)
    video = read_video(path, 100)
    for pixels, _ in video.frames():
        assert [np.abs(pixels[place].astype(int) - BIG[place]).max() <= 4 for place in PLACES] == [True] * 4


def test_a_large_video_that_states_no_matrix_is_bt709(tmp_path):
    """As television and phones have it from 720 rows on."""
    pixels = np.full((720, 1280, 3), (200, 40, 90), np.uint8)
    planes = yuv(pixels, 1, False)
    path = clip(tmp_path / "a.mp4", [[planes[0], planes[1][::2, ::2], planes[2][::2, ::2]]] * 2, matrix=None)
    for found, _ in read_video(path, 64).frames():
        assert np.abs(found[10, 10].astype(int) - (200, 40, 90)).max() <= 3


@pytest.mark.slow
def test_hdr_becomes_sdr(tmp_path):
    """Grey of HLG in BT.2020: its reference white, 75 % of the signal, is white here; half the signal is a middle grey."""
    y = np.full((40, 60), 64 + 876 * 0.75, np.uint16)
    y[:, 30:] = 64 + 876 * 0.5
    path = clip(tmp_path / "a.mp4", [[y, *[np.full((20, 30), 512, np.uint16)] * 2]] * 2, matrix=9, deep=True)
    (pixels, _), *_ = read_video(path, 100).frames()
    assert pixels[:, :25].min() >= 245 and 110 <= pixels[:, 35:].min() <= pixels[:, 35:].max() <= 160


@pytest.mark.parametrize("extension", [".mp4", ".webm"])
def test_written_colours_are_read_again(extension, tmp_path):
    """RGB, to a file and back, within 6 levels of 255 after a lossy codec, and the file states BT.709 in limited range."""
    path = clip(tmp_path / "a.mp4", corners(3))
    video = read_video(path, 100)
    join([make_part(video, [BIG] * 3, [0, 512, 1024], extension)], video, tmp_path / f"out{extension}")
    stated = frames_in(tmp_path / f"out{extension}")[0]
    assert stated["matrix"] == stated["range"] == 1  # VP9 has no place for the others
    assert extension == ".webm" or stated["primaries"] == stated["curve"] == 1
    for pixels, _ in read_video(tmp_path / f"out{extension}", 100).frames():
        assert [np.abs(pixels[place].astype(int) - BIG[place]).max() <= 6 for place in PLACES] == [True] * 4


@pytest.mark.parametrize("matrix, expected", [
    ((1, 0, 0, 1), lambda a: a), ((0, 1, -1, 0), lambda a: np.rot90(a, -1)), ((-1, 0, 0, -1), lambda a: a[::-1, ::-1]),
    ((0, -1, 1, 0), np.rot90), ((-1, 0, 0, 1), lambda a: a[:, ::-1]), ((0, 1, 1, 0), lambda a: a.swapaxes(0, 1))])
def test_a_phones_clip_is_upright(tmp_path, matrix, expected):
    """Turned and mirrored as its display matrix says: a portrait clip, stored lying, is a portrait."""
    path = turned(clip(tmp_path / "a.mp4", corners(2)), matrix)
    video, expected = read_video(path, 60), expected(BIG)
    assert video.size == expected.shape[1::-1]
    for pixels, _ in video.frames():
        assert pixels.shape == expected.shape
        assert [np.abs(pixels[place].astype(int) - expected[place]).max() <= 6 for place in PLACES] == [True] * 4
    assert read_video(path, 30).size == tuple(side // 2 for side in video.size)


@pytest.mark.parametrize("extension", FORMATS)
def test_times_are_kept(tmp_path, extension):
    """Of a variable frame rate, to the unit of the source; a container that knows milliseconds alone rounds to them. The sound
    is the same, packet by packet."""
    times = [0, 1000, 3003, 3203, 90_000, 91_501, 180_000]
    path = clip(tmp_path / "a.mkv" if extension == ".webm" else tmp_path / "a.mp4", corners(len(times)), times=times,
                sound="libopus" if extension == ".webm" else "aac")
    video = read_video(path, 100)
    found = [(pixels, time) for pixels, time in video.frames()]
    seconds = [float(time * video.time_base) for _, time in found]
    cut = [make_part(video, [pixels for pixels, _ in some], [time for _, time in some], extension)
           for some in (found[:3], found[3:])]
    assert [sum(1 for _ in packets_of(part, path)) for part in cut] == [3, 4]
    out = tmp_path / f"out{extension}"
    join(cut, video, out)
    again = read_video(out, 100)
    tolerance = 1e-9 if extension in (".mp4", ".m4v", ".mov") else 1.1e-3
    if extension != ".webm":  # read from .mp4, and so exact
        np.testing.assert_allclose(seconds, np.array(times) / 90_000, atol=1e-9)
    (_, before), (_, after) = packets_in(path), packets_in(out)
    assert [data for _, data in before] == [data for _, data in after] and len(before) > 20
    shift = after[0][0] - before[0][0] if extension == ".mkv" else 0  # it begins at 0, AAC before: all is later by as much
    np.testing.assert_allclose([time - shift for time, _ in after], [time for time, _ in before], atol=max(tolerance, 1e-3))
    again = [float(time * again.time_base) - shift for _, time in again.frames()]
    np.testing.assert_allclose(again, seconds, atol=tolerance)


def test_a_rate_of_ntsc_stays_exact(tmp_path):
    """30000/1001 frames in a second."""
    path = clip(tmp_path / "a.mp4", corners(40), times=[1001 * k for k in range(40)], time_base=Fraction(1, 30_000))
    video = read_video(path, 100)
    assert video.rate == Fraction(30_000, 1001) and [time for _, time in video.frames()] == [1001 * k for k in range(40)]


@pytest.mark.parametrize("size", [(61, 41), (60, 41), (61, 40), (33, 9)])
def test_odd_sides_become_even(tmp_path, size):
    """A frame loses at most a pixel on each side; nothing is refused."""
    w, h = size
    path = clip(tmp_path / "a.mp4", [[np.full((h, w), 90, np.uint8)] * 3] * 2, format="yuv444p")
    video = read_video(path, 100)
    assert video.size == (w // 2 * 2, h // 2 * 2)
    ((pixels, _), _) = video.frames()
    assert last_frame(make_part(video, [pixels], [0]), path).shape == (h // 2 * 2, w // 2 * 2, 3)


def test_pixels_that_are_not_square(tmp_path):
    """Twice as wide as high: the frame is twice as wide as it is stored."""
    assert read_video(clip(tmp_path / "a.mp4", corners(2), pixel=Fraction(2)), 500).size == (120, 40)
    assert read_video(clip(tmp_path / "a.mp4", corners(2), pixel=Fraction(2)), 60).size == (60, 20)


def test_sound_that_does_not_fit_is_told(tmp_path, caplog, monkeypatch):
    """AAC in .webm: the video is silent, and one line says so before it is painted. What FFmpeg cannot copy after all, such as
    damaged sound, is left out with a line, too."""
    video = read_video(clip(tmp_path / "a.mp4", corners(3), sound="aac"), 100)
    pixels, times = zip(*video.frames())
    tell_silence(video, tmp_path / "out.mp4")
    assert not caplog.records
    tell_silence(video, tmp_path / "out.webm")
    assert "aac" in caplog.text and len(caplog.records) == 1
    join([make_part(video, pixels, times, ".webm")], video, tmp_path / "out.webm")
    assert packets_in(tmp_path / "out.webm")[1] == [] and len(caplog.records) == 1
    monkeypatch.setattr(module, "sounds_of", lambda *_: [(1, "aac", True)])
    join([make_part(video, pixels, times, ".webm")], video, tmp_path / "out.webm")
    assert packets_in(tmp_path / "out.webm")[1] == [] and "could not be copied" in caplog.text
    assert len(packets_in(tmp_path / "out.webm")[0]) == 3


def test_sound_is_heard(tmp_path):
    """Decoded, the sine has its frequency, and lasts as long."""
    import av
    video = read_video(clip(tmp_path / "a.mp4", corners(30), sound="aac"), 100)
    pixels, times = zip(*video.frames())
    join([make_part(video, pixels, times)], video, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        wave = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    peak = np.abs(np.fft.rfft(wave)).argmax() * 44_100 / len(wave)
    assert len(wave) >= 43_000 and abs(peak - SINE) < 2


def test_what_is_a_video(tmp_path):
    """It begins like one, whatever its name is; a photograph of a phone, which begins alike, is none, and no playlist is."""
    files = {"mov": struct.pack(">I4s4s", 24, b"ftyp", b"isom"), "matroska": b"\x1aE\xdf\xa3" + bytes(20),
             "avi": b"RIFF....AVI "}
    images = {"heic": struct.pack(">I4s4s", 24, b"ftyp", b"heic"), "avif": struct.pack(">I4s4s", 24, b"ftyp", b"avif"),
              "webp": b"RIFF....WEBP", "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
              "list": b"ffconcat version 1.0\nfile /etc/passwd\n", "empty": b""}
    for name, data in (files | images).items():
        (tmp_path / name).write_bytes(data)
        assert container_of(tmp_path / name) == (name if name in files else None)
    assert not is_video(tmp_path) and not is_video(tmp_path / "missing")


def test_bad_videos_are_refused(tmp_path, monkeypatch):
    """In one sentence: too small, too large, sound alone, without frames, no video at all but for its beginning."""
    path = clip(tmp_path / "a.mp4", corners(3))
    assert "60x40" in complaint(read_video, path, 10)
    with monkeypatch.context() as small:
        small.setattr("nnscratch.data.video.MAX_PIXELS", 2399)
        assert "60x40 pixels" in complaint(read_video, path, 60)
    assert "no picture" in complaint(read_video, clip(tmp_path / "b.mp4", [], sound="aac"), 60)
    for data in (path.read_bytes()[:40], path.read_bytes()[:40] + bytes(1000), b"\x1aE\xdf\xa3" + bytes(1000)):
        (tmp_path / "c.mp4").write_bytes(data)
        complaint(read_video, tmp_path / "c.mp4", 60)


def test_what_cannot_be_encoded(tmp_path):
    """A time base that no encoder takes, and times that do not fit: one sentence, before the first frame or at it."""
    video = read_video(clip(tmp_path / "a.mp4", corners(3)), 60)
    for base, times in ((Fraction(10**9, 1), [0]), (Fraction(1, 90_000), [2**62, 0])):
        complaint(make_part, replace(video, time_base=base), [BIG] * len(times), times, ".webm")
    complaint(make_part, replace(video, size=(100_000, 100_000)), [], [])


def test_without_pyav(tmp_path, monkeypatch):
    """One sentence says what to install."""
    path = clip(tmp_path / "a.mp4", corners(3))
    monkeypatch.setitem(sys.modules, "av", None)
    message = complaint(read_video, path, 60)
    assert 'pip install "nnscratch[video]"' in message and "a.mp4" in message
    monkeypatch.undo()
    monkeypatch.setattr("av.__version__", "17.1.0")
    assert "pip install --upgrade av" in complaint(read_video, path, 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.webm"])
def test_no_damaged_file_crashes_the_reader(tmp_path, name):
    """A file that is truncated or has random bytes overwritten is read or refused."""
    whole, chance, refused = clip(tmp_path / name, corners(12)).read_bytes(), np.random.default_rng(0), 0
    for trial in range(150):
        broken = bytearray(whole[:chance.integers(len(whole))] if trial % 2 else whole)
        for place in chance.integers(0, len(broken), 6) if trial % 3 and broken else ():
            broken[place] = chance.integers(256)
        (tmp_path / "fuzzed").write_bytes(broken)
        try:
            for pixels, _ in read_video(tmp_path / "fuzzed", 24).frames():
                assert pixels.shape[2] == 3
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_memory_does_not_depend_on_the_length(tmp_path):
    """600 frames take at most 25 MB more than 100 to read, encode and join; all at once, they would take 276 MB more."""
    code = """from nnscratch.data.video import read_video
from nnscratch.data.video_parts import Part, join
video = read_video(sys.argv[1], 512)
class Parts:
    def __iter__(self):
        part = Part(video, ".mp4")
        for pixels, time in video.frames():
            part.add(pixels, time)
            if part.count == 25:
                yield part.finish()
                part = Part(video, ".mp4")
join(Parts(), video, sys.argv[2])"""
    still = [np.full((360, 512), 90, np.uint8), *[np.full((180, 256), 128, np.uint8)] * 2]
    peaks = [peak_megabytes(code, clip(tmp_path / f"{count}.mp4", [still] * count, sound="aac"), tmp_path / "out.mp4")
             for count in (100, 600)]
    assert peaks[1] - peaks[0] <= 25, peaks


@pytest.mark.skipif(sys.platform != "linux", reason="limits files as Linux does")
@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize("limit", [10, 20_000, 70_000])
def test_a_full_disk(tmp_path, extension, limit):
    """At the beginning, in the middle, at the end: one sentence, on no other stream another word, and nothing is left."""
    frames = list(np.random.default_rng(0).integers(0, 256, (30, 40, 60, 3), np.uint8))
    video = read_video(clip(tmp_path / "a.mp4", frames), 100)
    (tmp_path / "part").write_bytes(make_part(video, frames, range(0, 90_000, 3000), extension))
    code = """import resource, sys
from pathlib import Path
from nnscratch.data.video import read_video
from nnscratch.data.video_parts import join
video, part = read_video(sys.argv[1], 100), Path(sys.argv[2]).read_bytes()
assert len(part) > 40_000
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]) if int(sys.argv[4]) < 70_000 else len(part) - 500, -1))
try:
    join([part], video, sys.argv[3])
except Exception as error:
    sys.exit("free some space" not in str(error))
sys.exit(9)"""
    words = [tmp_path / "a.mp4", tmp_path / "part", tmp_path / f"out{extension}", limit]
    result = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "part"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_large_frames_do_not_fill_the_memory(tmp_path):
    """Of a file of some kilobytes: a decoder may have to keep 16 frames, here of 38 MB each. Of 57 MB they are refused."""
    large, half = (np.full((2304, width), 400, np.uint16) for width in (4096, 2048))
    assert "yuv444p10le" in complaint(read_video, clip(tmp_path / "a.mp4", [[large] * 3] * 2, format="yuv444p10le"), 512)
    path = clip(tmp_path / "a.mp4", [[large, half, half]] * 20, format="yuv422p10le", refs=16)
    code = "from nnscratch.data.video import read_video\nfor frame in read_video(sys.argv[1], 512).frames(): pass"
    assert path.stat().st_size < 1e6 and peak_megabytes(code, path) < 1000


def test_a_part_that_cannot_be_joined(tmp_path):
    """Nothing is left where the file is not made."""
    video = read_video(clip(tmp_path / "a.mp4", corners(3)), 60)
    with pytest.raises((InputError, ValueError)):
        join([io.BytesIO(b"no part").getvalue()], video, tmp_path / "out.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4"}
