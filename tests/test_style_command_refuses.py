"""`nnscratch style` with invalid input: one sentence and exit code 2, before any work."""

import pytest
from helpers import run_style
from PIL import Image


@pytest.mark.parametrize("change, words", [
    (["--features", "vgg19"], "give --weights FILE"), (["--features", "best"], "choose one of texture, random"),
    (["--weights", "a.safetensors"], "cannot read a.safetensors"),
    (["--features", "random", "--weights", __file__], "need none"),
    (["--size", "0"], "size"),
    (["--fast", "--steps", "3"], "--steps was given together with --fast"),
    (["--fast", "--quick"], "--quick was given together with --fast"),
    (["--style-scale", "0"], "--style-scale is 0.0"),
    (["--max-memory", "0.1"], "--max-memory is 0.1 GB, expected at least 0.4 for 48x38 pixels and the statistics gram"),
    (["--max-memory", "nan"], "--max-memory is nan"),
    (["--minutes", "0"], "--minutes is 0.0"), (["--every", "0"], "--every is 0"), (["--init", "zero"], "init"),
    (["--keep-colours", "all"], "keep_colors"), (["--keep-colors", "all"], "keep_colors"),
    (["--blend", "1", "2"], "2 numbers for 1 style"), (["--blend", "-1"], "above 0"),
    (["--again", "nowhere.json"], "content was given together with --again")])
def test_invalid_settings(images, capsys, change, words, monkeypatch):
    """They are refused before any work."""
    monkeypatch.setattr("nnscratch.style.command.transfer_style", None)
    assert run_style(images, *change) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


@pytest.mark.parametrize("changes, words", [
    (["--strength", "-1"], "strength is -1.0, expected 0, the photograph, to 100"),
    (["--strength", "101"], "strength is 101.0"),
    (["--strength", "nan"], "strength is nan"),
    (["--seed", "-1"], "seed is -1, expected a whole number of at least 0"),
    (["--steps", "0"], "number of steps is 0"),
    (["--size", "4"], "from 8"),
    (["--size", "-5"], "-5"),
    (["--device", "tpu"], "device 'tpu' is unknown"),
    (["--device", "gpu"], "device 'gpu' was asked for, but"),
])
def test_bad_options_give_one_sentence_and_exit_code_2(images, capsys, changes, words, monkeypatch):
    """Nothing is written, nothing is computed, no traceback."""
    monkeypatch.setattr("nnscratch.backend.gpu_status", lambda: (None, "there is none in this test", "buy one"))
    assert run_style(images, *changes) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "Traceback" not in error
    assert not (images / "out.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("make, words", [
    (lambda p: None, "content.jpg"),
    (lambda p: p.mkdir(), "content.jpg"),
    (lambda p: p.write_text("not an image"), "content.jpg"),
    (lambda p: p.write_bytes(b""), "content.jpg"),
    (lambda p: Image.new("RGB", (1, 1)).save(p), "1x1"),
    (lambda p: Image.new("1", (20000, 20000)).save(p, format="PNG"), "content.jpg"),
    (lambda p: p.write_bytes((Image.new("RGB", (60, 60)).save(p), p.read_bytes()[:400])[1]), "content.jpg"),
], ids=["missing", "a folder", "text", "empty", "one pixel", "decompression bomb", "truncated"])
def test_bad_images_give_one_sentence_and_exit_code_2(images, capsys, make, words):
    """Every file that is not a usable image."""
    path = images / "content.jpg"
    path.unlink()
    make(path)
    assert run_style(images) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "Traceback" not in error


@pytest.mark.parametrize("output", ["nowhere/out.png", "out.xyz", "."])
def test_an_output_that_cannot_be_written_is_refused_first(images, capsys, output, monkeypatch):
    """It is refused before any work: the transfer never starts."""
    monkeypatch.setattr("nnscratch.style.command.transfer_style", None)
    assert run_style(images, output=output) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_too_little_memory_gives_one_sentence_and_exit_code_2(images, capsys, monkeypatch):
    """The requested amount, from NumPy's or CuPy's message, and the options that reduce it."""
    cupys = type("OutOfMemoryError", (MemoryError,), {"__module__": "cupy.cuda.memory"})
    for error, sentence in (
            (MemoryError("Unable to allocate 9 GiB for an array with shape (9,)"), "not enough memory for 9 GiB more; "),
            (MemoryError(), "not enough memory; "),
            (cupys("Out of memory allocating 3,221,225,472 bytes (allocated so far: 512 bytes)."),
             "not enough of the GPU's memory for 3,072 MiB more; "),
            (RuntimeError("cudaErrorMemoryAllocation: out of memory"), "not enough of the GPU's memory; ")):
        def transfer(*_, error=error, **__):
            raise error
        monkeypatch.setattr("nnscratch.style.command.transfer_style", transfer)
        assert run_style(images) == 2
        assert capsys.readouterr().err.endswith(f"nnscratch: {sentence}set a smaller --size (it is 48) or --max-memory\n")
