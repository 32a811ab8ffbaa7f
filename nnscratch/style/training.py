"""What the trainings of the two networks for style transfer share: the folder, --resume, and the loop of steps.

    state.safetensors    the whole training, to resume from

Unlike training/loop.py, nothing is recorded or scored: the network of the last step is the result.
"""
import contextlib
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from nnscratch import checkpoint
from nnscratch.backend import Array
from nnscratch.models import Model
from nnscratch.ops.validation import check_int
from nnscratch.optimizers import Optimizer
from nnscratch.outputs import TRAINING_GOES_ON, BestEffort, OutputFolder
from nnscratch.parallel import world
from nnscratch.progress import print_above_bar, progress_bar
from nnscratch.schema import Rule, anything, check, one_of, record, whole
from nnscratch.terminal import delayed_signals
from nnscratch.training.distributed import shared_folder, start_as_one
from nnscratch.training.loop import steps_to_make
from nnscratch.training.resume import ANEW, STATE, check_chosen, how_to_resume, open_state

__all__: list[str] = []  # for train_stylizer.py and train_texture.py

DRAWING = "drawing patterns, which takes up to a minute"


@contextlib.contextmanager
def open_training(folder: str | PathLike, network: str, made: str, steps: int | None, seed: int | None, resume: bool,
                  defaults: dict[str, Any], schema: Rule = anything, inputs: Sequence[str | PathLike] = ()
                  ) -> Iterator[tuple[OutputFolder | None, dict[str, Any], checkpoint.Saved | None]]:
    """Hold the folder of a training of this network that starts, or is resumed: yields it, the info and what is saved. Of
    several processes, rank 0 alone holds the folder, and the others get None for it.

    made : the file of the trained network
    defaults : the options of a new training; a resumed one keeps its own, which must obey the schema, and only its steps may be
    given anew. Raises InputError for a folder that cannot be made, that already holds a training, or none to resume, or one of
    another kind, or with another seed.
    """
    chosen = {name: check_int(value, f"train {network}: {name}", least)
              for name, value, least in (("steps", steps, 1), ("seed", seed, 0)) if value is not None}
    state = Path(folder) / STATE
    saved = open_state(folder, resume, made)
    info = saved[1]["info"] if saved else {"what": f"{network} training", "done": 0, "seed": 0, **defaults}
    check(info, record(what=one_of(f"{network} training"), done=whole(), steps=whole(1), seed=whole()), state, ANEW)
    check(info, schema, state, ANEW)
    if saved:
        check_chosen(state, chosen, info, info["done"])
    info |= chosen
    with shared_folder(world(), chosen, folder, (STATE, made), inputs, resume) as output:
        try:
            yield output, info, saved
        except KeyboardInterrupt:
            print(how_to_resume(folder, network))
            raise


def begin(output: OutputFolder | None, info: dict[str, Any], saved: checkpoint.Saved | None, model: Model,
          optimizer: Optimizer) -> Callable[[], object]:
    """Restore what is saved, or save the beginning, so that even a training stopped at once can be resumed.

    Returns what saves the training from then on; a full disk does not end it.
    """
    if saved:
        checkpoint.restore(output.file(STATE) if output else STATE, saved, model, optimizer)
    facts = {"options": [info[name] for name in ("steps", "seed")], "images": info.get("checksum"),
             "numbers of steps": info["done"]}
    start_as_one(world(), facts, model, optimizer)
    if output is None:
        return lambda: None
    state, attempt = output.file(STATE), BestEffort(TRAINING_GOES_ON)
    if not saved:
        checkpoint.save(state, model, optimizer, info)
    return lambda: attempt(lambda: checkpoint.save(state, model, optimizer, info))


def make_steps(info: dict[str, Any], step: Callable[[int], dict[str, Array]], save: Callable[[], object],
               save_every: int) -> dict[str, Array]:
    """Make the steps info["done"] + 1 to info["steps"] with a progress bar; returns the metrics of the last.

    step(number) makes a step; save() is called every `save_every` steps, at the end, and after the step in which Ctrl-C comes.
    """
    metrics: dict[str, Array] = {}
    rank = world().rank
    progress = progress_bar(total=info["steps"], initial=info["done"], desc="training", unit="step", disable=rank > 0)
    with delayed_signals() as stopped, progress as bar:
        steps = range(info["done"] + 1, info["steps"] + 1)
        for number in steps_to_make(steps, world(), lambda: bool(stopped), print_above_bar, save_every):
            metrics = step(number)
            if number % 10 == 0:
                bar.set_postfix_str(", ".join(f"{name} {float(value):.3f}" for name, value in metrics.items()), refresh=False)
            bar.update()
            info["done"] = number
            if number % save_every == 0 or number == info["steps"]:
                save()
        if info["done"] < info["steps"] and not rank:
            save()
            raise KeyboardInterrupt
    return metrics
