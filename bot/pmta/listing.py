"""Which accounting files a host has now. One fixed sh script; the globs are its arguments, never part of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.pmta.compression import SQUEEZE, TOOLS
from bot.ports import HostShell

# With IFS empty an unquoted $glob is expanded as a pattern but not split at blanks. A pattern without a match
# stays as it is and names no file, which is fine: files come and go.
_SCRIPT = r"""
IFS=
globs=$#
folders='|'
for glob do
  folder=${glob%/*}
  case $folders in
    *"|$folder|"*) ;;
    *)
      folders="$folders$folder|"
      if [ -d "$folder" ]; then
        [ -r "$folder" ] && [ -x "$folder" ] || printf 'unreadable %s\n' "$folder"
        if command -v df >/dev/null 2>&1; then
          df -P -k -- "$folder" 2>/dev/null | while read -r line; do printf 'disk %s\n' "$line"; done
        fi
      fi ;;
  esac
  set -- "$@" $glob
done
shift "$globs"
for file do
  if [ -f "$file" ] && ! [ -r "$file" ]; then printf 'unreadable %s\n' "$file"; fi
done
if command -v stat >/dev/null 2>&1; then
  stat -L -c 'file %d %i %s %f %Y %n' -- "$@" 2>/dev/null
else
  for file do
    if [ -f "$file" ]; then
      inode=$(ls -Lid -- "$file")
      size=$(wc -c < "$file")
      printf 'file 0 %s %s 8000 0 %s\n' "${inode%%[!0-9]*}" "${size##*[!0-9]}" "$file"
    fi
  done 2>/dev/null
fi
exit 0
"""
_ASKING = f"{SQUEEZE}{TOOLS}{_SCRIPT}"
"""Also asks what the host can compress with."""
_FILE = re.compile(r"file (\d+) (\d+) (\d+) ([0-9a-f]+) (\d+) (.+)", re.ASCII)
_DISK = re.compile(r"disk .*\s\d+\s+\d+\s+(-?\d+)\s+\d+%\s+(/.*)", re.ASCII)
_REGULAR = 0x8000
_TIMEOUT_S = 20.0
PACKED = ".gz"


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One regular file; `device` and `inode` together are its identity now. `changed_at` is its last change in
    epoch seconds by the host's clock, 0 where the host cannot tell."""

    path: str
    device: int
    inode: int
    size: int
    changed_at: int = 0

    @property
    def packed(self) -> bool:
        """Its bytes are those of another file, packed with gzip."""
        return self.path.endswith(PACKED)


@dataclass(frozen=True, slots=True)
class Listing:
    """The readable files of all globs, each once, by path.

    `unreadable` are files and folders that are there and may not be read; `full` the disks without space left;
    `tools` what the host can compress with, where that was asked.
    """

    files: tuple[ListedFile, ...]
    unreadable: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    def hides(self, path: str) -> bool:
        """True where a file of this path may be there and cannot be seen or read."""
        return any(path == hidden or path.rpartition("/")[0] == hidden for hidden in self.unreadable)


def list_files(shell: HostShell, host: str, globs: Sequence[str], *, tools: bool = False) -> Listing:
    """List what matches `globs`; a glob without a match is fine. `tools`: ask for them too.

    Raises: HostError as `HostShell.run`.
    """
    if not globs:
        return Listing(())
    answer = shell.run(host, ("sh", "-c", _ASKING if tools else _SCRIPT, "deferbot", *globs), timeout_s=_TIMEOUT_S)
    lines = answer.decode("utf-8", "surrogateescape").split("\n")
    unreadable = sorted({line.removeprefix("unreadable ") for line in lines if line.startswith("unreadable ")})
    full = sorted({disk[2] for disk in map(_DISK.fullmatch, lines) if disk and int(disk[1]) <= 0})
    files: dict[tuple[int, int], ListedFile] = {}
    for each in filter(None, map(_FILE.fullmatch, lines)):
        device, inode, size, mode, changed_at, path = each.groups()
        if int(mode, 16) & 0xF000 == _REGULAR and path not in unreadable:
            listed = ListedFile(path, int(device), int(inode), int(size), int(changed_at))
            files.setdefault((listed.device, listed.inode), listed)
    in_order = tuple(sorted(files.values(), key=lambda file: file.path))
    found = tuple(line.removeprefix("has ") for line in lines if line.startswith("has "))
    return Listing(in_order, tuple(unreadable), tuple(full), found)


def gaps(listing: Listing) -> list[str]:
    """What cannot be counted because of how the files stand, one sentence each."""
    found = []
    if listing.unreadable:
        more = f" and {len(listing.unreadable) - 1} more" if len(listing.unreadable) > 1 else ""
        found.append(
            f"no permission to read {listing.unreadable[0]}{more}: add the SSH user to the group pmta, "
            "or set `world-readable yes` for the accounting file"
        )
    if listing.full:
        found.append(f"the disk {listing.full[0]} is full: PowerMTA cannot log what happens until there is space")
    return found
