"""OUT.mp4.state: the parts of a video that are painted, while it is unfinished; `--resume` goes on after the last one.

A journal is what is simplest and safe: records are only added at its end, and each is on the disk before the next is painted.

    length (8 bytes)  content  CRC-32 of the content (4 bytes)

The first content is JSON, what is painted and how; each further one is a part of some seconds, encoded (data/video_parts.py).
Whatever ends the process, whole records stay whole. A record without its end, or with another CRC-32, was being written: it
and all after it do not count, and are cut off when the next is added. So a kill loses the frames since the last part; Ctrl-C
loses none, for which the part is ended early. The parts take no more of the disk than the video that is made of them.
"""
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

from nnscratch.data.video_parts import packets_of
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason, replace_file, unwritable
from nnscratch.marks import MARK
from nnscratch.schema import check, record
from nnscratch.version import __version__

__all__: list[str] = []  # for `nnscratch style`

BEGIN, END = struct.Struct("<Q"), struct.Struct("<I")
MAX_RECORD, MAX_RECIPE = 2**31, 2**20  # bytes


class VideoState:
    """The journal of a video.

    output : the video, beside which it lies
    """

    def __init__(self, output: FilePath) -> None:
        self.output, self.path = output, Path(f"{os.fspath(output)}.state")
        self.places: list[tuple[int, int]] = []  # (offset, length) of each part
        self.end, self.count = 0, 0  # bytes of whole records; frames in them

    def check_free(self) -> None:
        """InputError if there is a file."""
        if os.path.lexists(self.path):
            raise InputError(f"{self.path} exists, and nnscratch did not write it; move it away, or give another output")

    def begin(self, recipe: dict[str, Any]) -> None:
        """Make the file."""
        content = json.dumps({"__metadata__": {MARK: __version__}, **recipe}, separators=(",", ":")).encode()  # as in marks.py
        replace_file(self.path, whole_record(content))
        self.end = BEGIN.size + len(content) + END.size

    def read(self) -> dict[str, Any]:
        """Read an existing file: its recipe."""
        if not os.path.lexists(self.path):
            raise InputError(f"there is no {self.path}, so no transfer to {self.output} was stopped; start it without --resume")
        remedy = "it does not say how to continue; remove it and start again without --resume"
        records = self._records()
        offset, length = next(records, (0, 0))
        try:
            if not 0 < length <= MAX_RECIPE:
                raise ValueError("it is damaged")
            recipe = json.loads(self._content(offset, length))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.path} is none of a video ({reason(error)}), expected one that nnscratch wrote; {remedy}"
                             ) from error
        check(recipe, record(), self.path, remedy)
        self.end = offset + length + END.size
        try:
            for offset, length in records:
                self.count += sum(1 for _ in packets_of(self._content(offset, length), self.output))
                self.places.append((offset, length))
                self.end = offset + length + END.size
        except InputError:
            raise
        except Exception as error:  # PyAV's
            raise InputError(f"{self.path} holds a part that is no video ({reason(error)}); {remedy}") from error
        return recipe

    def add(self, part: bytes, count: int) -> None:
        """Add a part of so many frames after the whole records."""
        try:
            with open(self.path, "r+b") as file:
                file.truncate(self.end)
                file.seek(self.end)
                end = self.end
                try:
                    file.write(whole_record(part))
                    file.flush()
                    os.fsync(file.fileno())
                    end = file.tell()
                finally:
                    file.truncate(end)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self.places.append((self.end + BEGIN.size, len(part)))
        self.end, self.count = end, self.count + count

    def __iter__(self) -> Iterator[bytes]:
        """The parts, one at a time."""
        for place in self.places:
            yield self._content(*place)

    def last(self) -> bytes:
        """The last part."""
        return self._content(*self.places[-1])

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def _records(self) -> Iterator[tuple[int, int]]:
        """(offset, length) of the content of each whole record."""
        with open_regular_file(self.path, "the state of a video") as file:
            size, offset = os.fstat(file.fileno()).st_size, 0
            while True:
                file.seek(offset)
                head = file.read(BEGIN.size)
                length = BEGIN.unpack(head)[0] if len(head) == BEGIN.size else MAX_RECORD
                if length >= MAX_RECORD or offset + BEGIN.size + length + END.size > size:
                    return
                content, end = file.read(length), file.read(END.size)
                if END.pack(crc32(content)) != end:
                    return
                yield offset + BEGIN.size, length
                offset += BEGIN.size + length + END.size

    def _content(self, offset: int, length: int) -> bytes:
        """The content at a place."""
        with open_regular_file(self.path, "the state of a video") as file:
            file.seek(offset)
            return file.read(length)


def whole_record(content: bytes) -> bytes:
    """The content between its length and its CRC-32."""
    return BEGIN.pack(len(content)) + content + END.pack(crc32(content))
