"""The tables, printed row by row as they are measured, and the files of a folder: bench.json, bench.txt, roofline.png."""
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from nnscratch.bench.roofline import fraction, plot, ratio
from nnscratch.bench.sweep import crossovers
from nnscratch.files import replace_file
from nnscratch.outputs import BestEffort, OutputFolder

__all__ = ["layer_header", "layer_lines"]

Row = Mapping[str, Any]
FILES = ("bench.json", "bench.txt", "roofline.png")


class Report:
    """Prints lines, keeps them and the figures, and rewrites the files after every row, so that Ctrl-C loses nothing."""

    def __init__(self, folder: OutputFolder | None, print_fn: Callable[[str], Any]) -> None:
        self.folder, self.print_fn, self.attempt = folder, print_fn, BestEffort("the measurements go on in memory")
        self.lines: list[str] = []
        self.figures: dict[str, Any] = {"machine": {}, "layers": [], "steps": [], "sweep": [], "crossover": {},
                                        "interrupted": False}
        if folder is not None:
            folder.remove("roofline.png")  # of an earlier run: this one may draw none
        self.write()

    def say(self, line: str = "") -> None:
        """Print a line and keep it."""
        self.lines.append(line)
        self.print_fn(line)

    def add(self, part: str, row: Row, lines: Iterable[str]) -> None:
        """Print and keep a row of a part."""
        self.figures[part].append(row)
        for line in lines:
            self.say(line)
        self.attempt(self.write)

    def write(self) -> None:
        """Replace the files."""
        if self.folder:
            replace_file(self.folder.file("bench.json"), as_json(self.figures))
            replace_file(self.folder.file("bench.txt"), "".join(f"{line}\n" for line in self.lines).encode())

    def finish(self) -> None:
        """Write the files, and the plot if there is anything to draw."""
        self.write()
        if self.folder and any(row["flop"] and row["times"] for row in self.figures["layers"]):
            replace_file(self.folder.file("roofline.png"), plot(self.figures))


def as_json(figures: Any) -> bytes:
    """JSON that every reader accepts: infinity and NaN, such as the error of a NaN loss, become null."""
    return json.dumps(finite(figures), indent=1, allow_nan=False).encode()


def finite(value: Any) -> Any:
    """The same dicts, lists and numbers, with None for infinity and NaN."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def version(number: int | None) -> str:
    """CUDA's 13000 as 13.0."""
    return f"{number // 1000}.{number % 1000 // 10}" if number else "?"


def machine_lines(card: Row) -> Iterator[str]:
    """The description of the machine."""
    yield f"CPU: {card['processor']}, {card['cores']} cores, {card['threads']} thread(s) in products; NumPy {card['numpy']}"
    yield f"BLAS: {card['blas']}"
    if gpu := card.get("gpu"):
        clock = f", {gpu['clock_khz'] / 1e6:.2f} GHz" if gpu.get("clock_khz") else ""
        yield f"GPU: {gpu['name']}{clock}, CuPy {gpu['cupy']}, driver for CUDA {version(gpu.get('driver'))}"
    yield "precision: " + "; ".join(f"{name} {text}" for name, text in card["precision"].items())
    for name, top in card["ceilings"].items():
        yield f"ceilings of {name}: {top['gflops']:,.0f} GFLOP/s in products, {top['gb_per_s']:,.0f} GB/s copying"


def layer_header(names: Sequence[str]) -> str:
    """Write the head of the table of layers.

    Parameters
    ----------
    names : sequence of str
        The contenders.

    Returns
    -------
    str
        A line.
    """
    columns = "".join(f"  {name:>12}  roof" for name in names)
    return f"{'ms a layer':46} {'way':8} {'GFLOP':>7} {'MB':>7} {'FLOP/B':>6}{columns}"


def layer_lines(row: Row, names: Sequence[str], ceilings: Mapping[str, Any]) -> Iterator[str]:
    """Write a row of the table: the layer's work, then time and fraction of the ceiling for each contender.

    Parameters
    ----------
    row : dict
        A row of layers.py.
    names : sequence of str
        The contenders.
    ceilings : dict
        {contender: as for `roofline.ceiling`}.

    Yields
    ------
    str
        A line, and one for each contender that failed.
    """
    flop, size = row["flop"], row["bytes"]
    cells = f"{row['name']:46} {row['way']:8} {flop / 1e9:7.2f} {size / 1e6:7.1f} {flop / size:6.1f}"
    for name in names:
        time = row["times"].get(name)
        top = ceilings.get(name)
        reached = percent(fraction(row, time["device"], top)) if time and top else ""
        cells += f"  {milliseconds(time, 'device'):>12} {reached:>5}"
    yield cells
    yield from failures(row)


def step_header(names: Sequence[str]) -> str:
    """The head of the table of steps."""
    return f"{'ms a step':22}" + "".join(f"  {name:>12}" for name in names)


def step_lines(row: Row, names: Sequence[str]) -> Iterator[str]:
    """A step: wall and device time, the other two regimes, memory, and how many times as fast as NumPy."""
    def line(text: str, cell: Callable[[str], str]) -> str:
        return f"{text:22}" + "".join(f"  {cell(name):>12}" for name in names)

    def gain(name: str) -> str:
        times = row["times"]
        if name == "NumPy" or name not in times or "NumPy" not in times:
            return "-"
        found = ratio(times["NumPy"]["wall"], times[name]["wall"])
        return f"{found:.1f} x" if isfinite(found) else "-"

    yield line(row["name"], lambda name: milliseconds(row["times"].get(name), "wall"))
    if row["transfers"]:
        yield line("  by the GPU's clock", lambda name: milliseconds(row["times"].get(name), "device"))
        yield line("  with transfers", lambda name: milliseconds(row["transfers"].get(name), "wall"))
        yield line("  as fast as NumPy", gain)
    first = {name: {"wall": seconds} for name, seconds in row["first"].items() if name in row["times"]}
    yield line("  first call", lambda name: milliseconds(first.get(name), "wall"))
    yield line("  peak memory, MB", lambda name: f"{row['peak_bytes'][name] / 1e6:.0f}" if row["peak_bytes"].get(name) else "-")
    yield from failures(row)


def sweep_lines(row: Row, names: Sequence[str]) -> Iterator[str]:
    """A step at one batch size."""
    cells = "".join(f"  {milliseconds(row['times'].get(name), 'wall'):>12}" for name in names)
    yield f"{row['batch']:>5} images        {cells}"
    yield from failures(row)


def crossover_lines(rows: Sequence[Row]) -> Iterator[str]:
    """A sentence for each contender on a GPU."""
    for who, sizes in crossovers(rows).items():
        for regime, size in sizes.items():
            where = "never faster than NumPy here" if size is None else f"faster than NumPy from {size:.3g} images a batch on"
            yield f"{who}, {regime}: {where}"


def failures(row: Row) -> Iterator[str]:
    """A sentence for each contender that failed."""
    for name, sentence in row["failed"].items():
        yield f"    {name}: {sentence}"


def milliseconds(time: Mapping[str, float] | None, which: str) -> str:
    """A time in ms; "-" if there is none."""
    return f"{1e3 * time[which]:.2f}" if time and isfinite(time[which]) else "-"


def percent(number: float) -> str:
    """A fraction in percent; "-" if it is NaN or infinite."""
    return f"{number:.0%}" if isfinite(number) else "-"
