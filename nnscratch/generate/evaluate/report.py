"""The verdict as a page: report.html, one file with its images inside, and report.json, the same numbers for programs.

Every number stands beside what fresh real images would get, with one sentence on what it means and which way is better.
"""
import json
from base64 import b64encode
from html import escape
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import to_floats
from nnscratch.errors import InputError
from nnscratch.files import make_folder, replace_file
from nnscratch.generate.evaluate.style import STYLE
from nnscratch.generate.plots import grid, png

SHOWN = 100


def write_report(folder, verdict, images, train, *, title="What the generator draws"):
    """Write report.html and report.json into `folder`, which is made if it is not there; returns the path of the page.

    verdict : of judge_images, for these images (N, H, W, C) in [-1, 1] and this training Dataset, from which the nearest
    neighbours are shown. Raises InputError where a file cannot be written, or the images are not those of the verdict.
    """
    folder, closest = Path(folder), verdict["memorisation"]["closest"]
    if len(images) != verdict["images"] or any(pair["train"] >= len(train) for pair in closest):
        raise InputError(f"write_report: {len(images)} images and {len(train)} training images were given, expected the "
                         f"{verdict['images']} and the data that the verdict is about; give what judge_images was given")
    made = images[[pair["image"] for pair in closest]]
    nearest = to_floats(train.images[[pair["train"] for pair in closest]])
    page = report_page(verdict, title, grid(images[:SHOWN], 20), grid(np.concatenate([made, nearest]), len(made)))
    make_folder(folder)
    replace_file(folder / "report.json", json.dumps(verdict, indent=1, allow_nan=False).encode())
    replace_file(folder / "report.html", page.encode())
    return folder / "report.html"


def report_page(v, title, sheet, pairs):
    """The page as text; `sheet` and `pairs` are Pillow images."""
    parts = [headline(v, title), figure(sheet, f"{min(SHOWN, v['images'])} of {v['images']:,} images, not picked."),
             section("Can they be recognised?", recognition(v), class_bars(v["classes"])),
             section("Are they like real images?", frechet_bars(v), likeness(v)),
             section("Are they as varied?", variety(v), mode_table(v["modes"], list(v["classes"]["shares"]))),
             section("Are they copies?", copying(v), figure(pairs, "Above, the images that lie nearest to a training "
                     "image, the nearest on the left; below each, that training image.")),
             section("Who says so?", judge_words(v))]
    return (f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, '
            f'initial-scale=1">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n<main>\n' + "\n".join(parts)
            + "\n</main>\n</html>\n")


# --- sections -----------------------------------------------------------------------------------------------------

def headline(v, title):
    neighbours, classes = v["neighbours"], v["classes"]
    cards = [(percent(v["recognisable"]), "recognisable")]
    if v["asked_equals_seen"] is not None:
        cards.append((percent(v["asked_equals_seen"]), "show what was asked"))
    if classes["of"] > 1:
        cards.append((f"{classes['covered']} of {classes['of']}", "classes drawn"))
    cards += [(percent(neighbours["precision"]), "look real (precision)"), (percent(neighbours["recall"]), "variety (recall)")]
    return (f"<h1>{escape(title)}</h1>\n<div class=cards>"
            + "".join(f"<div><b>{value}</b><span>{name}</span></div>" for value, name in cards) + "</div>")


def recognition(v):
    floor = v["floor"]
    rows = [("Recognisable", percent(v["recognisable"]), percent(floor["recognisable"]), "Share of images in which the judge "
             "is more than 90&nbsp;% sure of a class. Higher is better.")]
    if v["asked_equals_seen"] is not None:
        rows.append(("Shows what was asked", percent(v["asked_equals_seen"]), percent(v["judge"]["images"]),
                     "Share of images in which the judge sees the class that the generator was asked for; it is right about "
                     "so many real ones. Higher is better."))
    rows.append(("Nothing to be seen", percent(v["classes"]["none"]), percent(floor["none"]), "Share of images that the "
                 "judge calls none of the classes: noise, smears, two at once. Lower is better."))
    return table(rows)


def class_bars(classes):
    """The share of each class as bars, beside what is due to it."""
    due, shares = 1 / classes["of"], classes["shares"]
    bars = [(name, share, percent(share), "ours") for name, share in shares.items()]
    words = f"What the judge sees. Each class should get {percent(due)}; below a fifth of that it counts as forgotten."
    return bar_chart(bars, words) if classes["of"] > 1 else ""


def frechet_bars(v):
    f = v["frechet"]
    bars = [("these images", f["distance"], number(f["distance"]), "ours strong"),
            ("fresh real ones (floor)", f["floor"], number(f["floor"]), "")]
    bars += [(f"real ones, {name}", value, number(value), "bad") for name, value in f["ceilings"].items()]
    words = (f"Fréchet distance from real images, {v['compared']:,} against {v['compared']:,}: how far the crowd of images "
             f"as a whole lies from the crowd of real ones. Lower is better; the floor is what real images get.")
    return bar_chart(bars, words)


def likeness(v):
    k, n, floor = v["kernel"], v["neighbours"], v["neighbours"]["floor"]
    low, high = k["interval"]
    return table([
        ("Kernel distance", f"{number(k['distance'])}<small>{number(low)} to {number(high)} in subsets</small>",
         number(k["floor"]), "A second measure of the same, on average 0 for real images however few there are. Lower is "
         "better."),
        ("Precision", percent(n["precision"]), percent(floor["precision"]), "Share of images that lie where real ones do. "
         "Higher is better."),
        ("Density", number(n["density"]), number(floor["density"]), "The same, counting how many real ones are near: about 1 "
         "is as good as real, above 1 is safe and dull. Higher is better, up to 1."),
    ])


def variety(v):
    n, floor, m = v["neighbours"], v["neighbours"]["floor"], v["modes"]
    rows = [("Recall", percent(n["recall"]), percent(floor["recall"]), "Share of real images that lie where these do. "
             "Higher is better; near 0, the generator repeats itself."),
            ("Coverage", percent(n["coverage"]), percent(floor["coverage"]), "Share of real images that have one of these "
             "nearby. Higher is better.")]
    if m:
        rows += [("Modes hit", f"{m['hit']} of {m['of']}", f"{m['floor']['hit']}", "How many characters in how many faces "
                  f"occur at all in {m['images']:,} recognisable images. Higher is better. The face is told by the "
                  "nearest master, right for half of real images, so this shows a collapse to a few modes, but not that a "
                  "face is missing: real images of 11 of the 21 faces hit 202 of the 210."),
                 ("Unevenness of modes", number(m["divergence"]), number(m["floor"]["divergence"]), "Kullback-Leibler "
                  "divergence from all modes equally often. Lower is better; faces that differ by a slant or a weight are "
                  "easily mixed up, so real images do not get 0 either.")]
    return table(rows)


def mode_table(m, classes):
    """How often each character occurs in each face: the more often, the stronger the colour."""
    if not m:
        return ""
    head = "<tr><th></th>" + "".join(f"<th>{escape(name)}</th>" for name in classes) + "</tr>"
    most = max(max(row) for row in m["counts"])
    rows = "".join(f"<tr><th>{escape(face)}</th>" + "".join(
        f'<td style="--share:{100 * count / most:.0f}%">{count}</td>' for count in row) + "</tr>"
        for face, row in zip(m["faces"], m["counts"]))
    return (f"<figure><table class=modes>{head}{rows}</table><figcaption>Images by face and class, as far as faces can be "
            f"told apart. 0 is a mode forgotten.</figcaption></figure>")


def copying(v):
    return table([("Memorisation", number(v["memorisation"]["ratio"]), "1", "Distance to the nearest training image, as a "
                   "share of what fresh real images have. About 1 is healthy; far below 1 are copies, or blur.")])


def judge_words(v):
    accuracy = v["judge"]
    rows = [("Its accuracy", percent(accuracy["images"]), "", "Share of real images, never shown to it before, that the "
             "judge gets right. Nothing above can be trusted further than this."),
            ("On spoilt ones", percent(accuracy["none"]), "", "Share of noise, mixtures, shuffled, smeared and empty images "
             "that it calls none of the classes.")]
    bars = [(name, share, percent(share), "") for name, share in accuracy["classes"].items()]
    return (table(rows) + (bar_chart(bars, "Its accuracy on each class.") if len(bars) > 1 else "")
            + "<p>The judge is a small network trained on " + ("other images than the generator was."
               if v.get("judge_apart", True) else "the same images as the generator, since files have no end: only the "
               "held-out ones are new to both.") + " All distances are between its "
            "features, so they compare with each other, not with numbers from elsewhere.</p>")


# --- pieces -------------------------------------------------------------------------------------------------------

def section(title, *parts):
    return f"<section><h2>{title}</h2>\n" + "\n".join(parts) + "</section>"


def table(rows):
    """Rows of (name, value, value of real images, sentence); all but the name may hold tags."""
    head = "<tr><th></th><th>these</th><th>real images</th><th></th></tr>" if any(row[2] for row in rows) else ""
    return f"<table class=numbers>{head}" + "".join(
        f"<tr><th>{escape(name)}</th><td class=value>{value}</td><td>{real}</td><td class=words>{words}</td></tr>"
        for name, value, real, words in rows) + "</table>"


def bar_chart(bars, words):
    """Bars of (name, value, value as text, kind)."""
    most = max(value for _, value, _, _ in bars) or 1
    rows = "".join(f'<tr class="{kind}"><th>{escape(name)}</th><td><i style="width:{100 * max(value, 0) / most:.1f}%"></i></td>'
                   f"<td>{text}</td></tr>" for name, value, text, kind in bars)
    return f"<figure><table class=bars>{rows}</table><figcaption>{words}</figcaption></figure>"


def figure(image, words):
    data = b64encode(png(image)).decode()
    return f'<figure><img alt="{escape(words)}" src="data:image/png;base64,{data}"><figcaption>{words}</figcaption></figure>'


def percent(share):
    return f"{100 * share:.1f} %" if 0 < share < 1 else f"{100 * share:.0f} %"


def number(value):
    """Three digits, and a minus sign as long as a plus."""
    text = f"{value:.3g}" if value == 0 or 0.001 <= abs(value) < 1000 else f"{value:,.0f}" if abs(value) > 1 else f"{value:.4f}"
    return text.replace("-", "−")
