"""Outputs: the files and folders that commands write. What nnscratch did not write is never deleted or overwritten.

Only the file that the user named with --output is replaced without a question, unless it is one of the inputs. Everything
else must be new, or ours, which a mark tells:

    a folder       .nnscratch.json inside, a list of the files there that nnscratch wrote
    OUT.json       a JSON object with the entry "nnscratch"
    OUT.state      a safetensors file with "nnscratch" in its header, as all files of checkpoint.py
    OUT-film.gif   a GIF with the comment "nnscratch"

marks.py reads these marks. While a command writes, it holds a lock, which ends with its process; so two commands cannot write
the same output.
"""
import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import FilePath, hidden_name, make_folder, reason, remove_leftovers, replace_file, temporary_path
from nnscratch.hints import checked
from nnscratch.locks import lock
from nnscratch.marks import LOCK, MANIFEST, MARK, is_ours, read_manifest
from nnscratch.version import __version__

__all__ = ["OutputFolder", "writing"]


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
        with temporary_path(path):
            pass  # the name is possible
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
        self.made, self.files, self.context = False, set[str](), contextlib.ExitStack()

    def __enter__(self) -> "OutputFolder":
        self.made = not os.path.exists(self.path)
        make_folder(self.path)
        with contextlib.ExitStack() as context:
            context.enter_context(lock(self.path / LOCK, self.path))
            self._check()
            remove_leftovers(*(self.path / name for name in (MANIFEST, *self.files)))
            self._write_list()
            self.context = context.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()

    def _check(self) -> None:
        """Read the list of what is ours, and refuse what is not and would be overwritten."""
        found = read_manifest(self.path)
        try:
            present = sorted(path for path in self.path.iterdir() if path.name not in (MANIFEST, LOCK))
        except OSError as error:
            raise InputError(f"cannot read the folder {self.path} ({reason(error)}); give another one") from error
        if found is None:
            self.made = self.made or not present
        else:
            self.made, self.files = found
        for path in present:
            listed = path.name in self.files
            if listed or any(fnmatch(path.name.lower(), name.lower()) for name in self.names):
                refuse_inputs(path, self.inputs)
                if not (listed or is_ours(path) or (self.adopt and found is None)):
                    raise InputError(f"{self.path} holds {path.name}, which nnscratch did not write (or before version 0.2), "
                                     f"and which would be overwritten; move it away, or give another folder")
                self.files.add(path.name)

    def _write_list(self) -> None:
        text = json.dumps({MARK: __version__, "made": self.made, "files": sorted(self.files)}, indent=0)
        replace_file(self.path / MANIFEST, text.encode())

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
        if name not in self.files:
            self.files.add(name)
            self._write_list()  # first: a kill before the file is written leaves a name without a file, which does no harm
        return self.path / name

    @checked
    def remove(self, *names: str) -> None:
        """Remove files that are ours, and forget them: what appears later under such a name is not ours. Others stay.

        Parameters
        ----------
        *names : str
            Their names in the folder.
        """
        for name in sorted(self.files.intersection(names)):
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError as error:
                raise InputError(f"cannot remove {self.path / name} ({reason(error)}); write elsewhere") from error
        if not self.files.isdisjoint(names):
            self.files.difference_update(names)
            self._write_list()

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
        return OutputFolder(self.file(name), names, self.inputs, self.adopt)


@contextlib.contextmanager
def output_folder(folder: "FilePath | OutputFolder", names: Sequence[str], adopt: bool = False) -> Iterator[OutputFolder]:
    """An OutputFolder for a path; one that the caller holds already is passed on."""
    if isinstance(folder, OutputFolder):
        yield folder
    else:
        with OutputFolder(folder, names, adopt=adopt) as held:
            yield held


def refuse_inputs(path: FilePath, inputs: Iterable[FilePath]) -> None:
    """Raise InputError if writing to `path` would overwrite one of the inputs, under whatever name."""
    for given in inputs:
        try:
            same = os.path.samefile(path, given) if os.path.exists(path) else os.path.realpath(path) == os.path.realpath(given)
        except (OSError, ValueError):
            same = False
        if same:
            raise InputError(f"{path} would overwrite {given}, which is an input; give another output")
