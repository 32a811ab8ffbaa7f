"""`nnscratch style --every K`: the image after every K steps, OUT-frames/0001.png, ..., and OUT-film.gif of all of them.

Shapes: images (1, H, W, 3) in [0, 1].
"""
import os
from os import PathLike
from pathlib import Path

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.data.animation import encode_gif
from nnscratch.data.images import encode, to_image
from nnscratch.files import replace_file
from nnscratch.hints import checked
from nnscratch.outputs import BestEffort, OutputFolder
from nnscratch.style.checks import check_image
from nnscratch.style.colour import restore_colours

__all__ = ["Frames", "film_path"]

PATTERN = "[0-9][0-9][0-9][0-9]*.png"


@checked
def film_path(output: str | PathLike) -> Path:
    """The path of the film of OUT.

    Parameters
    ----------
    output : path of the image

    Returns
    -------
    Path
        OUT-film.gif. OUT is the whole name: a.png and a.jpg have films of their own.
    """
    return Path(f"{os.fspath(output)}-film.gif")


class Frames:
    """Writes frames and film. Use it in a `with` statement.

    Parameters
    ----------
    output : path of the image
    content : Array (1, H, W, 3), the photograph, whose size the frames get
    every : int, steps between two frames; None for no frames
    luminance_only : bool, whether the photograph's colours are kept by transferring luminance only
    count, steps : int, how many frames and steps there are already, in a transfer that is resumed
    inputs : list of path, which no frame may overwrite
    """

    @checked
    def __init__(self, output: str | PathLike, content: Array, every: int | None, luminance_only: bool = False,
                 count: int = 0, steps: int = 0, inputs: list[str | PathLike] | None = None) -> None:
        check_image("Frames", "content", content)
        self.film, self.content, self.every, self.luminance_only = film_path(output), content, every, luminance_only
        self.count, self.steps = count, steps
        self.attempt = BestEffort("the transfer goes on without further frames")
        self.folder = OutputFolder(f"{os.fspath(output)}-frames", [PATTERN], inputs or ()) if every is not None else None

    def __enter__(self) -> "Frames":
        if self.folder is not None:
            self.folder.__enter__()
            self.folder.remove(*(self.folder.files.keys() - {self.name(k) for k in range(1, self.count + 1)}))
        return self

    def __exit__(self, *error: object) -> None:
        if self.folder is not None:
            self.folder.__exit__(*error)

    @staticmethod
    @checked
    def name(number: int) -> str:
        """The name of a frame.

        Parameters
        ----------
        number : int, 1 for the first

        Returns
        -------
        str
            The name in the folder.
        """
        return f"{number:04}.png"

    def add(self, image: Array) -> None:
        """Count a step, and write its image if it is one to be kept.

        Parameters
        ----------
        image : Array (1, h, w, 3) in [0, 1], at the size of this step
        """
        self.steps += 1
        if self.folder is not None and self.every is not None and not self.attempt.failed and (
                self.steps == 1 or self.steps % self.every == 0):
            frame = to_image(backend.to_cpu(image)).resize(self.content.shape[2:0:-1])
            if self.luminance_only:
                frame = to_image(restore_colours(np.asarray(frame, np.float32)[None] / 255, self.content))
            name, folder = self.name(self.count + 1), self.folder
            self.count += self.attempt(lambda: replace_file(folder.file(name), encode(frame, name)))

    def write_film(self) -> None:
        """Write the film of all frames, those before a resumption included."""
        if self.folder is not None and self.count:
            paths = [self.folder.path / self.name(k) for k in range(1, self.count + 1)]
            self.attempt(lambda: replace_file(self.film, encode_gif([path for path in paths if path.exists()],
                                                                    milliseconds=120)))
