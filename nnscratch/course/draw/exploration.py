"""A figure with sliders: move the learning rate, and see where the steps go.

    def path(axes, eta): ...                          draws one state
    draw.explore(path, "30 steps on a valley", eta=[0.01, 0.1, 0.3])

In a running notebook with ipywidgets a slider for each parameter stands above one large panel. Below, and where there are none,
a row of small panels shows the same for a few values: it is what is stored and printed.
"""
import os
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from nnscratch.course.draw.drawing import INK, Drawing, new_figure
from nnscratch.course.draw.photograph import Photographs
from nnscratch.course.language import said
from nnscratch.errors import InputError
from nnscratch.hints import checked

__all__ = ["Exploration", "explore"]

MAX_PANELS, PER_ROW = 6, 3


class Exploration:
    """A figure for every combination of values.

    Parameters
    ----------
    panel : callable
        `panel(axes, **values)` draws one state.
    text : str
        The figure in a sentence.
    choices : dict of str to sequence
        The values of each parameter.
    shown : sequence of tuple
        The combinations in the row of small panels.
    size : (float, float), inches
        Of a small panel.
    jpeg : bool
        Whether a notebook stores the row as JPEG.
    """

    def __init__(self, panel: Callable[..., None], text: str, choices: Mapping[str, Sequence[Any]],
                 shown: Sequence[tuple], size: tuple[float, float], jpeg: bool = False) -> None:
        self.panel, self.text, self.choices, self.shown, self.size, self.jpeg = panel, text, choices, shown, size, jpeg
        self.frames: dict[tuple, bytes] = {}

    def strip(self) -> Drawing:
        """Draw the row of small panels.

        Returns
        -------
        image : Drawing
            Of all panels.
        """
        columns = 2 if len(self.shown) == 4 else min(PER_ROW, len(self.shown))
        rows = -(-len(self.shown) // columns)
        figure = new_figure(self.size[0] * columns, self.size[1] * rows)
        panels = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for axes, values in zip(panels, self.shown):
            self.panel(axes, **dict(zip(self.choices, values)))
            axes.set_title(", ".join(f"{name} = {value}" for name, value in zip(self.choices, values)), fontsize=10, color=INK)
        for axes in panels[len(self.shown):]:
            axes.set_axis_off()
        return (Photographs if self.jpeg else Drawing)(figure, self.text)

    def frame(self, *values: Any) -> bytes:
        """Draw one combination.

        Parameters
        ----------
        *values
            One for each parameter.

        Returns
        -------
        data : bytes
            A PNG file.
        """
        if values not in self.frames:
            figure = new_figure(1.6 * self.size[0], 1.6 * self.size[1])
            self.panel(figure.subplots(), **dict(zip(self.choices, values)))
            file = BytesIO()
            Drawing(figure, self.text).save(file)
            self.frames[values] = file.getvalue()
        return self.frames[values]

    def sliders(self) -> Any:
        """Make a slider for each parameter above the panel.

        Returns
        -------
        box : ipywidgets.VBox
            The sliders and the panel.
        """
        import ipywidgets
        sliders = [ipywidgets.SelectionSlider(options=list(values), value=start, description=name)
                   for (name, values), start in zip(self.choices.items(), self.shown[0])]
        image = ipywidgets.Image(value=self.frame(*self.shown[0]), format="png",
                                 layout={"align_self": "flex-start", "max_width": "100%"})  # in its own size, not stretched

        def redraw(_: Any) -> None:
            image.value = self.frame(*(slider.value for slider in sliders))

        for slider in sliders:
            slider.observe(redraw, "value")
        return ipywidgets.VBox([*sliders, image])

    def _ipython_display_(self) -> None:
        from IPython.display import display
        if not os.environ.get("NNSCRATCH_STATIC"):  # a stored slider is dead, so notebooks are built without
            try:
                display(self.sliders())
            except ImportError:
                pass
        image = self.strip()
        kind, data = ("jpeg", image._repr_jpeg_()) if isinstance(image, Photographs) else ("png", image._repr_png_())
        # As text, since the kernel in a browser publishes bytes as they are.
        display({f"image/{kind}": b64encode(data).decode(), "text/plain": repr(image)}, raw=True)

    def __repr__(self) -> str:
        return said(f"<sliders {', '.join(self.choices)}: {self.text}>")


@checked
def explore(panel: Callable[..., None], text: str, *, shown: Sequence[tuple] | None = None,
            size: tuple[float, float] = (2.6, 2.2), jpeg: bool = False, **choices: Any) -> Exploration:
    """Draw a figure with a slider for each parameter.

    Parameters
    ----------
    panel : callable
        `panel(axes, **values)` draws one state on matplotlib axes.
    text : str
        The figure in a sentence.
    shown : sequence of tuple, optional
        Combinations for the row of small panels, at most 6; by default the first parameter varies.
    size : (float, float), inches
        Of a small panel.
    jpeg : bool
        For photographs: a notebook then stores the row of panels as JPEG, which is smaller.
    **choices : sequence
        The values of each parameter, by its name.

    Returns
    -------
    exploration : Exploration
        A notebook shows it.

    Raises
    ------
    InputError
        No parameter, one without values, or a combination of others.

    Examples
    --------
    >>> explore(lambda axes, k: axes.plot([0, k]), "a line", k=[1, 2, 3])
    <sliders k: a line>
    """
    if not choices or not all(isinstance(values, (list, tuple, range)) and len(values) for values in choices.values()):
        raise InputError(f"explore: expected a list of values for each parameter, such as k=[1, 2, 3], got {choices!r:.80}")
    if shown is None:
        first, *others = choices.values()
        places = np.linspace(0, len(first) - 1, min(MAX_PANELS, len(first))).round().astype(int)
        shown = [(first[place], *(values[0] for values in others)) for place in places]
    if not 1 <= len(shown) <= MAX_PANELS or any(
            len(row) != len(choices) or not all(one in values for one, values in zip(row, choices.values())) for row in shown):
        raise InputError(f"explore: shown is {shown!r:.80}, expected 1 to {MAX_PANELS} combinations of {', '.join(choices)}")
    return Exploration(panel, text, choices, list(shown), size, jpeg)
