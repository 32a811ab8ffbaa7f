"""The jobs that are interrupted: commands that write, small enough for a second, and how each goes on.

Shapes: photographs 40x32, data sets of 240 images 16x16x1 in two classes.
"""
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.originals import SETTINGS

__all__ = ["JOBS", "Job", "files_of"]


@dataclass
class Job:
    """A command, and what continues it.

    command : list; OUT and BASE in it become folders
    resume : list, or None: then the command is given again
    state : file whose existence says that there is something to resume
    old : list, a command that writes other files of the same names before, or None
    """
    command: list[str]
    resume: list[str] | None = None
    state: str = ""
    old: list[str] | None = None

    def words(self, base: Path, out: Path, resume: bool = False):
        """The command as it is run in these folders."""
        words = self.resume if resume and self.resume is not None and (out / self.state).exists() else self.command
        return [word.replace("BASE", str(base)).replace("OUT", str(out)) for word in words]


def job(text, resume=None, state="", old=None):
    """A Job from command lines."""
    return Job(text.split(), resume and resume.split(), state, old and old.split())


PAINT = " ".join(SETTINGS["style"][:2])
TRAIN = " ".join(SETTINGS["generator"])
CLASSIFY = " ".join(SETTINGS["classifier"])
JOBS = {
    "style": job(f"style BASE/photo.png BASE/style.png -o OUT/a.png {PAINT} --steps 6 --every 2 --explain",
                 "style --resume --every 2 -o OUT/a.png", "a.png.state",
                 f"style BASE/photo.png night -o OUT/a.png {PAINT} --steps 6 --every 2 --explain"),
    "fast": job("style BASE/photo.png BASE/style.png -o OUT/a.png --fast --size 32",
                old="style BASE/photo.png night -o OUT/a.png --fast --size 32"),
    "fast folder": job("style BASE/folder BASE/style.png -o OUT/f --fast --size 32",
                       old="style BASE/folder night -o OUT/f --fast --size 32"),
    "fast film": job("style BASE/film.gif BASE/style.png -o OUT/a.gif --fast --size 32",
                     old="style BASE/film.gif night -o OUT/a.gif --fast --size 32"),
    "generator": job(f"train generator --data BASE/data.npz -o OUT/g {TRAIN} --steps 6", "train generator --resume -o OUT/g",
                     "g/state.safetensors"),
    "classifier": job(f"train classifier --data BASE/data.npz -o OUT/c {CLASSIFY} --steps 6",
                      "train classifier --resume -o OUT/c", "c/state.safetensors"),
    "classify": job("classify BASE/photo.png --from BASE/classes -o OUT/why.png",
                    old="classify BASE/style.png --from BASE/classes -o OUT/why.png"),
    "generate": job("generate -o OUT/a.png --grid 2x2", old="generate -o OUT/a.png --grid 2x2 --seed 1"),
    "judge": job("judge --data BASE/data.npz --from BASE/best.safetensors -o OUT/j --count 40",
                 old="judge --data BASE/data.npz --from BASE/best.safetensors -o OUT/j --count 40 --seed 1"),
    "gallery": job("gallery BASE/photo.png -o OUT/a.png --size 16 --steps 1",
                   old="gallery BASE/style.png -o OUT/a.png --size 16 --steps 1"),
    "demo": job("demo"),
    "texture": job("train texture -o OUT/t --steps 4", "train texture --resume -o OUT/t", "t/state.safetensors"),
    "stylizer": job("train stylizer BASE/large.png -o OUT/s --steps 4", "train stylizer --resume -o OUT/s",
                    "s/state.safetensors")}


def files_of(folder: Path):
    """{name: bytes} of all files in an output folder, but hidden ones: temporary files, and lists of what is ours."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")}
