"""Accounting files that the host has packed with gzip: unpacked there, read in parts, their end known for certain."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from bot.pmta.listing import ListedFile
from bot.pmta.ranges import unpacked
from bot.ports import HostShell

# Arguments: zstd|plain, path, first unpacked byte (counted from 1), most bytes, a mark that nobody can guess. The mark
# stands behind the last byte of a file that was unpacked to its end; behind all stands the inode.
_SCRIPT = r"""
IFS=
bytes() {
  { gzip -dc -- "$2" && printf '%s' "$5"; } 2>/dev/null | tail -c "+$3" | head -c "$4"
}
inode() {
  if command -v stat >/dev/null 2>&1; then stat -L -c %i -- "$1"; else ls -Lid -- "$1"; fi 2>/dev/null
}
everything() { bytes "$@"; echo; inode "$2"; }
if [ "$1" = zstd ]; then everything "$@" | zstd -1 -q -c; else everything "$@"; fi
exit 0
"""
_TIMEOUT_S = 300.0
_SLACK = 1 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A part of what a packed file holds. `last`: nothing follows; `broken`: it could not be unpacked further."""

    data: bytes
    last: bool
    broken: bool


def read_packed(
    shell: HostShell, host: str, file: ListedFile, start: int, length: int, *, zstd: bool
) -> Unpacked | None:
    """At most `length` unpacked bytes from `start` on; None where another file stands there now.

    Raises: HostError as `HostShell.run`.
    """
    mark = secrets.token_hex(8)
    pack = "zstd" if zstd else "plain"
    words = (pack, file.path, str(start + 1), str(length + len(mark)), mark)
    limit = length + _SLACK
    answer = shell.run(host, ("sh", "-c", _SCRIPT, "deferbot", *words), timeout_s=_TIMEOUT_S, limit=limit)
    if zstd:
        answer = unpacked(host, answer, limit)
    data, _, inode = answer.rstrip(b"\n").rpartition(b"\n")
    if inode.split(b" ")[0] != str(file.inode).encode():
        return None
    if data.endswith(mark.encode()):
        return Unpacked(data[: -len(mark)], last=True, broken=False)
    return Unpacked(data[:length], last=False, broken=len(data) < length + len(mark))
