"""`nnscratch demo`: gradient checks, a painted photograph and generated digits in a few minutes, without network or GPU."""
import time
from pathlib import Path
from typing import Any

from nnscratch import backend
from nnscratch.data.images import photograph, read_image, side_by_side, write_image
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.errors import printable
from nnscratch.files import FilePath, replace_file
from nnscratch.generate.evaluate.classifier import SHIPPED, Classifier
from nnscratch.generate.evaluate.command import recognition_score
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.options import Options
from nnscratch.generate.plots import grid, png
from nnscratch.generate.trainer import GRID_STREAM, SCORE_STREAM
from nnscratch.gradcheck.table import print_table
from nnscratch.hints import checked
from nnscratch.outputs import OutputFolder
from nnscratch.plotting import figure_bytes, load_matplotlib
from nnscratch.progress import progress_bar
from nnscratch.style.command import transfer_with_progress

__all__ = ["run"]

SIZE, STEPS, STRENGTH = 480, 30, 75.0
TRAINING, JUDGED = Options(preset="nano", learning_rate=2e-3, steps=900), 1000
OUTPUTS = ("content.png", "style.png", "image.png", "side-by-side.png", "digits.png", "loss.png")


@checked
def run(folder: FilePath = "nnscratch-demo", device: str = "auto") -> int:
    """Run the demo, and write content, style, image, loss curve, a side-by-side image and generated digits.

    Parameters
    ----------
    folder : str or path
        Where the files go; it is created.
    device : {"auto", "cpu", "gpu"}
        Where to compute.

    Returns
    -------
    int
        The exit code: 0 done, 1 a gradient is wrong, 130 stopped early by Ctrl-C, with the best image so far.

    Raises
    ------
    InputError
        The device is unknown or missing, or the folder cannot be written to.
    """
    start = time.perf_counter()
    backend.use(device)
    with OutputFolder(folder, OUTPUTS) as output:
        code = run_parts(output)
    print(f"{time.perf_counter() - start:.0f} s in all")
    return code


def run_parts(output: OutputFolder) -> int:
    """The three parts of the demo; returns the exit code."""
    files = {name: output.file(name) for name in OUTPUTS}
    print(f"Device: {backend.describe_device()}\n")
    print("1. Is every gradient right? Each is compared with a numeric one, and wrong ones must be caught:\n")
    right = print_table(backend.current_module())
    print("\n2. A photograph in the style of a painting; the loss network was trained on neither:\n")
    content, style = read_image(photograph(), SIZE), flow_painting(SIZE)
    result = transfer_with_progress(content, style, strength=STRENGTH, steps=STEPS)
    images = [content, style, result.image]
    images.append(side_by_side(images, ["photograph", "style", "result"]))
    for name, image in zip(OUTPUTS, images):
        write_image(files[name], image)
    replace_file(files["loss.png"], plot_losses(result.history))
    print("\n3. Digits from noise, by a generator trained from scratch:\n")
    interrupted = train_digits(files["digits.png"], result.interrupted) or result.interrupted
    print(f"\n{', '.join(OUTPUTS)} are in {printable(output.path)}/")
    if interrupted:
        print("stopped early: the images are the best so far")
    return 130 if interrupted else 0 if right else 1


def train_digits(path: Path, stopped: bool = False) -> bool:
    """Train a small generator for TRAINING.steps steps (none if `stopped`), draw a hundred digits, and say how many digits a
    classifier recognises; True if Ctrl-C stopped it."""
    trainer = make_trainer(glyphs(), TRAINING)
    try:
        for _ in progress_bar(range(0 if stopped else TRAINING.steps), desc="training", unit="step"):
            trainer.step()
    except KeyboardInterrupt:
        stopped = True
    replace_file(path, png(grid(trainer.sample(100, GRID_STREAM)[0])))
    if stopped:
        return True
    judge = Classifier.load(SHIPPED)
    images, labels = trainer.sample(JUDGED, SCORE_STREAM)
    right = recognition_score(judge, labelled=True)(images, labels)
    print(f"\n{right:.0%} of {JUDGED} new digits are recognised as the digit that was asked for, by another network:\n{judge}")
    return False


def plot_losses(history: list[dict[str, Any]]) -> bytes:
    """Loss, style loss and content loss at each step, as the bytes of a PNG; a line marks each change to a larger size."""
    load_matplotlib()
    from matplotlib.figure import Figure  # without pyplot: no window, no global state
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    steps = range(1, len(history) + 1)
    axes.semilogy(steps, [record["loss"] for record in history], color="black", linewidth=2, label="loss")
    axes.semilogy(steps, [record["style"] for record in history], color="#0072b2", label="style")
    axes.semilogy(steps, [record["content"] for record in history], color="#d55e00", label="content")
    sizes = [record["size"] for record in history]
    for k in range(1, len(sizes)):
        if sizes[k] != sizes[k - 1]:
            axes.axvline(k + 0.5, color="grey", linestyle=":", label=f"{sizes[k - 1]} → {sizes[k]} pixels")
    axes.set(xlabel="L-BFGS step", ylabel="loss (logarithmic)", title="Style transfer: loss at each step")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure_bytes(figure, dpi=120)
