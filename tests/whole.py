"""Whether files are whole: every one that a command wrote must open, whatever interrupted it."""
import json

from PIL import Image
from safetensors import safe_open

__all__ = ["half_files", "leftovers"]


def half_files(path):
    """Messages about the files at or below a path that do not open as what their names say."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [message for message in map(problem_of, files) if message]


def problem_of(path):
    """What is wrong with one file; None for nothing."""
    name = path.name.removesuffix(".state") + (".safetensors" if path.name.endswith(".state") else "")
    try:
        if name.endswith(".json"):
            json.loads(path.read_text(encoding="utf-8"))
        elif name.endswith(".safetensors"):
            with safe_open(path, framework="numpy") as file:
                for array in file.keys():  # no dict
                    file.get_tensor(array)
        elif name.endswith((".png", ".jpg", ".gif")):
            with Image.open(path) as image:
                for k in range(getattr(image, "n_frames", 1)):
                    image.seek(k)
                    image.load()
        elif name.endswith(".html") and "</html>" not in path.read_text(encoding="utf-8"):
            return f"{path.name}: no end"
    except Exception as error:  # whatever a reader raises
        return f"{path.name}: {type(error).__name__}: {error}"
    return None


def leftovers(folder):
    """Hidden temporary files in a folder."""
    return [path for path in folder.rglob(".*") if path.is_file() and path.name.startswith(".nnscratch-")]
