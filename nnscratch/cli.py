"""The `nnscratch` command. A user's mistake is one sentence and exit code 2; a traceback is a bug of this package.

arguments.py defines the commands and their options; this file runs them.
"""
import logging
import os
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import fields

from nnscratch import memory
from nnscratch.arguments import parser
from nnscratch.errors import InputError
from nnscratch.given_options import given_options, option_name, refuse
from nnscratch.mpi_command import check_command
from nnscratch.terminal import SIGNALLED, standard_streams, stopped_by_signals

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        The words after `nnscratch`; by default those of the process.

    Returns
    -------
    int
        The exit code: 0 done, 1 a check failed or some of several files were skipped, 2 wrong input or too little memory, 130
        stopped by Ctrl-C, 141 the output was closed, 143 stopped by SIGTERM (the last three as in a shell).
    """
    with standard_streams() as output, stopped_by_signals() as signals, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # overflow: commands look at their results
        try:
            options = parse_arguments(arguments)
            check_command(options.run)
            memory.keep_freed_memory()
            logging.basicConfig(level=logging.INFO, format="%(message)s")
            code = RUN[options.run](options)
            output.flush()
            if code == 0 and isinstance(output.error, BrokenPipeError):
                code = 141
        except InputError as error:
            print(f"nnscratch: {error}", file=sys.stderr)
            code = 2
        except MemoryError as error:  # CuPy's own is a subclass
            code = report_memory_shortage(error, options)
        except RuntimeError as error:
            if not memory.is_cuda_out_of_memory(error):
                raise
            code = report_memory_shortage(error, options)
        except KeyboardInterrupt:
            print("nnscratch: stopped", file=sys.stderr)
            code = 130
        return SIGNALLED + signals[0] if code == 130 and signals else code


# The options of each command that reduce its memory.
MEMORY_OPTIONS = {"style": ("size", "max_memory"), "gallery": ("size",), "compare": ("size",), "generate": ("grid",),
                  "train_generator": ("batch_size", "size"), "train_classifier": ("batch_size", "size"), "judge": ("count",)}


def report_memory_shortage(error: BaseException, options: Namespace) -> int:
    """Print one sentence: how much memory was asked for, and which options to reduce, with their values."""
    names = [(name, getattr(options, name, None)) for name in MEMORY_OPTIONS.get(options.run, ())]
    texts = [f"--{name.replace('_', '-')}" + (f" (it is {value})" if value else "") for name, value in names]
    way_out = f"set a smaller {' or '.join(texts)}" if texts else "close other programs"
    if options.run == "bench":
        way_out = "try --quick, or one part alone by --only"
    print(f"nnscratch: {memory.out_of_memory_message(error, way_out)}", file=sys.stderr)
    return 2


def parse_arguments(arguments: Sequence[str] | None) -> Namespace:
    """The options. argparse collects file names only before or between two options; later style files are added here."""
    top, words = parser(), sys.argv[1:] if arguments is None else arguments
    options, rest = top.parse_known_args(words or ["--help"])
    if rest and (options.run != "style" or any(word.startswith("-") for word in rest)):
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.content, *options.style = [name for name in (options.content, *options.style, *rest) if name is not None]
    for name, value in vars(options).items():
        if "" in (value if isinstance(value, list) else [value]):
            raise InputError(f"{option_name(name)} is an empty text, expected a name or a path; fill it in, or leave it out")
    return options


# Each command imports what it needs when it runs, so that `nnscratch info` does not wait for matplotlib.

def run_demo(options: Namespace) -> int:
    from nnscratch import demo
    return demo.run(device=options.device)


def run_style(options: Namespace) -> int:
    from nnscratch.data.images import check_writable
    from nnscratch.style.command import stylize
    from nnscratch.style.film import is_moving, resume_video, stylize_film
    from nnscratch.style.one_pass import stylize_fast
    from nnscratch.style.settings import Settings
    from nnscratch.style.sidecar import read_sidecar, read_state
    settings = given_options(options, ["quick", *(field.name for field in fields(Settings))])
    more = given_options(options, ["size", "style_scale", "minutes", "masks", "feather"])
    if options.again or options.resume:
        refuse(given_options(options, ["content"]), settings, more, {"fast"} if options.fast else set(),
               other="--again or --resume")
        if options.resume and resume_video(options.output, options.device):
            return 0
        if options.again:
            check_writable(options.output)
        content, styles, more = read_sidecar(options.again) if options.again else read_state(options.output)
        settings = more.pop("settings")
    else:
        content, styles = options.content, options.style
        if not styles:
            raise InputError("expected a photograph and at least one style image, got no style image; add one")
    if options.fast:
        weights, strength = settings.pop("weights", None), settings.pop("strength", 50.0)
        refuse(settings, given_options(options, ["style_scale", "minutes", "masks", "feather", "every", "explain"]),
               other="--fast")
        if len(styles) > 1:
            raise InputError(f"--fast got {len(styles)} styles, expected one; leave --fast out to mix them")
        skipped = stylize_fast(content, styles[0], options.output, weights=weights, strength=strength, device=options.device,
                               **given_options(options, ["size"]))
        return int(skipped > 0)
    if "quick" in settings:
        settings["steps"] = settings.pop("quick")
    if not (options.resume or options.again) and os.path.isdir(content):
        raise InputError(f"{content} is a folder, expected a photograph; add --fast, which paints all images of a folder")
    if not (options.resume or options.again) and is_moving(content, options.output):
        refuse(given_options(options, ["minutes", "masks", "feather", "every", "explain"]), other="a film")
        stylize_film(content, styles, options.output, device=options.device, settings=settings, **more)
        return 0
    if options.again:  # the image alone, if nothing else is asked for
        more |= {"every": None, "explain": False}
    more |= given_options(options, ["every", "explain"])
    result = stylize(content, styles, options.output, device=options.device, settings=settings, **more)
    return 130 if result.interrupted else 0


def run_gallery(options: Namespace) -> int:
    from nnscratch.style.gallery import gallery
    names = ("styles", "features", "size", "steps", "seed", "device")
    return 0 if gallery(options.output, options.content, **given_options(options, names)) else 130


def run_compare(options: Namespace) -> int:
    from nnscratch.style.compare import compare
    compare(options.content, options.style, options.output, **given_options(options, [
        "features", "weights", "colors", "strength", "size", "steps", "seed", "device"]))
    return 0


def run_train_generator(options: Namespace) -> int:
    from nnscratch.generate.command import train_generator
    from nnscratch.generate.options import Options
    chosen = given_options(options, [field.name for field in fields(Options) if hasattr(options, field.name)])
    ended = train_generator(chosen, options.output, data=options.data, size=options.size, minutes=options.minutes,
                            resume=options.resume, device=options.device)
    return {"done": 0, "failed": 1, "stopped": 130}[ended]


def run_train_texture(options: Namespace) -> int:
    from nnscratch.style.train_texture import train_texture
    train_texture(options.output, steps=options.steps, seed=options.seed, resume=options.resume, device=options.device)
    return 0


def run_train_stylizer(options: Namespace) -> int:
    from nnscratch.style.train_stylizer import train_stylizer
    train_stylizer(options.output, options.style, steps=options.steps, contents=options.contents, styles=options.styles,
                   seed=options.seed, resume=options.resume, device=options.device)
    return 0


def run_generate(options: Namespace) -> int:
    from nnscratch.generate.command import generate
    if options.walk is not None:
        refuse(given_options(options, ["grid"]), other="--walk")
    generate(options.path, options.output, shape=options.grid, walk=options.walk, label=options.label, side=options.side,
             seed=options.seed, temperature=options.temperature, device=options.device)
    return 0


def run_train_classifier(options: Namespace) -> int:
    from nnscratch.classify.command import train_classifier
    from nnscratch.classify.options import ClassifierOptions
    chosen = given_options(options, [field.name for field in fields(ClassifierOptions)])
    ended = train_classifier(chosen, options.output, data=options.data, size=options.size, resume=options.resume,
                             device=options.device)
    return {"done": 0, "failed": 1, "stopped": 130}[ended]


def run_classify(options: Namespace) -> int:
    from nnscratch.classify.command import classify
    classify(options.images, options.path, output=options.output, top=options.top, device=options.device)
    return 0


def run_judge(options: Namespace) -> int:
    from nnscratch.generate.evaluate.command import evaluate_generator
    evaluate_generator(options.path, options.data, options.output, count=options.count, seed=options.seed, size=options.size,
                       temperature=options.temperature, device=options.device)
    return 0


def run_article(options: Namespace) -> int:
    from nnscratch.networks.article import explain
    explain()
    return 0


def run_check(options: Namespace) -> int:
    from nnscratch import backend
    from nnscratch.gradcheck.table import print_table
    backend.use(options.device)
    print(f"Device: {backend.describe_device()}\n")
    return 0 if print_table(backend.current_module()) else 1


def run_bench(options: Namespace) -> int:
    from nnscratch.bench import bench
    report = bench(options.only, quick=options.quick, output=options.output, device=options.device)
    wrong = any(row["failed"] for part in ("layers", "steps", "sweep") for row in report[part])
    return 130 if report["interrupted"] else int(wrong)


def run_info(options: Namespace) -> int:
    from nnscratch.info import print_report
    print_report()
    return 0


RUN: dict[str, Callable[[Namespace], int]] = {
    "demo": run_demo, "style": run_style, "gallery": run_gallery, "train_generator": run_train_generator,
    "train_texture": run_train_texture, "train_stylizer": run_train_stylizer, "generate": run_generate, "compare": run_compare,
    "train_classifier": run_train_classifier, "classify": run_classify, "judge": run_judge,
    "article": run_article, "check": run_check, "bench": run_bench, "info": run_info}


if __name__ == "__main__":
    sys.exit(main())
