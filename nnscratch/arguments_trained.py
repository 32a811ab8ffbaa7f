"""The options of the commands that use a trained network: generate, classify and judge."""
import argparse
from typing import Any

from nnscratch.argument_parser import Defaults, add_device, add_output

__all__: list[str] = []  # for arguments.py


def add_generate(commands: Any) -> None:
    """`nnscratch generate`."""
    generate = commands.add_parser("generate", help="draw images with a trained generator", formatter_class=Defaults)
    add_output(generate, "OUT", "file to write, for instance digits.png", required=True)
    add_generator_file(generate)
    generate.add_argument("--grid", type=rows_and_columns, metavar="8x8", help="rows x columns")
    generate.add_argument("--walk", type=int, nargs="?", const=60, metavar="FRAMES",
                          help="a film (.gif, .webp) from one noise vector to the next")
    generate.add_argument("--side", type=int, metavar="PIXELS",
                          help="of an image, for a generator of textures: any multiple of 16 up to 2048")
    generate.add_argument("--class", dest="label", metavar="NAME", help="draw only this class")
    add_noise(generate)
    add_device(generate)
    generate.set_defaults(run="generate")


def add_classify(commands: Any) -> None:
    """`nnscratch classify`."""
    classify = commands.add_parser("classify", help="say what images show, by a trained classifier", formatter_class=Defaults)
    classify.add_argument("images", nargs="+", metavar="IMAGE", help="image files, or folders of them")
    classify.add_argument("--from", dest="path", metavar="FILE", required=True, help="best.safetensors of a training")
    add_output(classify, "OUT", "file to write, for instance why.png: each image, and the pixels that decide")
    classify.add_argument("--top", type=int, default=3, help="classes to print for each image")
    add_device(classify)
    classify.set_defaults(run="classify")


def add_judge(commands: Any) -> None:
    """`nnscratch judge`."""
    judge = commands.add_parser("judge", help="evaluate a generator against real images: a report", formatter_class=Defaults)
    add_generator_file(judge)
    judge.add_argument("--data", help="the data that it was trained on (default: those that its file names)")
    judge.add_argument("--size", type=int, help="side that the images were resized to (default: the one that its file names)")
    add_output(judge, "FOLDER", "folder for report.html and report.json", default="judged")
    judge.add_argument("--count", type=int, default=5000, help="number of images to draw")
    add_noise(judge)
    add_device(judge)
    judge.set_defaults(run="judge")


def add_generator_file(command: argparse.ArgumentParser) -> None:
    """--from, the generator that is drawn from."""
    command.add_argument("--from", dest="path", metavar="FILE",
                         help="best.safetensors of a training; by default a generator that is included")


def add_noise(command: argparse.ArgumentParser) -> None:
    """What the generator is given."""
    command.add_argument("--temperature", type=float, default=1.0, metavar="T",
                         help="standard deviation of the noise: below 1 for more typical images, above 1 for more varied ones")
    command.add_argument("--seed", type=int, default=0, help="for the noise")


def rows_and_columns(text: str) -> tuple[int, int]:
    """Parse a grid: "8x10" -> (8, 10)."""
    rows, _, columns = text.lower().partition("x")
    if not (rows.isdigit() and columns.isdigit() and 0 < int(rows) * int(columns) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a grid, expected rows x columns such as 8x8, 10,000 images at most")
    return int(rows), int(columns)
