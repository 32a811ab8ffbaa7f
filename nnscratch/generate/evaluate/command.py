"""`nnscratch judge`, and the judge that a training asks which of its generators is the best."""
from pathlib import Path

from nnscratch import backend
from nnscratch.data.splits import Splits, load_splits
from nnscratch.data.synthetic.faces import glyph_templates
from nnscratch.errors import InputError
from nnscratch.files import make_folder
from nnscratch.generate.evaluate.classifier import Judge, origin, train_judge
from nnscratch.generate.evaluate.metrics import LEAST, SURE, judge_images
from nnscratch.generate.evaluate.report import write_report
from nnscratch.generate.sampler import load_generator

JUDGE, STEPS = "judge.safetensors", 1000
FRESH = 500  # added to the seed: images that had no part in the training, not even in choosing the best checkpoint


def judge_generator(path, data, folder, *, count=5000, seed=0, size=None, device="auto"):
    """The whole job of `nnscratch judge`: draw, look, write a report into the folder. Returns the verdict."""
    if count < LEAST or seed < 0:
        raise InputError(f"--count {count} and --seed {seed} were given, expected at least {LEAST} and 0")
    backend.use(device)
    drawer = load_generator(path) if path else load_generator()
    make_folder(folder)
    learnt, fresh = (load_splits(data, size=size, seed=drawer.info["seed"] + more) for more in (0, FRESH))
    parts = Splits(learnt.train, fresh.held_out, fresh.judge_train, fresh.disjoint)
    named = drawer.classes and drawer.shares is None
    if parts.train.images.shape[1:] != tuple(drawer.info["shape"]) or (named and drawer.names != parts.train.class_names):
        raise InputError(f"the generator draws images {tuple(drawer.info['shape'])} of {some(drawer.names)}, the data have "
                         f"{parts.train.images.shape[1:]} of {some(parts.train.class_names)}; give the data it was trained "
                         f"on with --data")
    if len(parts.held_out) < LEAST:
        raise InputError(f"{data} has {len(parts.held_out)} images to hold out, a tenth, expected at least {LEAST}; add more")
    judge = judge_for(parts, Path(folder) / JUDGE, seed=1)  # another one than chose the best checkpoint
    print(judge)
    images, asked = drawer.draw(count, seed=[seed, 7])
    verdict = judge_images(judge, images, asked if named else None, parts.train, parts.held_out,
                             glyph_templates() if data == "glyphs" else None, seed)
    verdict["judge_apart"] = parts.disjoint
    write_report(folder, verdict, images, parts.train)
    print_verdict(verdict)
    print(f"report.html and report.json are in {folder}/")
    return verdict


def some(names):
    """Class names for an error's sentence."""
    return f"{', '.join(names[:10])}{', ...' if len(names) > 10 else ''}" if names else "no classes"


def judge_for(parts, path, seed=0):
    """The judge saved at `path`, if it learnt from these very images; or a new one, trained and saved there."""
    if path.exists():
        judge = Judge.load(path)
        if judge.origin == origin(parts.judge_train, STEPS, seed):
            return judge
    from tqdm import tqdm
    with tqdm(total=STEPS, desc="training the judge", unit="step") as bar:
        judge = train_judge(parts.judge_train, parts.held_out, steps=STEPS, seed=seed, progress=lambda step, loss: bar.update())
    judge.save(path)
    return judge


def recognised(judge, named):
    """A score for `train`: the share of images that the judge is sure of; where classes were asked for, of the right one."""
    def score(images, labels):
        probabilities = judge.probabilities(images)
        seen = probabilities.argmax(axis=1)
        good = (probabilities.max(axis=1) > SURE) & ((seen == labels) if named else (seen < len(judge.names)))
        return good.mean()
    return score


def print_verdict(v):
    """The numbers that the report explains, a line each."""
    f, n, m = v["frechet"], v["neighbours"], v["modes"]
    rows = [("recognisable", f"{v['recognisable']:.1%}")]
    if v["asked_equals_seen"] is not None:
        rows.append(("asked class = seen class", f"{v['asked_equals_seen']:.1%}"))
    rows.append(("rarest class", f"{min(v['classes']['shares'].values()):.1%}"))
    if m is not None:
        rows.append(("modes hit", f"{m['hit']} of {m['of']} (equally many real images: {m['floor']['hit']})"))
    rows += [("Fréchet distance", f"{f['distance']:.2f} (real: {f['floor']:.2f}; "
                                  + ", ".join(f"{name}: {value:.1f}" for name, value in f["ceilings"].items()) + ")"),
             *((name, f"{n[name]:.2f} (real: {n['floor'][name]:.2f})")
               for name in ("precision", "recall", "density", "coverage")),
             ("memorisation ratio", f"{v['memorisation']['ratio']:.2f} (1: no copies)")]
    for name, text in rows:
        print(f"{name:26} {text}")
