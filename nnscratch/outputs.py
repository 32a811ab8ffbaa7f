"""Outputs: the files and folders that commands write. What nnscratch did not write is never deleted or overwritten.

Only the file that the user named with --output is replaced without a question, unless it is one of the inputs. Everything
else must be new, or ours and unchanged, which marks.py tells. While a command writes, it holds a lock, which ends with its
process; so two commands cannot write the same output.
"""
import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import (
    FilePath,
    check_names,
    checksum,
    hidden_name,
    make_folder,
    reason,
    remove_leftovers,
    replace_file,
)
from nnscratch.hints import checked
from nnscratch.locks import lock
from nnscratch.marks import LOCK, MANIFEST, MARK, is_empty, is_listed, is_ours, read_manifest
from nnscratch.version import __version__

__all__ = ["OutputFolder", "writing"]

log = logging.getLogger("nnscratch")
TRAINING_GOES_ON = "the training goes on in memory, but can be resumed only from the last state that was written"


@checked
@contextlib.contextmanager
def writing(output: FilePath, derived: Sequence[FilePath] = (), inputs: Iterable[FilePath] = ()) -> Iterator[None]:
    """Hold the lock of an output file, once it is certain that writing it, and the files named after it, loses nothing.

    Parameters
    ----------
    output : str or path
        The file that the user named.
    derived : sequence of str or path
        Files that are written beside it without having been named.
    inputs : iterable of str or path
        Files that are read.

    Raises
    ------
    InputError
        One of the inputs would be overwritten, a derived file exists and is not ours, or another process is writing.
    """
    for path in (output, *derived):
        refuse_inputs(path, inputs)
    check_names([output, *derived])
    for path in derived:
        if os.path.lexists(path) and not is_ours(Path(path)):
            raise InputError(f"{path} exists, and nnscratch did not write it; move it away, or give another output")
    target = Path(os.path.realpath(output))
    unfinished, described = (Path(f"{output}{ending}") for ending in (".state", ".json"))
    if unfinished not in derived and is_ours(unfinished):
        raise InputError(f"{unfinished} holds a transfer to {output} that was stopped; go on with  nnscratch style --resume, "
                         f"remove it, or give another output")
    with lock(target.with_name(f"{hidden_name(target)}.lock"), output):
        remove_leftovers(output, *derived)
        yield
        if described not in derived and is_ours(described):
            described.unlink()  # it tells how the image was made that is replaced now


class OutputFolder:
    """A folder that a command writes to, and its list of what is ours. Use it in a `with` statement, which holds the lock.

    Parameters
    ----------
    path : str or path
        The folder; it is made if it does not exist.
    names : sequence of str
        Patterns of the names that may be written. What exists under such a name must be ours.
    inputs : iterable of str or path
        Files that are read.
    adopt : bool
        Whether all these names count as ours where there is no list yet, as in a training of version 0.1.

    Raises
    ------
    InputError
        The folder cannot be made, holds a file that would be overwritten, or another process writes to it.
    """

    @checked
    def __init__(self, path: FilePath, names: Sequence[str], inputs: Iterable[FilePath] = (), adopt: bool = False) -> None:
        self.path, self.names, self.inputs, self.adopt = Path(path), names, list(inputs), adopt
        self.made, self.listed, self.context = False, False, contextlib.ExitStack()
        self.new: list[Path] = []  # this folder and those around it, as far as they did not exist; the innermost first
        self.files: dict[str, int | None] = {}  # names of what is ours, and checksums; None for what this process writes

    def __enter__(self) -> "OutputFolder":
        self.new = [folder for folder in (self.path, *self.path.parents) if not os.path.exists(folder)]
        self.made = bool(self.new)
        make_folder(self.path)
        with contextlib.ExitStack() as context:
            context.enter_context(lock(self.path / LOCK, self.path))
            listed = self._check()
            remove_leftovers(*(self.path / name for name in (MANIFEST, *listed, *self.files)))
            self._write_list(self.files)
            self.context = context.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(InputError, OSError):  # a full disk: what is listed without a checksum is ours all the same
            self._write_list({name: checksum(self.path / name) if total is None else total for name, total in self.files.items()
                              if os.path.isfile(self.path / name)})
            if error[0] is not None and not (self.files or self.listed):
                (self.path / MANIFEST).unlink(missing_ok=True)
        self.context.close()
        with contextlib.suppress(OSError):  # it is not empty
            for folder in self.new:
                folder.rmdir()

    def _check(self) -> Iterable[str]:
        """Read the list of what is ours, also of what was killed before it was written; refuse what would be overwritten."""
        found = read_manifest(self.path)
        try:
            present = sorted(path for path in self.path.iterdir() if path.name not in (MANIFEST, LOCK))
        except OSError as error:
            raise InputError(f"cannot read the folder {self.path} ({reason(error)}); give another one") from error
        (self.made, listed), self.listed = found or (self.made or not present, {}), found is not None
        for path in present:
            ours = is_listed(path, listed)
            if self._is_to_write(path.name):
                refuse_inputs(path, self.inputs)
                if not (ours or is_ours(path, image=False) or is_empty(path) or (self.adopt and found is None)):
                    raise InputError(f"{self.path} holds {path.name}, which nnscratch did not write there as it is now "
                                     f"(or before version 0.2), and which would be overwritten; move it away, or give another "
                                     f"folder")
                ours = path.is_file()
            if ours:
                self.files[path.name] = listed.get(path.name)
        return listed

    def _is_to_write(self, name: str) -> bool:
        """Whether this command may write a file of that name."""
        return any(fnmatch(name.lower(), pattern.lower()) for pattern in self.names)

    def _write_list(self, files: dict[str, int | None]) -> None:
        text = json.dumps({MARK: __version__, "made": self.made, "files": files}, indent=0, sort_keys=True)
        replace_file(self.path / MANIFEST, text.encode())
        self.files = files

    @checked
    def file(self, name: str) -> Path:
        """The path of a file to write, which is ours from now on.

        Parameters
        ----------
        name : str
            Its name in the folder.

        Returns
        -------
        Path
            The path.
        """
        if self.files.get(name, 0) is not None:
            self._write_list({**self.files, name: None})  # first: a name without a file, after a kill, does no harm
        return self.path / name

    @checked
    def remove(self, *names: str) -> None:
        """Remove files of this command that are ours, and forget them: what appears later under such a name is not ours.

        Parameters
        ----------
        *names : str
            Their names in the folder. What is not ours stays, and what another command wrote.
        """
        removed = [name for name in names if name in self.files and self._is_to_write(name)]
        for name in removed:
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError as error:
                raise InputError(f"cannot remove {self.path / name} ({reason(error)}); write elsewhere") from error
        if removed:
            self._write_list({name: total for name, total in self.files.items() if name not in removed})

    @checked
    def subfolder(self, name: str, names: Sequence[str]) -> "OutputFolder":
        """A folder in this one.

        Parameters
        ----------
        name : str
            Its name.
        names : sequence of str
            As for an OutputFolder.

        Returns
        -------
        OutputFolder
            To be used in a `with` statement.
        """
        return OutputFolder(self.path / name, names, self.inputs, self.adopt)


@contextlib.contextmanager
def output_folder(folder: "FilePath | OutputFolder", names: Sequence[str], adopt: bool = False) -> Iterator[OutputFolder]:
    """An OutputFolder for a path; one that the caller holds already is passed on."""
    if isinstance(folder, OutputFolder):
        yield folder
    else:
        with OutputFolder(folder, names, adopt=adopt) as held:
            yield held


class BestEffort:
    """Writes what the work can go on without, such as the state to resume it from.

    Where that fails, as on a full disk, the work goes on, and a line says so, once. What was there before is still whole.

    consequence : what follows for the user, the end of that line.
    """

    def __init__(self, consequence: str) -> None:
        self.consequence, self.failed = consequence, False

    def __call__(self, write: Callable[[], object]) -> bool:
        """Call `write`, which raises InputError if it cannot write; returns whether it could."""
        try:
            write()
            return True
        except InputError as error:
            if not self.failed:
                log.warning("%s; %s", error, self.consequence)
            self.failed = True
            return False


def refuse_inputs(path: FilePath, inputs: Iterable[FilePath]) -> None:
    """Raise InputError if writing to `path` would overwrite one of the inputs, under whatever name."""
    for given in inputs:
        try:
            same = os.path.samefile(path, given) if os.path.exists(path) else os.path.realpath(path) == os.path.realpath(given)
        except (OSError, ValueError):
            same = False
        if same:
            raise InputError(f"{path} would overwrite {given}, which is an input; give another output")
