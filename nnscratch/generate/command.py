"""The commands `nnscratch train generator` and `nnscratch generate`: what can go wrong is asked before the work begins."""
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from nnscratch import backend, checkpoint
from nnscratch.data.dataset import crops
from nnscratch.data.pictures import check_writable, encode, read_picture
from nnscratch.data.source import parts_of
from nnscratch.errors import InputError
from nnscratch.files import replace_file
from nnscratch.generate.drawing import load_generator
from nnscratch.generate.judge.command import JUDGE, judge_for, recognised
from nnscratch.generate.methods import make_training
from nnscratch.generate.show import film, grid
from nnscratch.generate.train import train
from nnscratch.generate.training import Options

STATE, TEXTURE_SIDE, PIECES = "state.safetensors", 64, 1000
NAMES = {  # in the progress bar; beside both losses: their value where nothing is known
    "d_loss": "D (1.39)", "g_loss": "G (0.69)", "off": "off by", "style": "style", "divergence": "divergence",
    "d_norm": "gradients D", "g_norm": "G", "diversity": "diversity", "score": "score"}


def train_generator(options, data, folder, *, size=None, minutes=None, resume=False, device="auto"):
    """The whole job of `nnscratch train generator`. Returns why it ended (see `train`).

    data : a name or path for `parts_of`; for the texture method, the path of one picture.
    """
    backend.use(device)
    state = Path(folder) / STATE
    if resume:
        options = saved_options(state)
    elif state.exists():
        raise InputError(f"{folder} holds a training already; add --resume to go on with it, or give another --out")
    if options.method == "texture":
        dataset, judged = crops(read_picture(data), size or TEXTURE_SIDE, PIECES, options.seed), None
    else:
        judged = parts_of(data, size=size, seed=options.seed)
        dataset = judged.train
    if minutes is not None and not resume:
        options = replace(options, steps=steps_in(minutes, dataset, options))
    training = make_training(dataset, options)
    if resume:
        training.load(state)
    print(f"{len(dataset)} {dataset.title}, {' x '.join(map(str, training.shape))}, "
          f"{f'{training.classes} classes' if training.classes else 'without classes'}; preset {options.preset}, "
          f"steps {training.steps_made} to {options.steps} on {backend.describe_device()}")
    score = None
    if judged is not None and judged.train.classes:
        judge = judge_for(judged, Path(folder) / JUDGE)
        print(judge)
        score = recognised(judge, training.classes)
    ended = with_progress(training, folder, score)
    print({"done": f"done: draw with  nnscratch generate --from {folder}/best.safetensors -o pictures.png",
           "stopped": f"stopped; go on with --resume --out {folder}", "failed": "ended early, see above"}[ended])
    return ended


def saved_options(state):
    """The options that a training was begun with."""
    info = checkpoint.read_arrays(state)[1]["info"]
    try:
        return Options(**info["options"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{state} holds no training that this version knows; begin anew in another folder") from error


def steps_in(minutes, dataset, options):
    """How many steps fit in so many minutes, by making a few of them."""
    if not 0 < minutes < 100_000:
        raise InputError(f"--minutes is {minutes}, expected a number above 0")
    trial = make_training(dataset, options)
    trial.step()  # the first one makes everything
    start, count = perf_counter(), 5
    for _ in range(count):
        float(trial.step()["g_norm"])
    seconds = (perf_counter() - start) / count
    return max(10, int(0.95 * 60 * minutes / seconds))  # the rest goes to checkpoints and grids


def with_progress(training, folder, score):
    """`train` with a bar: both losses beside ln 2, where neither side knows anything, gradients, diversity, time left."""
    from tqdm import tqdm
    with tqdm(total=training.options.steps, initial=training.steps_made, desc="training", unit="step",
              bar_format="{l_bar}{bar}| step {n_fmt}, {elapsed}, {remaining} left{postfix}") as bar:
        def progress(record):
            facts = (f"{words} {record[name]:.2f}" for name, words in NAMES.items() if name in record)
            bar.set_postfix_str(", ".join(facts), refresh=False)
            bar.update(record["step"] - bar.n)
        return train(training, folder, score=score, progress=progress)


def generate(path, output, *, shape=None, walk=None, label=None, seed=0, device="auto"):
    """The whole job of `nnscratch generate`: a grid of pictures, or a film of a walk from one picture to the next.

    path : a file of `save_generator`, None: the one that comes with nnscratch. shape : (rows, columns) of the grid, None:
    8 rows, and a column for each class where there are no more than 16. walk : number of frames, None: a grid.
    """
    check_writable(output)
    if walk and Path(output).suffix.lower() != ".gif":
        raise InputError(f"a walk is a film, but the output is {output}; give it a name that ends in .gif")
    backend.use(device)
    drawer = load_generator(path) if path else load_generator()
    number = None if label is None else drawer.class_number(label)
    rows, columns = shape or (8, drawer.classes if 1 < drawer.classes <= 16 else 8)
    if walk:
        pictures = drawer.walk(walk, seed=seed, label=number)
        data = film([grid(picture[None], gap=0) for picture in pictures], milliseconds=60, pause=60)
    else:
        pictures, _ = drawer.draw(rows * columns, seed=seed, label=number)
        data = encode(grid(pictures, columns), output)
    replace_file(output, data)
    print(f"{len(pictures)} pictures written to {output}")
