"""The commands `nnscratch train generator` and `nnscratch generate`: what can go wrong is asked before the work begins."""
import gc
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from nnscratch import backend, checkpoint
from nnscratch.data.dataset import crops
from nnscratch.data.images import check_writable, encode, read_image
from nnscratch.data.splits import load_splits
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.errors import InputError
from nnscratch.files import make_folder, replace_file
from nnscratch.generate.adversarial import CLUELESS
from nnscratch.generate.evaluate.command import JUDGE, judge_for, recognised
from nnscratch.generate.methods import make_training
from nnscratch.generate.plots import film, grid
from nnscratch.generate.sampler import LARGEST, SHIPPED, load_generator
from nnscratch.generate.train_loop import train
from nnscratch.generate.trainer import TEXTURE, Options, options_for
from nnscratch.networks.texture_generator import SCALE
from nnscratch.ops.validation import check_int

STATE, TEXTURE_SIDE, PIECES = "state.safetensors", 128, 100
NAMES = {  # in the progress bar
    "d_loss": "D", "g_loss": "G", "off": "off by", "style": "style", "divergence": "divergence",
    "d_norm": "gradients D", "g_norm": "G", "diversity": "diversity", "score": "score"}


def train_generator(given, folder, *, data=None, size=None, minutes=None, resume=False, device="auto"):
    """The whole job of `nnscratch train generator`. Returns why it ended (see `train`).

    given : the entries of Options that are not to be as always, as a dict. data : a name or path for `load_splits`, glyphs if
    None; for the texture method, the path of one image, or a style of ours by name. A training that is resumed keeps its
    options, data and size; only `steps` or `minutes` may be given, to make it longer.
    """
    check_size(size)
    check_minutes(minutes)
    state = Path(folder) / STATE
    if not resume and state.exists():
        raise InputError(f"{folder} holds a training already; add --resume to go on with it, or give another --output")
    options, source, done = saved(state, given) if resume else (options_for(given), {"data": data or "glyphs", "size": size}, 0)
    backend.use(device)
    data, size = data or source["data"], size or source["size"]
    if options.method == TEXTURE:
        dataset, judged = texture_pieces(data, size or TEXTURE_SIDE, options.seed), None
    else:
        judged = load_splits(data, size=size, seed=options.seed)
        dataset = judged.train
    make_folder(folder)
    if minutes is not None:
        options = replace(options, steps=done + steps_in(minutes, dataset, options))
    training = make_training(dataset, options)
    training.source = source
    if resume:
        training.load(state)
    labels = f"{training.classes} {'classes' if training.named else 'groups'}" if training.classes else "without classes"
    print(f"{len(dataset)} {dataset.title}, {' x '.join(map(str, training.shape))}, {labels}; "
          f"preset {options.preset}, steps {training.steps_made} to {options.steps} on {backend.describe_device()}")
    score = None
    if judged is not None and judged.train.num_classes:
        judge = judge_for(judged, Path(folder) / JUDGE)
        print(judge)
        score = recognised(judge, training.named)
    ended = with_progress(training, folder, score)
    print({"done": f"done: draw with  nnscratch generate --from {folder}/best.safetensors -o images.png",
           "stopped": f"stopped; go on with  nnscratch train generator --resume -o {folder}",
           "failed": "ended early, see above"}[ended])
    return ended


def saved(state, given):
    """(options, source, steps made) of the training in a file; InputError where an option was given that differs, but steps."""
    info = checkpoint.read_arrays(state)[1]["info"]
    try:
        options, source, done = Options(**info["options"]), {n: info["source"][n] for n in ("data", "size")}, info["step"]
    except (KeyError, TypeError) as error:
        raise InputError(f"{state} holds no training that this version knows; begin anew in another folder") from error
    for name, value in given.items():
        if name != "steps" and value != getattr(options, name):
            raise InputError(f"{name} is {value!r}, but the training in {state} was begun with {getattr(options, name)!r}; "
                             f"leave it out, or begin anew in another folder")
    return replace(options, steps=given.get("steps", options.steps)), source, done


def texture_pieces(image, side, seed):
    """Pieces of an image whose shorter side is twice as long at most: larger forms than a piece could not be learnt."""
    if not SCALE <= side <= LARGEST or side % SCALE:
        raise InputError(f"--size is {side}, expected a multiple of {SCALE} up to {LARGEST} for the pieces of a texture")
    if is_style(image):
        return crops(style_image(image, 2 * side), side, PIECES, seed)
    whole = read_image(image)
    shorter, longer = sorted(whole.shape[1:3])
    if shorter > 2 * side:
        whole = read_image(image, round(2 * side * longer / shorter))
    return crops(whole, side, PIECES, seed)


def check_size(size):
    if size is not None and not 1 <= size <= 4096:
        raise InputError(f"--size is {size}, expected pixels from 1 to 4096")


def check_minutes(minutes):
    if minutes is not None and not 0 < minutes < 100_000:
        raise InputError(f"--minutes is {minutes}, expected a number above 0")


def steps_in(minutes, dataset, options):
    """How many steps fit in so many minutes, by making a few of them. (A judge learns before that, half a minute or so.)"""
    trial = make_training(dataset, options)
    for _ in range(3):
        trial.step()  # the first one makes everything; on a GPU the second is recorded, or the third after one with a penalty
    start, count = perf_counter(), 5
    for _ in range(count):
        float(trial.step()["g_norm"])
    seconds = (perf_counter() - start) / count
    del trial
    gc.collect()  # a training and its recorded step hold each other, and memory of the GPU's with them
    return max(10, int(0.95 * 60 * minutes / seconds))  # the rest goes to checkpoints and grids


def with_progress(training, folder, score):
    """`train` with a bar: both losses beside what they are where neither side knows anything, gradients, diversity, time."""
    from tqdm import tqdm
    clueless = CLUELESS[training.options.loss] if training.options.method == "gan" else {}
    names = {name: f"{words} ({clueless[name]:.2f})" if name in clueless else words for name, words in NAMES.items()}
    with tqdm(total=training.options.steps, initial=training.steps_made, desc="training", unit="step",
              bar_format="{l_bar}{bar}| step {n_fmt}, {elapsed}, {remaining} left{postfix}") as bar:
        def progress(record):
            facts = (f"{words} {record[name]:.3g}" for name, words in names.items() if name in record)
            bar.set_postfix_str(", ".join(facts), refresh=False)
            bar.update(record["step"] - bar.n)
        return train(training, folder, score=score, progress=progress)


def generate(path, output, *, shape=None, walk=None, label=None, side=None, seed=0, device="auto"):
    """The whole job of `nnscratch generate`: a grid of images, or a film of a walk from one image to the next.

    path : a file of `save_generator`, None: the one that comes with nnscratch. shape : (rows, columns) of the grid, None:
    8 rows, and a column for each class where there are no more than 16. walk : number of frames, None: a grid. side : of each
    image in pixels, for a generator of textures; there is one, if no grid was asked for.
    """
    check_writable(output)
    check_int(seed, "generate: seed", 0)
    if walk is not None and (walk < 2 or Path(output).suffix.lower() != ".gif"):
        raise InputError(f"a walk of {walk} images to {output} was asked for, expected at least 2, and a film: give it a "
                         f"name that ends in .gif")
    backend.use(device)
    drawer = load_generator(path or SHIPPED, side)
    number = None if label is None else drawer.class_number(label)
    if shape is None:
        shape = (1, 1) if side else (8, drawer.classes if 1 < drawer.classes <= 16 else 8)
    rows, columns = shape
    if walk:
        images = drawer.walk(walk, seed=seed, label=number)
        data = film([grid(image[None], gap=0, enlarge=not side) for image in images], milliseconds=60, pause=60)
    else:
        images, _ = drawer.draw(rows * columns, seed=seed, label=number)
        data = encode(grid(images, columns, gap=2 if len(images) > 1 else 0, enlarge=not side), output)
    replace_file(output, data)
    print(f"{len(images)} image{'s' if len(images) > 1 else ''} written to {output}")
