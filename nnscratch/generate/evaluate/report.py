"""The report of an evaluation: report.html, one page with its images inside, and report.json, the same metrics for programs.

Every metric stands beside its value for fresh real images, with a sentence on what it means and which direction is better.
"""
import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.errors import InputError
from nnscratch.files import FilePath, replace_file
from nnscratch.generate.evaluate.html_parts import CSS, bar_chart, table
from nnscratch.generate.plots import grid, png
from nnscratch.hints import checked
from nnscratch.html_page import figure, number, page, percent, section
from nnscratch.outputs import OutputFolder, output_folder

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["write_report"]

REPORT_FILES = ("report.json", "report.html")
SHOWN = 100  # images on the sheet


@checked
def write_report(folder: FilePath | OutputFolder, metrics: dict[str, Any], images: np.ndarray, train: Dataset, *,
                 title: str = "What the generator makes") -> Path:
    """Write report.html and report.json.

    Parameters
    ----------
    folder : str, Path or OutputFolder; it is made if it does not exist
    metrics : dict, from `evaluate_images`
    images : ndarray (N, H, W, C) in [-1, 1], the images that were evaluated
    train : Dataset that they were compared with, from which the nearest neighbours are shown
    title : str, headline of the page

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    InputError
        A file cannot be written, or exists and is not ours, or the images are not those of the metrics.
    """
    closest = metrics["memorisation"]["closest"]
    if len(images) != metrics["images"] or any(pair["train"] >= len(train) for pair in closest):
        raise InputError(f"write_report: {len(images)} images and {len(train)} training images were given, expected the "
                         f"{metrics['images']} and the data that the metrics are about; give what evaluate_images was given")
    generated = images[[pair["image"] for pair in closest]]
    nearest = to_floats(train.images[[pair["train"] for pair in closest]])
    pairs = grid(np.concatenate([generated, nearest]), len(generated))
    whole = report_page(metrics, title, grid(images[:SHOWN], 20), pairs)
    with output_folder(folder, REPORT_FILES) as output:
        data, html = (output.file(name) for name in REPORT_FILES)
        replace_file(data, json.dumps(metrics, indent=1, allow_nan=False).encode())
        replace_file(html, whole)
        return html


def report_page(m: dict[str, Any], title: str, sheet: "Image", pairs: "Image") -> bytes:
    """The page; `m` are the metrics."""
    shown = f"{min(SHOWN, m['images'])} of {m['images']:,} images, not selected, at temperature {m.get('temperature', 1):g}."
    parts = [headline(m, title), sheet_figure(sheet, shown),
             section("Can they be recognised?", recognition(m), class_bars(m["classes"])),
             section("Are they like real images?", frechet_bars(m), likeness(m)),
             section("Are they as varied?", variety(m), mode_table(m["modes"], list(m["classes"]["fractions"]))),
             section("Are they copies?", copying(m), sheet_figure(pairs, "Above, the images that lie nearest to a training "
                     "image, the nearest on the left; below each, that training image.")),
             section("How accurate is the classifier?", classifier_words(m))]
    return page(title, parts, CSS)


def sheet_figure(image: "Image", words: str) -> str:
    """A sheet of images with a caption."""
    return figure(png(image), words, words)


# --- sections: m are the metrics ----------------------------------------------------------------------------------

def headline(m: dict[str, Any], title: str) -> str:
    """The title, and the most important numbers."""
    neighbours, classes = m["neighbours"], m["classes"]
    cards = [(percent(m["recognisable"]), "recognisable")]
    if m["label_accuracy"] is not None:
        cards.append((percent(m["label_accuracy"]), "show the requested class"))
    if classes["of"] > 1:
        cards.append((f"{classes['covered']} of {classes['of']}", "classes covered"))
    cards += [(percent(neighbours["precision"]), "look real (precision)"), (percent(neighbours["recall"]), "variety (recall)")]
    return (f"<h1>{escape(title)}</h1>\n<div class=cards>"
            + "".join(f"<div><b>{value}</b><span>{name}</span></div>" for value, name in cards) + "</div>")


def recognition(m: dict[str, Any]) -> str:
    """What the classifier recognises."""
    floor = m["floor"]
    rows = [("Recognisable", percent(m["recognisable"]), percent(floor["recognisable"]), "Fraction of images in which the "
             "classifier is more than 90&nbsp;% sure of a class. Higher is better.")]
    if m["label_accuracy"] is not None:
        rows.append(("Requested class", percent(m["label_accuracy"]), percent(m["classifier"]["images"]),
                     "Fraction of images in which the classifier predicts the class that was requested of the generator; for "
                     "real images, its accuracy. Higher is better."))
    rows.append(("No class", percent(m["classes"]["none"]), percent(floor["none"]), "Fraction of images for which the "
                 "classifier predicts none of the classes: noise, smears, two at once. Lower is better."))
    return table(rows)


def class_bars(classes: dict[str, Any]) -> str:
    """The fraction of each class as bars, beside the expected one."""
    expected, fractions = 1 / classes["of"], classes["fractions"]
    bars = [(name, fraction, percent(fraction), "ours") for name, fraction in fractions.items()]
    words = f"Predicted classes. Each class should get {percent(expected)}; below a fifth of that it is not covered."
    return bar_chart(bars, words) if classes["of"] > 1 else ""


def frechet_bars(m: dict[str, Any]) -> str:
    """The Fréchet distance between its floor and ceilings."""
    f = m["frechet"]
    bars = [("these images", f["distance"], number(f["distance"]), "ours strong"),
            ("fresh real ones (floor)", f["floor"], number(f["floor"]), "")]
    bars += [(f"real ones, {name}", value, number(value), "bad") for name, value in f["ceilings"].items()]
    words = (f"Fréchet distance from real images, {m['compared']:,} against {m['compared']:,}: how far the images as a whole "
             f"lie from the real ones. Lower is better; the floor is the distance between two sets of real images.")
    return bar_chart(bars, words)


def likeness(m: dict[str, Any]) -> str:
    """Quality."""
    k, n, floor = m["kernel"], m["neighbours"], m["neighbours"]["floor"]
    low, high = k["interval"]
    return table([
        ("Kernel distance", f"{number(k['distance'])}<small>{number(low)} to {number(high)} in subsets</small>",
         number(k["floor"]), "A second distance, on average 0 for real images however few there are. Lower is better."),
        ("Precision", percent(n["precision"]), percent(floor["precision"]), "Fraction of images that lie where real ones do. "
         "Higher is better."),
        ("Density", number(n["density"]), number(floor["density"]), "The same, weighted by how many real ones are near: about "
         "1 is as good as real, above 1 is typical and dull. Higher is better, up to 1."),
    ])


def variety(m: dict[str, Any]) -> str:
    """Variety."""
    n, floor, modes = m["neighbours"], m["neighbours"]["floor"], m["modes"]
    rows = [("Recall", percent(n["recall"]), percent(floor["recall"]), "Fraction of real images that lie where these do. "
             "Higher is better; near 0, the generator repeats itself."),
            ("Coverage", percent(n["coverage"]), percent(floor["coverage"]), "Fraction of real images that have one of these "
             "nearby. Higher is better.")]
    if modes:
        rows += [("Modes hit", f"{modes['hit']} of {modes['of']}", f"{modes['floor']['hit']}", "How many combinations of a "
                  f"character and a face occur in {modes['images']:,} recognisable images. Higher is better. The face is that "
                  "of the nearest master, right for half of real images, so this shows a collapse to a few modes, but not that "
                  "a face is missing: real images of 11 of the 21 faces hit 202 of the 210."),
                 ("Unevenness of modes", number(modes["divergence"]), number(modes["floor"]["divergence"]), "Kullback-Leibler "
                  "divergence from all modes being equally frequent. Lower is better; faces that differ by a slant or a weight "
                  "are easily confused, so it is not 0 for real images either.")]
    return table(rows)


def mode_table(modes: dict[str, Any] | None, classes: list[str]) -> str:
    """How often each character occurs in each face: the more often, the stronger the colour."""
    if not modes:
        return ""
    head = "<tr><th></th>" + "".join(f"<th>{escape(name)}</th>" for name in classes) + "</tr>"
    largest = max(max(row) for row in modes["counts"])
    rows = "".join(f"<tr><th>{escape(face)}</th>" + "".join(
        f'<td style="--share:{100 * count / largest:.0f}%">{count}</td>' for count in row) + "</tr>"
        for face, row in zip(modes["faces"], modes["counts"]))
    return (f"<figure><table class=modes>{head}{rows}</table><figcaption>Images by face and class, as far as faces can be "
            f"distinguished. 0 is a mode that is missing.</figcaption></figure>")


def copying(m: dict[str, Any]) -> str:
    """Memorisation."""
    return table([("Memorisation", number(m["memorisation"]["ratio"]), "1", "Distance to the nearest training image, relative "
                   "to that of fresh real images. About 1 is healthy; far below 1 are copies, or blur.")])


def classifier_words(m: dict[str, Any]) -> str:
    """The classifier's own accuracy, and its training data."""
    accuracy = m["classifier"]
    rows = [("Accuracy", percent(accuracy["images"]), "", "Fraction of held-out real images that it classifies correctly. "
             "Nothing above is more reliable than this."),
            ("Corrupted images", percent(accuracy["none"]), "", "Fraction of noise, mixtures, shuffled, smeared and empty "
             "images for which it predicts none of the classes.")]
    bars = [(name, fraction, percent(fraction), "") for name, fraction in accuracy["classes"].items()]
    data = ("other images than the generator." if m.get("disjoint", True) else
            "the same images as the generator, since files are limited: only the held-out ones are new to both.")
    return (table(rows) + (bar_chart(bars, "Its accuracy on each class.") if len(bars) > 1 else "")
            + f"<p>The classifier is a small network trained on {data} All distances are between its features, so they "
            "compare with each other, not with numbers from elsewhere.</p>")
