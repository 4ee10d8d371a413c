"""Follows the accounting files of hosts: reads only what was appended, and each byte once.

A file is known by its inode, so a rotated or moved one is read on under its new name. Offsets stand behind
whole records, and what is read commits together with them (`ports.TallyStore.commit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.core.accounting import LINE_LIMIT, RECORD_LIMIT
from bot.core.isp import IspCatalog
from bot.core.model import FilePosition, RollUp
from bot.core.rollup import add_up
from bot.errors import HostError
from bot.pmta.columns import read_piece
from bot.pmta.listing import ListedFile, Listing, list_files
from bot.pmta.ranges import Range, read_ranges
from bot.pmta.seek import first_positions
from bot.ports import Clock, HostShell, NewRecords

POLL_BYTES = 64 << 20
"""Most bytes of one poll; the rest waits for the next one."""
_LEAST = LINE_LIMIT + RECORD_LIMIT
"""A shorter range might hold no whole record, and the file would stand still."""
_MISSES = 3
"""Listings without a file before it is forgotten: a listing can miss one that is being renamed."""


_TRIES = 3


class FollowedFiles:
    """`ports.AccountingReader` over a `HostShell`."""

    def __init__(
        self,
        shell: HostShell,
        globs: Mapping[str, Sequence[str]],
        isps: IspCatalog,
        clock: Clock,
        backfill: timedelta = timedelta(hours=2),
        poll_bytes: int = POLL_BYTES,
    ) -> None:
        self._shell = shell
        self._globs = globs
        self._isps = isps
        self._clock = clock
        self._backfill = backfill
        self._poll_bytes = max(poll_bytes, _LEAST)
        self._missed: dict[tuple[str, FilePosition], int] = {}
        self._tries: dict[str, int] = {}

    def read_new(self, host: str, positions: Sequence[FilePosition]) -> NewRecords:
        """Count every complete record after `positions`. Without any the last two hours are read.

        The positions returned replace those given: files that have gone are not among them.
        """
        listing = list_files(self._shell, host, self._globs.get(host, ()))
        if positions and not listing.files:
            # A volume that is not mounted for a minute must not make the bot forget how far it has read.
            raise HostError(host, f"no accounting file matches {' or '.join(self._globs.get(host, ()))} any more.")
        starts = self._starts(host, listing, positions)
        if starts is None:
            return self._unsure(host, positions)
        sizes = [max(0, file.size - start.offset) for file, start in starts]
        shares = _shares(sizes, self._poll_bytes)
        turn = [(start, share) for (_, start), share in zip(starts, shares, strict=True) if share]
        ranges = [Range(start.path, start.inode, start.offset, share) for start, share in turn]
        data = read_ranges(self._shell, host, ranges, zstd=listing.zstd)
        if data is None:
            return self._unsure(host, positions)
        self._tries.pop(host, None)
        counted = [self._count(host, start, piece) for (start, _), piece in zip(turn, data, strict=True)]
        moved = {(end.path, end.inode): end for _, end in counted}
        ends = [moved.get((start.path, start.inode), start) for _, start in starts]
        kept = (*ends, *self._gone(host, listing, positions))
        return NewRecords(add_up(part for part, _ in counted), kept, sum(sizes) - sum(shares))

    def _count(self, host: str, start: FilePosition, data: bytes) -> tuple[RollUp, FilePosition]:
        part, used, header = read_piece(data, start.header, host=host, isps=self._isps)
        return part, replace(start, offset=start.offset + used, header=header)

    def _unsure(self, host: str, positions: Sequence[FilePosition]) -> NewRecords:
        """A file changed while it was read: nothing is counted, and the next listing shows what happened."""
        tries = self._tries[host] = self._tries.get(host, 0) + 1
        if tries >= _TRIES:
            raise HostError(
                host,
                f"{tries} polls in a row did not return the bytes asked for. Either files change all the time, or "
                "`tail -c +N`, `head -c N` and `stat -c %i` do not work there.",
            )
        return NewRecords(RollUp(), tuple(positions))

    def _starts(
        self, host: str, listing: Listing, positions: Sequence[FilePosition]
    ) -> list[tuple[ListedFile, FilePosition]] | None:
        """Every listed file with the place to read it from; None where that could not be found out now."""
        read = partial(self._read, host, zstd=listing.zstd)
        if positions:
            starts = [_start(file, positions) for file in listing.files]
            return _checked(list(zip(listing.files, starts, strict=True)), positions, read)
        since = self._clock.now() - self._backfill
        found = first_positions(listing.files, int(since.timestamp()), read)
        return None if found is None else list(zip(listing.files, found, strict=True))

    def _read(self, host: str, ranges: Sequence[Range], *, zstd: bool) -> list[bytes] | None:
        """All ranges, in as many commands as the limit of one poll asks for."""
        found: list[bytes] = []
        at_once = max(1, self._poll_bytes // max((r.length for r in ranges), default=1))
        for first in range(0, len(ranges), at_once):
            part = read_ranges(self._shell, host, ranges[first : first + at_once], zstd=zstd)
            if part is None:
                return None
            found += part
        return found

    def _gone(self, host: str, listing: Listing, positions: Sequence[FilePosition]) -> list[FilePosition]:
        """Positions of files that are not listed and not yet given up."""
        inodes = {file.inode for file in listing.files}
        paths = {file.path for file in listing.files}
        absent = [known for known in positions if known.inode not in inodes and known.path not in paths]
        misses = {(host, known): self._missed.get((host, known), 0) + 1 for known in absent}
        self._missed = {key: n for key, n in self._missed.items() if key[0] != host} | misses
        return [known for known in absent if misses[host, known] < _MISSES]


def _start(file: ListedFile, positions: Sequence[FilePosition]) -> FilePosition:
    """Where to read on: after what was read of the same inode, under whatever name; a new file from 0."""
    same = [known for known in positions if known.inode == file.inode]
    known = next((known for known in same if known.path == file.path), next(iter(same), None))
    if known is None or file.size < known.offset:
        return FilePosition(file.path, file.inode, 0, "")
    return replace(known, path=file.path)


def _checked(
    starts: list[tuple[ListedFile, FilePosition]], positions: Sequence[FilePosition], read: partial[list[bytes] | None]
) -> list[tuple[ListedFile, FilePosition]] | None:
    """Begin anew where a moved file turns out to be another one that was given the old inode.

    The byte before the offset ends a record in the old file; in another one it hardly does.
    """
    names = {(known.path, known.inode) for known in positions}
    moved = [start for _, start in starts if start.offset and (start.path, start.inode) not in names]
    before = read([Range(start.path, start.inode, start.offset - 1, 1) for start in moved])
    if before is None:
        return None
    other = {start for start, byte in zip(moved, before, strict=True) if byte != b"\n"}
    return [(file, FilePosition(file.path, file.inode, 0, "") if s in other else s) for file, s in starts]


def _shares(waiting: Sequence[int], budget: int) -> list[int]:
    """How much of what waits in each file is read now: small rests wholly, big ones an equal part each."""
    shares = [0] * len(waiting)
    order = sorted((at for at, size in enumerate(waiting) if size > 0), key=lambda at: waiting[at])
    for done, at in enumerate(order):
        fair = max(budget // (len(order) - done), min(_LEAST, budget))
        shares[at] = min(waiting[at], fair)
        budget -= shares[at]
        if budget <= 0:
            break
    return shares
