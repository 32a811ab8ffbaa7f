"""Faults at the k-th operation on a file of the output: a layer between nnscratch and the operating system, in the child.

    prepare = injector(folder, "ENOSPC", 12)      to be called in the child, before the command

Operations are counted where a path of the output folder is named, or where a file opened there is written or synchronised.
"""
import builtins
import errno
import io
import os
from pathlib import Path

__all__ = ["FAULTS", "count_operations", "injector"]

CHANGING = ("open", "write", "mkdir", "replace", "rename", "fsync", "unlink", "rmdir")
# A fault: which operations it can hit, and whether it stays from then on, as a full disk does, or passes.
FAULTS = {"interrupt": (CHANGING, False), "kill": (CHANGING, False),
          "ENOSPC": (("open", "write", "mkdir", "fsync"), True), "EROFS": (CHANGING, True),
          "EMFILE": (("open",), False), "EACCES": (("open", "mkdir", "replace", "unlink"), False)}


class Layer:
    """Counts operations, and raises the fault at the one whose turn it is."""

    def __init__(self, folder, fault, turn, record=None):
        self.folder, self.fault, self.turn, self.count, self.record = os.path.realpath(folder), fault, turn, 0, record

    def ours(self, path):
        """Whether a path lies in the output folder."""
        if isinstance(path, int):
            return False
        try:
            return os.path.abspath(os.fsdecode(path)).startswith(self.folder)
        except (TypeError, ValueError):
            return False

    def before(self, operation, reading=False):
        """To be called before an operation."""
        hits, stays = FAULTS.get(self.fault, (CHANGING, False))
        if operation not in hits or (reading and self.fault in ("ENOSPC", "EROFS")):
            return
        self.count += 1
        if self.record is not None:
            self.record(self.count)
        if self.count == self.turn or (stays and 0 < self.turn < self.count):
            if self.fault == "interrupt":
                raise KeyboardInterrupt
            if self.fault == "kill":
                os._exit(137)
            number = getattr(errno, self.fault)
            raise OSError(number, os.strerror(number))

    def install(self):
        """Put the layer in place, for the rest of this process."""
        whole_open, whole_os_open, fsync = builtins.open, os.open, os.fsync

        def opened(file, mode="r", *arguments, **options):
            if not self.ours(file):
                return whole_open(file, mode, *arguments, **options)
            reading = not set(mode) & set("wax+")
            self.before("open", reading)
            made = whole_open(file, mode, *arguments, **options)
            return made if reading else Written(made, self)

        def os_opened(path, flags, *arguments, **options):
            if self.ours(path):
                self.before("open", not flags & (os.O_WRONLY | os.O_RDWR))
            return whole_os_open(path, flags, *arguments, **options)

        def synchronised(handle):
            self.before("fsync")
            fsync(handle)

        def named(name):
            whole = getattr(os, name)

            def call(path, *arguments, **options):
                if self.ours(path):
                    self.before("unlink" if name == "remove" else name)
                return whole(path, *arguments, **options)
            return call
        for name in ("mkdir", "replace", "rename", "unlink", "remove", "rmdir"):
            setattr(os, name, named(name))
        builtins.open = io.open = opened
        os.open, os.fsync = os_opened, synchronised


class Written:
    """A file opened for writing, whose writes are counted."""

    def __init__(self, file, layer):
        self.file, self.layer = file, layer

    def write(self, data):
        self.layer.before("write")
        return self.file.write(data)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def __iter__(self):
        return iter(self.file)


def injector(folder, fault, turn):
    """What installs the layer."""
    return Layer(folder, fault, turn).install


def count_operations(folder, fault, note):
    """What installs a layer that raises nothing and writes the number of operations so far to the file `note`."""
    handle = os.open(note, os.O_WRONLY | os.O_CREAT)
    return Layer(folder, fault, 0, lambda count: os.pwrite(handle, b"%9d" % count, 0)).install, Path(note)
