"""A traced pass as images: all steps in a strip, one at a time in a player, or in one HTML file.

One function draws a step for all three: the formula, and below it every array that the formula names, the gradients of the
parameters, and on the right the result.
"""
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch.course.draw.drawing import BLUE, FAINT, INK, ORANGE, Drawing, canvas
from nnscratch.course.draw.number_grid import Grid, put
from nnscratch.course.formulas import letter
from nnscratch.course.steps import Step, as_list
from nnscratch.files import replace_file
from nnscratch.hints import checked

__all__ = ["page", "player", "save", "strip"]

ROWS, COLUMNS, CELL = 6, 6, 0.34  # the largest part of an array that is shown, and the side of a cell in inches
WIDE, HEAD, FOOT = 25.0, 3.2, 1.0  # of a step, and of the lines above and below its arrays, in cells
LEAST = 4.0  # the cells that a title such as x (2, 8, 8, 3) takes


def height(steps: Sequence[Step]) -> float:
    """The height of a step in cells: the same for all, so that the player does not jump."""
    arrays = [array for step in steps for _, array in shown(step)]
    return HEAD + max(2, *(len(corner(array)) for array in arrays)) + FOOT


def shown(step: Step) -> list[tuple[str, Any]]:
    """(name, array) of all that the formula names, the gradients of the parameters, and the result, one or several."""
    result = "y" if step.direction == "forward" else "dx"
    results = as_list(step.output)
    grads = [(f"d{letter(name, array)}", array) for name, array in step.grads.items()]
    return [*step.named.items(), *grads,
            *((f"{result}{k}" if len(results) > 1 else result, array) for k, array in enumerate(results))]


@checked
def strip(steps: Sequence[Step]) -> Drawing:
    """Draw all steps below each other.

    Parameters
    ----------
    steps : sequence of Step

    Returns
    -------
    image : Drawing
        The pass on paper.
    """
    high = height(steps)
    figure, axes = canvas(WIDE, high * len(steps), CELL)
    for k in range(len(steps)):
        draw_step(axes, steps, k, k * high, high)
    return Drawing(figure, f"a pass of {len(steps)} steps: {', '.join(name_of(step) for step in steps)}")


def frame(steps: Sequence[Step], k: int) -> Drawing:
    """Draw step k alone."""
    figure, axes = canvas(WIDE, height(steps), CELL)
    draw_step(axes, steps, k, 0, height(steps))
    return Drawing(figure, name_of(steps[k]))


def name_of(step: Step) -> str:
    """The layer and the direction."""
    return f"{step.name} {step.direction}"


def draw_step(axes: Any, steps: Sequence[Step], k: int, top: float, high: float) -> None:
    """Draw step k from `top` downwards, `high` cells high."""
    step, rows = steps[k], high - HEAD - FOOT
    colour, arrow = (BLUE, "→") if step.direction == "forward" else (ORANGE, "←")
    axes.axhline(top, color=FAINT, linewidth=0.8)
    axes.text(0.5, top + 0.75, f"{k + 1}/{len(steps)}  {arrow} {step.name}", fontsize=11, color=colour, weight="bold",
              va="center")
    axes.text(0.5, top + 1.6, step.formula, fontsize=10.5, color=INK, va="center", family="monospace")
    pieces = [(name, array, corner(array, name in ("K", "dK"))) for name, array in shown(step)]
    widths = [max(LEAST, part.shape[1] + 0.6) for *_, part in pieces]
    scale = min(1.0, WIDE / sum(widths))
    gap, left = (WIDE - scale * sum(widths)) / len(pieces), 0.0
    for (name, array, part), width in zip(pieces, widths):
        inset = (gap + scale * (width - part.shape[1])) / 2
        put(axes, Grid(f"{name} {array.shape}".replace(",)", ")"), part), left + inset, top + HEAD, rows, CELL, scale)
        left += gap + scale * width
    result = pieces[-len(as_list(step.output))][0]
    axes.text(WIDE - 0.5, top + high - 0.4, f"RMS of {result}: {step.rms:.3g}", fontsize=8.5, color=INK, ha="right",
              va="center")


def corner(array: Any, is_kernel: bool = False) -> np.ndarray:
    """The first rows and columns of an array: of the first channel of the first image, or of a kernel's taps from the first
    input channel to the first output channel."""
    if array.ndim == 4:
        array = array[:, :, 0, 0] if is_kernel else array[0, :, :, 0]
    return np.atleast_2d(array.reshape(-1, array.shape[-1]) if array.ndim > 2 else array)[:ROWS, :COLUMNS]


@checked
def player(steps: Sequence[Step]) -> Any:
    """Show one step at a time, with buttons for next and previous.

    Parameters
    ----------
    steps : sequence of Step

    Returns
    -------
    widget : ipywidgets.Widget or Drawing
        Without ipywidgets, the strip.
    """
    try:
        import ipywidgets
    except ImportError:
        return strip(steps)
    frames = [frame(steps, k)._repr_png_() for k in range(len(steps))]
    image = ipywidgets.Image(value=frames[0], format="png")
    back, place, on = (ipywidgets.Button(description="previous"),
                       ipywidgets.IntSlider(min=1, max=len(frames), description="step"),
                       ipywidgets.Button(description="next"))

    def show(change: dict) -> None:
        image.value = frames[change["new"] - 1]

    place.observe(show, "value")
    back.on_click(lambda _: setattr(place, "value", max(1, place.value - 1)))
    on.on_click(lambda _: setattr(place, "value", min(len(frames), place.value + 1)))
    return ipywidgets.VBox([ipywidgets.HBox([back, place, on]), image])


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A pass through a network</title>
<style>
body {{ font: 16px sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; background: Canvas; color: CanvasText;
       color-scheme: light dark; }}
img {{ max-width: 100%; border-radius: 6px; }} img[hidden] {{ display: none; }} button {{ font: inherit; padding: .3em 1em; }}
</style>
<p><button id="back">previous</button> <button id="on">next</button> <span id="place"></span> (or the arrow keys)</p>
{images}
<script>
const steps = [...document.images];
let at = 0;
function show(k) {{
  at = Math.min(Math.max(k, 0), steps.length - 1);
  steps.forEach((image, n) => image.hidden = n !== at);
  document.getElementById("place").textContent = `step ${{at + 1}} of ${{steps.length}}`;
}}
document.getElementById("back").onclick = () => show(at - 1);
document.getElementById("on").onclick = () => show(at + 1);
onkeydown = event => show(at + (event.key === "ArrowRight") - (event.key === "ArrowLeft"));
show(0);
</script>
</html>
"""


@checked
def page(steps: Sequence[Step]) -> str:
    """The player as an HTML page, which needs no other file.

    Parameters
    ----------
    steps : sequence of Step

    Returns
    -------
    html : str
        Without scripts it shows all steps.
    """
    images = [f'<img alt="{escape(name_of(step))}: {escape(step.formula)}" src="data:image/png;base64,'
              f'{b64encode(frame(steps, k)._repr_png_()).decode()}">' for k, step in enumerate(steps)]
    return PAGE.format(images="\n".join(images))


@checked
def save(steps: Sequence[Step], path: str | Path) -> None:
    """Write `page` to a file.

    Parameters
    ----------
    steps : sequence of Step
    path : str or Path
    """
    replace_file(path, page(steps).encode())
