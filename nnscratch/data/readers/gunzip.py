"""Decompress gzip while it is read: all its members, without what follows them, and no bombs.

    a gzip file: members, each a header, a deflate stream, and its checksum; then perhaps bytes of no meaning (RFC 1952)
"""
import io
import os
import zlib
from typing import IO, Any

from nnscratch.data.limits import check_unpacked
from nnscratch.files import FilePath

__all__: list[str] = []  # for the readers of this folder

MAGIC = b"\x1f\x8b"
PIECE = 2**16  # bytes read at a time


class Gunzip(io.RawIOBase):
    """The unpacked bytes of an open gzip file. Like the program gzip, it ignores a tail that is no member."""

    def __init__(self, file: IO[bytes], path: FilePath) -> None:
        self.file, self.path, self.unpacked = file, path, 0
        self.packed = os.fstat(file.fileno()).st_size
        self.member = zlib.decompressobj(wbits=31)  # 31: with gzip's header and checksum
        self.rest, self.ended = b"", False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or a part of it; 0 at the end."""
        while not self.ended and len(buffer) > 0:  # zlib takes a limit of 0 for none
            piece = self.rest or self.file.read(PIECE)
            data = self.member.decompress(piece, len(buffer))
            self.rest = self.member.unconsumed_tail
            if self.member.eof:
                self.next_member()
            elif not piece and not data:
                raise EOFError("it ends too early")
            if data:
                self.unpacked += len(data)
                check_unpacked(self.path, self.unpacked, self.packed)
                buffer[:len(data)] = data
                return len(data)
        return 0

    def next_member(self) -> None:
        """Begin with what follows a member, if that is another one."""
        tail = self.member.unused_data
        while len(tail) < len(MAGIC) and (more := self.file.read(PIECE)):
            tail += more
        self.ended = not tail.startswith(MAGIC)
        self.member, self.rest = zlib.decompressobj(wbits=31), tail
