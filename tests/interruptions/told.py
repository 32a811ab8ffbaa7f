"""What a generator's training ends with where one file could not be written on the way, and the user was told so.

The rest of the work goes on, so the end differs by what follows from that file, and by nothing else:

    samples/step-000003.png     the film lacks this frame
    best.safetensors            the record of one checkpoint, which is not the best one, lacks its score; the curves show it
"""
import io
import json
import re

from PIL import Image

from nnscratch import checkpoint
from nnscratch.data.animation import encode_gif
from nnscratch.generate.adversarial_losses import CHANCE_LOSS
from nnscratch.generate.plots import plot_history
from nnscratch.marks import MANIFEST

__all__ = ["told_missing", "without"]


def told_missing(outcome, out):
    """The file, as a path in the output folder, that a command which ended well said it could not write; or None."""
    found = re.search(rf"^cannot write {re.escape(str(out))}/(\S+) \(", outcome.log, re.MULTILINE)
    return found[1] if found and outcome.code == 0 else None


def without(expected, found, missing, scratch):
    """The files {name: bytes} that follow from those of an uninterrupted run.

    found : those of the interrupted run, which decide only what could not be listed, and which best network not be written
    missing : what `told_missing` returned
    scratch : path of a file to work with
    """
    if missing is None or not missing.startswith("g/"):
        return expected
    folder, _, name = missing.rpartition("/")
    if name == MANIFEST:  # no file is written that could not be listed: a frame, or the best network
        lost = sorted(path for path in expected.keys() - found.keys() if path.startswith(f"{folder}/"))
        missing = lost[0] if lost else f"{folder}/best.safetensors"
    if missing.startswith("g/samples/"):
        left = {name: data for name, data in expected.items() if name != missing}
        frames = [Image.open(io.BytesIO(data)) for name, data in sorted(left.items()) if name.startswith("g/samples/step-")]
        return left | {"g/film.gif": encode_gif(frames)}
    history = json.loads(expected["g/history.json"])
    lacking = [k for k, record in enumerate(json.loads(found.get("g/history.json", "[]"))) if "score" not in record]
    if missing != "g/best.safetensors" or len(lacking) != 1 or "score" not in history[lacking[0]]:
        return expected
    del history[lacking[0]]["score"]
    scratch.write_bytes(expected["g/state.safetensors"])
    arrays, header = checkpoint.read_arrays(scratch)
    info = header["info"] | {"history": history}
    checkpoint.write_arrays(scratch, arrays, checkpoint.header_text(header["optimizer"], info))
    return expected | {"g/history.json": json.dumps(history, indent=0).encode(), "g/state.safetensors": scratch.read_bytes(),
                       "g/curves.png": plot_history(history, CHANCE_LOSS[info["options"]["loss"]])}
