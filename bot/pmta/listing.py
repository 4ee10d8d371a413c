"""Which accounting files a host has now. One fixed sh script; the globs are its arguments, never part of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import HostError
from bot.ports import HostShell

# With IFS empty an unquoted $glob is expanded as a pattern but not split at blanks. A pattern without a match
# stays as it is and names no file, which is fine: files come and go.
_SCRIPT = r"""
IFS=
globs=$#
for glob do
  folder=${glob%/*}
  if [ -d "$folder" ] && ! { [ -r "$folder" ] && [ -x "$folder" ]; }; then printf 'unreadable %s\n' "$folder"; fi
  set -- "$@" $glob
done
shift "$globs"
if command -v zstd >/dev/null 2>&1; then echo 'has zstd'; fi
for file do
  if [ -f "$file" ] && ! [ -r "$file" ]; then printf 'unreadable %s\n' "$file"; fi
done
if command -v stat >/dev/null 2>&1; then
  stat -L -c 'file %d %i %s %f %n' -- "$@" 2>/dev/null
else
  for file do
    if [ -f "$file" ]; then
      inode=$(ls -Lid -- "$file")
      size=$(wc -c < "$file")
      printf 'file 0 %s %s 8000 %s\n' "${inode%%[!0-9]*}" "${size##*[!0-9]}" "$file"
    fi
  done
fi
exit 0
"""
_FILE = re.compile(r"file (\d+) (\d+) (\d+) ([0-9a-f]+) (.+)", re.ASCII)
_REGULAR = 0x8000
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One regular file; `device` and `inode` together are its identity now."""

    path: str
    device: int
    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of all globs, each once, by path; `zstd`: the host can compress."""

    files: tuple[ListedFile, ...]
    zstd: bool


def list_files(shell: HostShell, host: str, globs: Sequence[str]) -> Listing:
    """List what matches `globs`; a glob without a match is fine.

    Raises: HostError, also where a file or folder may not be read; its rate would be wrong without it.
    """
    if not globs:
        return Listing((), zstd=False)
    answer = shell.run(host, ("sh", "-c", _SCRIPT, "deferbot", *globs), timeout_s=_TIMEOUT_S)
    lines = answer.decode("utf-8", "surrogateescape").splitlines()
    unreadable = [line.removeprefix("unreadable ") for line in lines if line.startswith("unreadable ")]
    if unreadable:
        raise HostError(host, _no_permission(unreadable))
    files: dict[tuple[int, int], ListedFile] = {}
    for found in filter(None, map(_FILE.fullmatch, lines)):
        device, inode, size, mode, path = found.groups()
        if int(mode, 16) & 0xF000 == _REGULAR:
            listed = ListedFile(path, int(device), int(inode), int(size))
            files.setdefault((listed.device, listed.inode), listed)
    return Listing(tuple(sorted(files.values(), key=lambda file: file.path)), "has zstd" in lines)


def _no_permission(paths: list[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return (
        f"no permission to read {paths[0]}{more}: add the SSH user to the group pmta, "
        "or set `world-readable yes` for the accounting file."
    )
