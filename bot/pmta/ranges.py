"""Byte ranges of files of a host, many in one command, compressed on the way where the host can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from bot.errors import HostError
from bot.ports import HostShell

# Arguments: zstd|plain, then path, first byte (counted from 1) and length of each range. Behind the bytes
# stands the inode of each path: where one is not the expected one, the file was replaced meanwhile.
_SCRIPT = r"""
IFS=
pack=$1
shift
bytes() {
  while [ $# -gt 0 ]; do
    tail -c "+$2" -- "$1" 2>/dev/null | head -c "$3"
    shift 3
  done
}
inodes() {
  while [ $# -gt 0 ]; do
    if command -v stat >/dev/null 2>&1; then stat -L -c %i -- "$1"; else ls -Lid -- "$1"; fi 2>/dev/null
    shift 3
  done
}
if [ "$pack" = zstd ]; then
  { bytes "$@"; inodes "$@"; } | zstd -1 -q -c
else
  bytes "$@"
  inodes "$@"
fi
exit 0
"""
_TIMEOUT_S = 120.0
_SLACK = 1 << 20


@dataclass(frozen=True, slots=True)
class Range:
    """`length` bytes of `path` from byte `start` (counted from 0); the file there must be `inode`."""

    path: str
    inode: int
    start: int
    length: int


def read_ranges(shell: HostShell, host: str, ranges: Sequence[Range], *, zstd: bool) -> list[bytes] | None:
    """The bytes of every range, or None where a file was cut or replaced meanwhile: then nothing is sure.

    Raises: HostError as `HostShell.run`, and where the answer cannot be unpacked.
    """
    if not ranges:
        return []
    words = [word for r in ranges for word in (r.path, str(r.start + 1), str(r.length))]
    wanted = sum(r.length for r in ranges)
    pack = "zstd" if zstd else "plain"
    argv = ("sh", "-c", _SCRIPT, "deferbot", pack, *words)
    answer = shell.run(host, argv, timeout_s=_TIMEOUT_S, limit=wanted + _SLACK)
    if zstd:
        answer = unpacked(host, answer, wanted + _SLACK)
    inodes = [line.split(b" ")[0] for line in answer[wanted:].splitlines()]
    if inodes != [str(r.inode).encode() for r in ranges]:
        return None
    ends = [sum(r.length for r in ranges[: n + 1]) for n in range(len(ranges))]
    return [answer[end - r.length : end] for r, end in zip(ranges, ends, strict=True)]


def unpacked(host: str, answer: bytes, limit: int) -> bytes:
    try:
        with zstandard.ZstdDecompressor().stream_reader(answer) as stream:
            return stream.read(limit)
    except zstandard.ZstdError as e:
        raise HostError(host, f"zstd data expected from `zstd -1`, found {answer[:20]!r} ({e}).") from e
