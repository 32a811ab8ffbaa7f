"""`nnscratch compare`: one photograph in one style by several loss networks, side by side, with the numbers: a page.

Shapes: images (1, H, W, 3) in [0, 1].

A network mostly finds its own result best. So each of them measures all results, with the losses of objective.py; what the
others say is worth more. VGG needs a file of weights, which nnscratch does not include; without one, the page says so.
"""
from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

from nnscratch import backend
from nnscratch.backend import Array, to_device
from nnscratch.data.synthetic.styles import is_style
from nnscratch.errors import InputError, counted, printable
from nnscratch.files import check_replaceable, replace_file
from nnscratch.hints import checked
from nnscratch.html_page import figure, number, page, section
from nnscratch.ops.validation import check_choice
from nnscratch.outputs import writing
from nnscratch.progress import progress_bar
from nnscratch.style.checks import check_filled
from nnscratch.style.command import read_images
from nnscratch.style.explain import thumbnail
from nnscratch.style.features import FEATURES, PUBLISHED, min_side
from nnscratch.style.objective import Objective
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import build_network, build_objective, transfer_style

__all__ = ["compare"]

WORDS = {"texture": "A small network, which nnscratch trained to tell drawn patterns apart.",
         "random": "Filters that were never trained.",
         "vgg19": "A large network, which others trained on photographs.",
         "vgg16": "A large network, which others trained on photographs."}
CSS = """
.losses { margin: .5rem 0 1.5rem; font-size: .875rem }
.losses th, .losses td { padding: .4rem .5rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: 400 }
.losses td { text-align: right } .losses tr:first-child th:not(:first-child) { text-align: right }
.own { font-weight: 650; color: var(--mine) }
h3 { font-size: 1rem; margin: 1.5rem 0 0 }
@media (max-width: 26rem) { .losses { font-size: .75rem } .losses th, .losses td { padding-right: .25rem } }
"""


Losses: TypeAlias = dict[str, dict[str, float]]  # {network that measures: {"style": loss, "content": loss}}


class Painted(NamedTuple):
    """What one network made, and how all networks measure it."""
    image: Array
    seconds: float
    losses: Losses


@checked
def compare(content_path: str | PathLike, style_path: str | PathLike, output: str | PathLike, *,
            features: Sequence[str] = ("texture", "random", "vgg19"), weights: str | PathLike | None = None,
            colors: str = "rgb", strength: float = 50.0, size: int = 256, steps: int = 40, seed: int = 0,
            device: str = "auto") -> None:
    """Paint a photograph by several loss networks, and write a page that compares the results.

    Parameters
    ----------
    content_path : path of the photograph
    style_path : path of the style image, or the name of a built-in style
    output : path of the page, a name that ends in .html
    features : sequence of str, "texture", "random", "vgg19" or "vgg16"; VGG is left out where there are no weights
    weights : path, VGG's file
    colors : str, "rgb" or "bgr", the channel order that VGG was trained on
    strength : float, 0 to 100, as in Settings
    size : int, the longer side of the results in pixels
    steps : int, steps at each size
    seed : int, of the random filters
    device : str, "auto", "cpu" or "gpu"

    Raises
    ------
    InputError
        Whatever is wrong with files or settings, before the work begins.
    """
    if not str(output).lower().endswith((".html", ".htm")):
        raise InputError(f"the output is {output}, expected the name of a page; let it end in .html")
    check_replaceable(output)
    check_filled("compare", "features", features)
    for kind in features:
        check_choice(kind, "compare: features", FEATURES)
    if weights is not None and not set(features) & set(PUBLISHED):
        raise InputError(f"the weights {weights} were given for the features {', '.join(features)}, which need none; leave "
                         f"them out, or add vgg19 to the features")
    lacking = [kind for kind in features if kind in PUBLISHED and weights is None]
    chosen = {kind: Settings(features=kind, weights=str(weights) if kind in PUBLISHED else None, colors=colors,
                             strength=strength, steps=steps, seed=seed) for kind in features if kind not in lacking}
    if not chosen:
        raise InputError(f"the features {', '.join(features)} need a file of weights; give --weights {PUBLISHED[features[0]]}, "
                         f"or add texture or random to the features")
    backend.use(device)
    inputs = [path for path in (content_path, style_path, weights) if path is not None and not is_style(path)]
    with writing(output, inputs=inputs):
        strictest = max(chosen.values(), key=lambda settings: min_side(settings.features))
        content, (style,), _ = read_images(content_path, [style_path], (), 0, size, 1.0, strictest)
        judges = {kind: make_judge(content, style, settings) for kind, settings in chosen.items()}  # wrong weights fail here
        before = measure(judges, content)
        results = paint(content, style, chosen, judges)
        names = [printable(Path(path).name) for path in (content_path, style_path)]
        replace_file(output, comparison(names, content, style, strictest, before, results, lacking))
    print(f"{counted(len(results), 'result', 'results')} compared in {printable(output)}")


def make_judge(content: Array, style: Array, settings: Settings) -> Objective:
    """The loss of these images by one network: with it, the network measures any result."""
    content, style = map(to_device, (content, style))
    return build_objective(build_network(content, [style], settings), content, [style], [1.0], settings)


def measure(judges: dict[str, Objective], image: Array) -> Losses:
    """The style and the content loss of an image by each network."""
    losses = {}
    for kind, judge in judges.items():
        judge(to_device(image))
        losses[kind] = {name: float(value) for name, value in judge.terms.items()}
    return losses


def paint(content: Array, style: Array, chosen: dict[str, Settings], judges: dict[str, Objective]) -> dict[str, Painted]:
    """What each network makes of the photograph."""
    results = {}
    form = "{l_bar}{bar}| {elapsed}, {remaining} left"
    with progress_bar(total=float(len(chosen)), desc="painting", bar_format=form) as bar:
        for done, (kind, settings) in enumerate(chosen.items()):
            def progress(fraction: float, *_: Any, done: int = done) -> None:
                bar.update(done + fraction - bar.n)
            start = perf_counter()
            result = transfer_style(content, style, progress=progress, **vars(settings))
            if result.interrupted:
                raise KeyboardInterrupt  # nothing has been written; a page of fewer networks would be another one
            results[kind] = Painted(result.image, perf_counter() - start, measure(judges, result.image))
    return results


def comparison(names: list[str], content: Array, style: Array, settings: Settings, before: Losses,
               results: dict[str, Painted], lacking: list[str]) -> bytes:
    """The page. `before` are the losses of the photograph itself."""
    title = "One photograph, one style, several loss networks"
    given = "".join(figure(thumbnail(image), alt, f"<b>{alt}</b><br>{escape(name)}", "jpeg") for image, alt, name in zip(
        (content, style), ("Photograph", "Style"), names))
    made = "".join(figure(thumbnail(result.image), f"Result of {kind}",
                          f"<b>{kind}</b>, {number(result.seconds)} s<br>{WORDS[kind]}", "jpeg")
                   for kind, result in results.items())
    absent = "".join(f"<p><b>{kind}</b> is not here: no weights were given, and nnscratch does not include them. With "
                     f"torchvision's file, add --weights {PUBLISHED[kind]}.</p>" for kind in lacking)
    return page(title, [
        f"<h1>{title}</h1>\n<div class=images>{given}</div>",
        section("The results", f"<div class=images>{made}</div>", f"""<p>The photograph, the style, the strength
({settings.strength:g}) and the number of steps ({settings.steps} at each size) are the same. Only the network differs, whose
features say what is content and what is style.</p>""", absent),
        section("The numbers", """<p>A network mostly finds its own result best: these entries are <b class=own>in colour</b>.
What the others say of it is worth more. Compare the entries of a row: each row is measured by another network. One photograph
in one style proves little; try your own.</p>""",
                losses_table("style", "0 is the style. Lower is more style.", before, results),
                losses_table("content", "0 is the photograph. Lower is more of the photograph.", before, results))], CSS)


def losses_table(name: str, words: str, before: Losses, results: dict[str, Painted]) -> str:
    """One loss: a row for each network that measures, a column for each image."""
    head = "".join(f"<th>{kind}</th>" for kind in ("photograph", *results))
    rows = "".join(f"<tr><th>by {judge}</th><td>{number(before[judge][name])}</td>" + "".join(
        f"<td{' class=own' if judge == kind else ''}>{number(result.losses[judge][name])}</td>"
        for kind, result in results.items()) + "</tr>" for judge in before)
    return f"<h3>{name.capitalize()} loss</h3>\n<p>{words}</p>\n<table class=losses><tr><th></th>{head}</tr>{rows}</table>"
