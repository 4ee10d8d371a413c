"""How the bytes of a host are compressed on their way to the bot, and how they are unpacked as they arrive.

What a host can do is asked once; none of the tools is needed there.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, BinaryIO, cast

import lz4.frame
import zstandard

from bot.errors import HostError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Compression(Enum):
    """The tool on the host; `PLAIN` where there is none."""

    ZSTD = "zstd"
    LZ4 = "lz4"
    GZIP = "gzip"
    PLAIN = "plain"


SQUEEZE = r"""
squeeze() {
  case $1 in
    zstd) exec zstd -1 -q -c ;;
    lz4) exec lz4 -1 -q -c ;;
    gzip) exec gzip -1 -q -c ;;
    *) exec cat ;;
  esac
}
"""
"""sh: copies stdin to stdout through the tool that the argument names. Ends the shell that it runs in."""

TOOLS = r"""
for tool in zstd lz4 gzip; do
  if (squeeze "$tool") </dev/null >/dev/null 2>&1; then printf 'has %s\n' "$tool"; fi
done
"""
"""sh: which of the tools are there and do start. Follows `SQUEEZE`."""

_DAMAGED = (zstandard.ZstdError, EOFError, zlib.error, gzip.BadGzipFile, RuntimeError)
"""RuntimeError is what lz4 raises."""


def best(tools: Iterable[str], *, slow_link: bool) -> Compression:
    """The quickest of a host's tools that is worth it. gzip takes more of the host's CPU than all else that is done
    there, so it is for links that are slower than that."""
    there = set(tools)
    wanted = [Compression.ZSTD, Compression.LZ4, *([Compression.GZIP] if slow_link else [])]
    return next((each for each in wanted if each.value in there), Compression.PLAIN)


class Unpacked:
    """The bytes that were compressed, read in any portions while the compressed ones still arrive."""

    def __init__(self, host: str, arriving: Iterable[bytes], compression: Compression) -> None:
        self._host = host
        self._compression = compression
        self._wire = _Wire(arriving)
        self._stream = _OPENERS[compression](self._wire)

    def read(self, length: int) -> bytes:
        """`length` bytes, fewer only at the end.

        Raises: HostError where the stream is damaged or cut, or as what arrives raises.
        """
        try:
            return self._stream.read(length)
        except _DAMAGED as e:
            tool, first = self._compression.value, self._wire.first
            raise HostError(self._host, f"{tool} data expected from `{tool} -1`, found {first!r} ({e}).") from e

    def finish(self) -> None:
        """Take what still arrives: its end tells whether the command went well."""
        self._wire.drain()


class _Wire(io.RawIOBase):
    """What arrives as a file. Its end is the end of what arrives: an unpacker may give nothing for a part of it."""

    def __init__(self, arriving: Iterable[bytes]) -> None:
        self.first = b""
        self._arriving = iter(arriving)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def drain(self) -> None:
        for _ in self._arriving:
            pass

    def readinto(self, room: WriteableBuffer) -> int:
        while not self._left:
            block = next(self._arriving, None)
            if block is None:
                return 0
            self.first = self.first or block[:20]
            self._left = memoryview(block)
        space = memoryview(room).cast("B")
        taken = self._left[: len(space)]
        space[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


_OPENERS: dict[Compression, Callable[[_Wire], BinaryIO]] = {
    Compression.ZSTD: lambda wire: cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(cast(BinaryIO, wire))),
    Compression.LZ4: lambda wire: cast(BinaryIO, lz4.frame.open(wire, "rb")),
    Compression.GZIP: lambda wire: cast(BinaryIO, gzip.GzipFile(fileobj=io.BufferedReader(wire))),
    Compression.PLAIN: lambda wire: cast(BinaryIO, io.BufferedReader(wire)),
}
