"""Runs jobs, whole and interrupted, and judges them."""
import os
import re
import shutil
import time
from dataclasses import dataclass

from tests.child import complaint_about, start, wait
from tests.interruptions.jobs import JOBS, files_of
from tests.interruptions.told import without
from tests.whole import half_files, leftovers

__all__ = ["Bench", "quick_states"]

CODES = {"interrupt": (130, 0), "SIGINT": (130, 0), "SIGTERM": (143, 0), "SIGKILL": (-9, 0), "kill": (137, 0)}
TIMES = re.compile(rb'"(seconds|time|elapsed|written)": [\d.e-]+')  # no result, where a file holds them


def quick_states():
    """Write the state of a transfer after every step, not every five seconds. For children, and for this process."""
    from nnscratch.style import sidecar
    sidecar.StateSaver.SECONDS = 0


@dataclass
class Bench:
    """A folder to work in, the inputs, and the results of uninterrupted runs."""
    folder: object
    base: object

    def __post_init__(self):
        self.references, self.seconds, self.began = {}, {}, {}

    def run(self, words, out, prepare=None):
        """Run a command to its end."""
        out.mkdir(exist_ok=True)
        work = self.folder / "work"
        work.mkdir(exist_ok=True)

        def enter():
            if words[0] == "demo":  # it writes to the working directory
                os.chdir(out)
            if prepare is not None:
                prepare()
        return wait(start(words, work, enter), work)

    def reference(self, name):
        """{name: bytes} that an uninterrupted run writes."""
        if name not in self.references:
            out, begin = self.folder / "out", time.perf_counter()
            shutil.rmtree(out, ignore_errors=True)
            outcome = self.run(JOBS[name].words(self.base, out), out)
            problem = complaint_about(outcome, (0,))
            if problem:
                raise RuntimeError(f"{name} fails without interruption: {problem}")
            self.seconds[name], self.references[name] = time.perf_counter() - begin, files_of(out)
            if JOBS[name].old:
                shutil.rmtree(out)
                self.run([word.replace("BASE", str(self.base)).replace("OUT", str(out)) for word in JOBS[name].old], out)
                shutil.copytree(out, self.folder / f"old {name}")
        return self.references[name]

    def fresh(self, name, old=False):
        """An empty output folder, always of the same name, since that is in some files; or one with old files."""
        self.reference(name)
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        if old and JOBS[name].old:
            shutil.copytree(self.folder / f"old {name}", out)
        else:
            out.mkdir()
        self.began = files_of(out)
        return out

    def after(self, name, fault, outcome, out):
        """What is wrong after an interruption; None for nothing."""
        codes = CODES.get(fault, (2, 0))
        if outcome.code in (137, -9) and fault in ("kill", "SIGKILL"):
            problem = None
        elif outcome.code == 1 and "skipped" in outcome.stdout and name == "fast folder":
            problem = None  # a line about each image that could not be written, and the rest is done
        elif outcome.code in (130, 143) and "stopped" in outcome.stdout and "nnscratch: " not in outcome.stderr:
            outcome.stderr = f"nnscratch: stopped\n{outcome.stderr}"  # one sentence, on the other stream
            problem = complaint_about(outcome, codes)
        else:
            problem = complaint_about(outcome, codes)
        half = half_files(out)
        if not problem and half:
            problem = f"half a file: {half[0]}"
        left = leftovers(out)
        if not problem and left and fault in ("ENOSPC", "EMFILE"):  # others can hit just what removes them
            problem = f"left {left[0].relative_to(out)} behind"
        if not problem and fault not in ("interrupt", "SIGINT", "SIGTERM") and JOBS[name].old:
            for path, data in self.began.items():
                now = (out / path).read_bytes() if (out / path).exists() else None
                if self.same(data, now) or self.same(self.references[name].get(path), now) or "frames" in path or (
                        path.endswith((".state", "-film.gif"))):  # the first two advance; a film may lack a frame
                    continue
                problem = f"{path} is neither the old nor the new one, but {'gone' if now is None else 'another'}"
        return problem

    @staticmethod
    def same(a, b):
        """Whether two files are equal up to times."""
        return a is not None and b is not None and TIMES.sub(b"", a) == TIMES.sub(b"", b)

    def finish(self, name, out, missing=None):
        """Go on until it is done, without interruption; what is wrong then. A file may be missing that was told to be."""
        outcome = self.run(JOBS[name].words(self.base, out, resume=True), out)
        problem = complaint_about(outcome, (0,))
        if problem:
            return f"going on: {problem}"
        found = files_of(out)
        expected = without(self.reference(name), found, missing, self.folder / "told.safetensors")
        for path in sorted({*found, *expected}):
            if path not in found or path not in expected:
                return f"at the end {path} {'is missing' if path not in found else 'is there, which no whole run writes'}"
            if not self.same(found[path], expected[path]):
                return f"at the end {path} differs from an uninterrupted run"
        left = leftovers(out)
        return f"at the end {left[0].name} is left behind" if left else None

    def describe(self, words):
        """The command as it could be typed."""
        return "nnscratch " + " ".join(str(word).replace(f"{self.folder}{os.sep}", "") for word in words)
