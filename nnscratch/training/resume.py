"""Trainings that are saved, and resumed bit for bit, with the options and data that they were begun with."""
import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from nnscratch import checkpoint
from nnscratch.errors import InputError, as_argument
from nnscratch.files import FilePath
from nnscratch.parallel import Communicator
from nnscratch.schema import Rule, check, each, expect, mapping, number, record, whole
from nnscratch.shard import Shard
from nnscratch.training.distributed import start_as_one
from nnscratch.training.source import SOURCE

__all__ = ["Resumable"]

STATE, BEST = "state.safetensors", "best.safetensors"
ANEW = "begin anew in another folder"


def history_rule(always: str, at_checkpoints: Collection[str]) -> Rule:
    """The schema of a training's records: each has the step and the metrics that the first has; some have further ones."""
    def history(value: Any, place: str) -> None:
        each(record(step=whole(1), **{always: number()}))(value, place)
        each(mapping(number()))(value, place)
        for k, entry in enumerate(value):
            same = set(entry) - {*at_checkpoints} == set(value[0]) - {*at_checkpoints}
            expect(same, sorted(entry), f"{place}[{k}]", "the metrics of the first record")
    return history


def open_state(folder: FilePath, resume: bool, made: str = BEST) -> checkpoint.Saved | None:
    """The state of the training in a folder that is resumed; None for a new one. made : the file of the trained network.

    Raises InputError if there is none to resume, or if a new one would replace another's state, or the network that it made.
    """
    state = Path(folder) / STATE
    if os.path.exists(state):
        if not resume:
            raise InputError(f"{folder} holds a training already; add --resume to go on with it, or give another --output")
        try:
            return checkpoint.read_arrays(state)
        except InputError as error:
            raise InputError(f"{error}, or {ANEW}") from error
    if os.path.exists(Path(folder) / made):
        raise InputError(f"{folder} holds {made}, but no {STATE} to go on from; move it away, or give another --output")
    if resume:
        raise InputError(f"{folder} holds no training to resume; leave out --resume, or give its folder as --output")
    return None


def how_to_resume(folder: FilePath, network: str) -> str:
    """What a training of this network says when it was stopped: how to go on with it, if it had begun."""
    if not os.path.exists(Path(folder) / STATE):
        return "stopped before the first step"
    return f"stopped; go on with  nnscratch train {network} --resume -o {as_argument(folder)}"


def best_of(path: FilePath) -> FilePath:
    """The best network of a training's folder; another path as it is."""
    if isinstance(path, (str, os.PathLike)) and os.path.isdir(path) and os.path.exists(os.path.join(path, BEST)):
        return os.path.join(path, BEST)
    return path


def saved_options(state: Path, info: dict[str, Any], rule: Rule, make: Callable[..., Any],
                  chosen: dict[str, Any]) -> tuple[Any, dict[str, Any], int]:
    """(options, source, steps made) of a saved training; InputError where an option other than `steps` is given and differs.

    info : what the training says about itself, which must obey the rule
    make : the class of the options
    """
    check(info, rule, state, ANEW)
    check(info.get("source"), SOURCE, state, ANEW)
    try:
        options, step_count = make(**info["options"]), info["step"]
        source = {name: info["source"][name] for name in ("data", "size")}
    except (KeyError, TypeError) as error:
        raise InputError(f"{state} holds no training that this version knows; {ANEW}") from error
    check_chosen(state, chosen, vars(options), step_count)
    return replace(options, steps=chosen.get("steps", options.steps)), source, step_count


def check_chosen(state: Path, chosen: dict[str, Any], begun: dict[str, Any], step_count: int) -> None:
    """Raise InputError where an option other than `steps` differs from the one that a training was begun with, or where fewer
    steps are chosen than it has made."""
    for name, value in chosen.items():
        if name != "steps" and value != begun[name]:
            raise InputError(f"{name} is {value!r}, but the training in {state} was begun with {begun[name]!r}; "
                             f"leave it out, or {ANEW}")
    if chosen.get("steps", step_count) < step_count:
        raise InputError(f"steps is {chosen['steps']}, but the training in {state} has made {step_count} already; give more")


class Resumable:
    """A training that can be saved, and resumed bit for bit.

    A subclass sets the attributes, and writes `info` and `step`.

    Attributes
    ----------
    options : dataclass, with `steps`
    step_count : int, steps made so far
    history : list of dict, the records of the training
    source : dict or None, where the data came from, set by the command
    models, optimizers : what a checkpoint holds
    shard : Shard, the rows of a batch that this process computes
    """

    FILE: ClassVar[tuple[Rule, str]]  # what `info` must obey, and the command that writes the file

    options: Any
    models: Any
    optimizers: Any
    shard: Shard
    step_count: int
    history: list[dict[str, float]]
    source: dict[str, Any] | None

    def share(self, world: Communicator) -> None:
        """Compute only some rows of each batch from now on, and the others in the other processes; all begin like rank 0.

        Parameters
        ----------
        world : Communicator
        """
        self.shard = Shard(world, self.options.batch_size)
        info = self.info()
        facts = {"options": info["options"], "data": info["data"], "numbers of steps": info["step"]}
        start_as_one(world, facts, self.models, self.optimizers)

    def step(self) -> dict[str, Any]:
        """Update everything on a random batch.

        Returns
        -------
        dict
            Metrics of the step, as 0-d arrays.
        """
        raise NotImplementedError

    def info(self) -> dict[str, Any]:
        """What a saved training says about itself.

        Returns
        -------
        dict
            JSON values: "options" and "data", which must be equal to resume it, "step", "history" and others.
        """
        raise NotImplementedError

    @classmethod
    def current(cls, info: dict[str, Any]) -> dict[str, Any]:
        """The info of a file, as this version would write it.

        Parameters
        ----------
        info : dict, of a file that an older version may have written

        Returns
        -------
        dict
            The same, with today's names.
        """
        return info

    def save(self, path: FilePath) -> None:
        """Write everything to one file: networks, optimizers, history.

        Parameters
        ----------
        path : str or Path, of a .safetensors file
        """
        checkpoint.save(path, self.models, self.optimizers, self.info())

    def load(self, path: FilePath, saved: checkpoint.Saved | None = None) -> None:
        """Resume a saved training.

        Parameters
        ----------
        path : str or Path, of a file written by `save`
        saved : what `checkpoint.read_arrays(path)` returned, if it has been read

        Raises
        ------
        InputError
            Other options or data than those of the saved training; only `steps` may differ. Nothing has changed then.
        """
        saved = checkpoint.read_arrays(path) if saved is None else saved
        info = self.current(saved[1]["info"])
        rule, command = self.FILE
        check(info, rule, path, f"give a file that `{command}` wrote")
        ours, theirs = self.info(), info | {"options": info["options"] | {"steps": self.options.steps}}
        for part in ("options", "data"):
            if theirs[part] != ours[part]:
                raise InputError(f"{path} holds a training with {part} {difference(theirs[part] or {}, ours[part])}; give the "
                                 f"{part} it was begun with, or {ANEW}")
        checkpoint.restore(path, saved, self.models, self.optimizers)
        self.step_count, self.history = info["step"], info["history"]


def difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """The first entry in which two dicts differ, for an error message; dicts in them are compared alike."""
    name = next(name for name in [*ours, *theirs] if theirs.get(name) != ours.get(name))
    their, our = theirs.get(name), ours.get(name)
    if isinstance(their, dict) and isinstance(our, dict):
        return f"{name} {difference(their, our)}"
    if name == "crc32":
        return "of the same shape, but with other pixels or labels"
    return f"{name} = {their!r}, now it is {our!r}"
