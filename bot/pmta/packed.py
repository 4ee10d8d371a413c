"""Accounting files that the host has packed with gzip: unpacked there, read in parts, their end known for certain."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from bot.errors import HostError
from bot.pmta.compression import SQUEEZE, Compression, Unpacked
from bot.pmta.listing import ListedFile
from bot.pmta.ranges import StreamingShell

# Arguments: zstd|lz4|gzip|plain, path, first unpacked byte (counted from 1), most bytes, a mark that nobody can guess.
# The mark stands behind the last byte of a file that was unpacked to its end; behind all stands the inode, and the mark
# again: without it the answer was cut.
_SCRIPT = rf"""
IFS=
{SQUEEZE}
bytes() {{
  {{ gzip -dc -- "$2" && printf '%s' "$5"; }} 2>/dev/null | tail -c "+$3" | head -c "$4"
}}
inode() {{
  if command -v stat >/dev/null 2>&1; then stat -L -c %i -- "$1"; else ls -Lid -- "$1"; fi 2>/dev/null
}}
everything() {{ bytes "$@"; echo; inode "$2"; printf '%s' "$5"; }}
if [ "$1" = plain ]; then everything "$@"; else everything "$@" | squeeze "$1"; fi
exit 0
"""
_TIMEOUT_S = 300.0
_SLACK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what a packed file holds. `last`: nothing follows; `broken`: it could not be unpacked further."""

    data: bytes
    last: bool
    broken: bool


def read_packed(
    shell: StreamingShell, host: str, file: ListedFile, start: int, length: int, compression: Compression
) -> Part | None:
    """At most `length` unpacked bytes from `start` on; None where another file stands there now.

    Raises: HostError as `StreamingShell.stream`.
    """
    mark = secrets.token_hex(8)
    words = (compression.value, file.path, str(start + 1), str(length + len(mark)), mark)
    limit = length + _SLACK
    argv = ("sh", "-c", _SCRIPT, "deferbot", *words)
    with shell.stream(host, argv, timeout_s=_TIMEOUT_S, limit=limit) as output:
        stream = Unpacked(host, output, compression)
        answer = stream.read(limit)
        answer, end, behind = answer.rpartition(mark.encode())
        if not end or behind:
            raise HostError(host, f"the end of what it sent of {file.path} is missing; nothing of it is counted.")
        stream.finish()
    data, _, inode = answer.rstrip(b"\n").rpartition(b"\n")
    if inode.split(b" ")[0] != str(file.inode).encode():
        return None
    if data.endswith(mark.encode()):
        return Part(data[: -len(mark)], last=True, broken=False)
    return Part(data[:length], last=False, broken=len(data) < length + len(mark))
