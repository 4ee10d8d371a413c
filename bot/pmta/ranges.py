"""Byte ranges of files of a host, many in one command, read while they still arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.errors import HostError
from bot.pmta.compression import SQUEEZE, Compression, Unpacked
from bot.ports import HostShell

T = TypeVar("T")

# Arguments: zstd|lz4|gzip|plain, then path, first byte (counted from 1) and length of each range. Behind the bytes
# stands the inode of each path: where one is not the expected one, the file was replaced meanwhile. Without the last
# line the answer was cut.
_SCRIPT = f"""
IFS=
pack=$1
shift
{SQUEEZE}
bytes() {{
  while [ $# -gt 0 ]; do
    tail -c "+$2" -- "$1" 2>/dev/null | head -c "$3"
    shift 3
  done
}}
inodes() {{
  while [ $# -gt 0 ]; do
    if command -v stat >/dev/null 2>&1; then stat -L -c %i -- "$1"; else ls -Lid -- "$1"; fi 2>/dev/null
    shift 3
  done
  echo end
}}
if [ "$pack" = plain ]; then
  bytes "$@"
  inodes "$@"
else
  {{ bytes "$@"; inodes "$@"; }} | squeeze "$pack"
fi
exit 0
"""
_END = b"end\n"
_TIMEOUT_S = 120.0
_SLACK = 1 << 20
_WORTH_IT = 32 << 10
"""Bytes below which starting the tool costs the host more than they do on the wire."""
_SKIPPED = 4 << 20
_COMMAND_BYTES = 64 << 10
"""Of paths and numbers in one command: an argument of 128 KiB is refused by Linux, and all of them arrive as one."""
_NUMBERS_BYTES = 48


class StreamingShell(HostShell, Protocol):
    """A host shell that can also hand out what a command prints while it runs."""

    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> AbstractContextManager[Iterator[bytes]]:
        """What `run` returns, in blocks. The command does not outlast the `with`, whatever was read of it.

        Raises: as `run`, in the middle of the output too: only what was read to its end is an answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Range:
    """`length` bytes of `path` from byte `start` (counted from 0); the file there must be `inode`."""

    path: str
    inode: int
    start: int
    length: int


class Arriving:
    """The bytes of ranges, one behind the other, to be read to their end; then `intact` tells whether they count."""

    def __init__(self, host: str, ranges: Sequence[Range], unpacked: Unpacked) -> None:
        self._host = host
        self._ranges = ranges
        self._unpacked = unpacked
        self._last = b""

    def read(self, length: int) -> bytes:
        """The next `length` bytes; fewer where the answer ends.

        Raises: HostError as `StreamingShell.stream`, and where the answer cannot be unpacked.
        """
        data = self._unpacked.read(length)
        self._last = (self._last + data[-len(_END) :])[-len(_END) :]
        return data

    def skip(self, length: int) -> None:
        while length > 0 and (data := self.read(min(length, _SKIPPED))):
            length -= len(data)

    def intact(self) -> bool:
        """False where a file was cut or replaced meanwhile: then none of the bytes is sure.

        Raises: HostError where the answer ended too early or does not end; as `StreamingShell.stream`.
        """
        inodes = [line.split(b" ")[0] for line in self.read(_SLACK).splitlines()]
        if self._last != _END:
            sentence = "the end of what it sent of its accounting files is missing; nothing of it is counted."
            raise HostError(self._host, sentence)
        self._unpacked.finish()
        return inodes == [*(str(r.inode).encode() for r in self._ranges), _END.strip()]


@contextmanager
def open_ranges(
    shell: StreamingShell, host: str, ranges: Sequence[Range], compression: Compression
) -> Iterator[Arriving]:
    """Have the host send the ranges, compressed where they are worth it.

    Raises: HostError as `StreamingShell.stream`.
    """
    wanted = sum(r.length for r in ranges)
    compression = compression if wanted >= _WORTH_IT else Compression.PLAIN
    words = [word for r in ranges for word in (r.path, str(r.start + 1), str(r.length))]
    argv = ("sh", "-c", _SCRIPT, "deferbot", compression.value, *words)
    with shell.stream(host, argv, timeout_s=_TIMEOUT_S, limit=wanted + _SLACK) as output:
        yield Arriving(host, ranges, Unpacked(host, output, compression))


def read_ranges(
    shell: StreamingShell, host: str, ranges: Sequence[Range], compression: Compression
) -> list[bytes] | None:
    """The bytes of every range, or None where a file was cut or replaced meanwhile: then nothing is sure.

    Raises: HostError as `StreamingShell.stream`, and where the answer cannot be unpacked.
    """
    found: list[bytes] = []
    for part in in_commands(ranges, [r.path for r in ranges]):
        with open_ranges(shell, host, part, compression) as arriving:
            found += [arriving.read(r.length) for r in part]
            if not arriving.intact():
                return None
    return found


def in_commands(asked: Sequence[T], paths: Sequence[str]) -> Iterator[list[T]]:
    """`asked` in as few parts as commands are needed, in order; `paths` are the files of each."""
    part: list[T] = []
    size = 0
    for one, path in zip(asked, paths, strict=True):
        # quoting may take four bytes for each quote
        length = len(path.encode()) + 3 * path.count("'") + _NUMBERS_BYTES
        if part and size + length > _COMMAND_BYTES:
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    if part:
        yield part
