"""The `nnscratch` command. A mistake in what it is given is one sentence and exit code 2; a traceback is a bug of ours.

What can be written behind it is in arguments.py; here is what is then done.
"""
import logging
import os
import sys
from dataclasses import fields

from nnscratch import memory
from nnscratch.arguments import parser
from nnscratch.errors import InputError


def main(arguments=None):
    """Run the command; returns the exit code: 0 done, 1 a check failed, 2 wrong input or too little memory, 130 stopped
    by Ctrl-C, 141 stopped because nobody reads the output any more (both as the shell counts them)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a letter that the terminal's encoding lacks is no reason to stop
    options = parsed(arguments)
    memory.keep_freed_memory()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        code = RUN[options.run](options)
        sys.stdout.flush()  # here a closed pipe can still be caught
        return code
    except InputError as error:
        print(f"nnscratch: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:  # CuPy's own is one, too
        return too_little_memory(error, options)
    except RuntimeError as error:
        if not memory.is_cudas_shortage(error):
            raise
        return too_little_memory(error, options)
    except BrokenPipeError:  # `nnscratch check | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's own flush at the end would complain
        return 141
    except KeyboardInterrupt:
        print("nnscratch: stopped", file=sys.stderr)
        return 130


# What takes less memory, for each command that can.
LESS = {"style": ("size", "max_memory"), "gallery": ("size",), "train_generator": ("batch_size", "size"),
        "generate": ("grid",), "judge": ("count",)}


def too_little_memory(error, options):
    """One sentence: how much was wanted, and which options to lower, with what they were set to."""
    names = [(name, getattr(options, name, None)) for name in LESS.get(options.run, ())]
    texts = [f"--{name.replace('_', '-')}" + (f" (it is {value})" if value else "") for name, value in names]
    way_out = f"set a smaller {' or '.join(texts)}" if texts else "close other programs"
    if options.run == "bench":
        way_out = "try --quick, or one part alone by --only"
    print(f"nnscratch: {memory.shortage(error, way_out)}", file=sys.stderr)
    return 2


def parsed(arguments):
    """The options. argparse takes names from the first gap between options alone; a style named in a later one follows here."""
    top = parser()
    options, rest = top.parse_known_args(arguments)
    if rest and (options.run != "style" or any(word.startswith("-") for word in rest)):
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.content, *options.style = [name for name in (options.content, *options.style, *rest) if name is not None]
    return options


# Each command imports what it needs when it runs: `nnscratch info` must not wait for matplotlib.

def run_demo(options):
    from nnscratch import demo
    return demo.run(device=options.device)


def run_style(options):
    from nnscratch.style.command import again, stopped, stylise
    from nnscratch.style.one_pass import stylise_fast
    from nnscratch.style.settings import Settings
    settings = given(options, [field.name for field in fields(Settings)])
    more = given(options, ["size", "style_scale", "minutes", "masks"])
    if options.again or options.resume:
        refuse(given(options, ["content"]), settings, more, {"fast"} if options.fast else {},
               beside="--again or --resume")
        content, styles, more = again(options.again) if options.again else stopped(options.output)
        settings = more.pop("settings")
    else:
        content, styles = options.content, options.style
        if not styles:
            raise InputError("no style image was given, expected a photograph and at least one image whose style it gets")
    if options.fast:
        weights, strength = settings.pop("weights", None), settings.pop("strength", 50.0)
        refuse(settings, given(options, ["style_scale", "minutes", "masks", "every"]), beside="--fast")
        if len(styles) > 1:
            raise InputError(f"--fast was given {len(styles)} styles, expected one; leave --fast out to mix them")
        stylise_fast(content, styles[0], options.output, weights=weights, strength=strength, device=options.device,
                     **given(options, ["size"]))
        return 0
    result = stylise(content, styles, options.output, every=options.every, device=options.device, settings=settings, **more)
    return 130 if result.interrupted else 0


def given(options, names):
    """Those of the options that were given, as a dict."""
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def refuse(*found, beside):
    """One sentence about the first option that means nothing beside another."""
    for name in (name for options in found if options for name in options):
        raise InputError(f"{name} was given beside {beside}, where it has no meaning; leave it out")


def run_gallery(options):
    from nnscratch.style.gallery import gallery
    whole = gallery(options.output, options.content, features=options.features, size=options.size, steps=options.steps,
                    seed=options.seed, device=options.device)
    return 0 if whole else 130


def run_train_generator(options):
    from nnscratch.generate.command import train_generator
    from nnscratch.generate.options import Options
    chosen = given(options, [field.name for field in fields(Options) if hasattr(options, field.name)])
    ended = train_generator(chosen, options.out, data=options.data, size=options.size, minutes=options.minutes,
                            resume=options.resume, device=options.device)
    return {"done": 0, "failed": 1, "stopped": 130}[ended]


def run_train_texture(options):
    from nnscratch.style.train_texture import train_texture
    train_texture(options.out, steps=options.steps, seed=options.seed, resume=options.resume, device=options.device)
    return 0


def run_train_stylizer(options):
    from nnscratch.style.train_stylizer import train_stylizer
    train_stylizer(options.out, options.style, steps=options.steps, upsampling=options.upsampling, seed=options.seed,
                   resume=options.resume, device=options.device)
    return 0


def run_generate(options):
    from nnscratch.generate.command import generate
    generate(options.path, options.output, shape=options.grid, walk=options.walk, label=options.label, side=options.side,
             seed=options.seed, device=options.device)
    return 0


def run_judge(options):
    from nnscratch.generate.evaluate.command import evaluate_generator
    evaluate_generator(options.path, options.data, options.out, count=options.count, seed=options.seed, size=options.size,
                    device=options.device)
    return 0


def run_article(options):
    from nnscratch.networks.article import explain
    explain()
    return 0


def run_check(options):
    from nnscratch import backend
    from nnscratch.gradcheck.table import print_table
    backend.use(options.device)
    print(f"Device: {backend.describe_device()}\n")
    return 0 if print_table(backend.current_module()) else 1


def run_bench(options):
    from nnscratch.bench import bench
    report = bench(options.only, quick=options.quick, output=options.output, device=options.device)
    wrong = any(row["failed"] for part in ("layers", "steps", "sweep") for row in report[part])
    return 130 if report["interrupted"] else int(wrong)


def run_info(options):
    from nnscratch.info import print_report
    print_report()
    return 0


RUN = {"demo": run_demo, "style": run_style, "gallery": run_gallery, "train_generator": run_train_generator,
       "train_texture": run_train_texture, "train_stylizer": run_train_stylizer, "generate": run_generate, "judge": run_judge,
       "article": run_article, "check": run_check, "bench": run_bench, "info": run_info}


if __name__ == "__main__":
    sys.exit(main())
