"""Follows the accounting files of hosts: reads only what was appended, and each byte once.

A file is known by its inode and by the bytes before its offset, so a rotated, moved, copied or packed one is read
on under its new name, and another file that was given an old inode is read from its start. Offsets stand behind
whole records, and what is read commits together with them (`ports.TallyStore.commit`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.isp import IspCatalog
from bot.core.model import FilePosition
from bot.core.record_time import TimeStyle
from bot.core.rollup import add_up
from bot.errors import HostError
from bot.pmta.appended import Start, heir
from bot.pmta.compression import Compression, best
from bot.pmta.host_files import LEAST, HostFiles, Turn
from bot.pmta.listing import ListedFile, Listing, gaps, list_files
from bot.pmta.matching import ancestors, has_plain_twin, match, out_of_sight
from bot.pmta.ranges import StreamingShell
from bot.pmta.seek import first_positions
from bot.ports import Clock, NewRecords

POLL_BYTES = 64 << 20
"""Most bytes of one poll; the rest waits for the next one."""
_MISSES = 3
"""Listings without a file before it is forgotten: a listing can miss one that is being renamed."""
_TRIES = 3
_MARGIN = timedelta(minutes=10)


class FollowedFiles:
    """`ports.AccountingReader` over a host shell. `slow_links`: hosts behind a link slower than their gzip."""

    def __init__(
        self,
        shell: StreamingShell,
        globs: Mapping[str, Sequence[str]],
        isps: IspCatalog,
        clock: Clock,
        backfill: timedelta = timedelta(hours=2),
        poll_bytes: int = POLL_BYTES,
        slow_links: Collection[str] = (),
    ) -> None:
        self._shell = shell
        self._globs = globs
        self._isps = isps
        self._clock = clock
        self._backfill = backfill
        self._poll_bytes = max(poll_bytes, LEAST)
        self._missed: dict[str, dict[FilePosition, int]] = {}
        self._slow_links = slow_links
        self._tries: dict[str, int] = {}
        self._compressions: dict[str, Compression] = {}

    def read_new(
        self,
        host: str,
        positions: Sequence[FilePosition],
        *,
        utc_offset: timedelta = timedelta(0),
        skew: timedelta = timedelta(0),
        since: datetime | None = None,
    ) -> NewRecords:
        """Count every complete record after `positions`. Without any the last two hours are read.

        The positions returned replace those given: files that have gone are not among them.
        """
        times = TimeStyle(int(utc_offset.total_seconds()), skew_s=round(skew.total_seconds()))
        try:
            return self._read(host, positions, times, since)
        except HostError:
            # a tool that is gone or broken may be why
            self._compressions.pop(host, None)
            raise

    def _read(
        self, host: str, positions: Sequence[FilePosition], times: TimeStyle, since: datetime | None
    ) -> NewRecords:
        listing = self._listing(host, bool(positions))
        compression = self._compressions[host]
        files = HostFiles(self._shell, host, self._isps, times, self._poll_bytes, compression)
        old = (since or self._clock.now() - self._backfill) - _MARGIN
        if positions:
            starts, orphans = _starts(files, listing, positions, int(old.timestamp()))
        else:
            starts, orphans = self._first(files, listing), ()
        turn = files.read(starts, orphans)
        if turn.unsure:
            self._unsure(host, turn)
        else:
            self._tries.pop(host, None)
        ends = (*turn.ends, *self._gone(host, listing, orphans, turn.ends))
        return NewRecords(add_up(turn.parts), ends, turn.waiting, (*gaps(listing), *turn.gaps))

    def _listing(self, host: str, known: bool) -> Listing:
        globs = self._globs.get(host, ())
        known_tools = host in self._compressions
        listing = list_files(self._shell, host, globs, tools=not known_tools)
        if not known_tools:
            self._compressions[host] = best(listing.tools, slow_link=host in self._slow_links)
        if not listing.files and listing.unreadable:
            raise HostError(host, gaps(listing)[0] + ".")
        if not listing.files and known:
            # A volume that is not mounted for a minute must not make the bot forget how far it has read.
            raise HostError(host, f"no accounting file matches {' or '.join(globs)} any more.")
        return listing

    def _unsure(self, host: str, turn: Turn) -> None:
        """Files changed while they were read: they are not counted, and the next listing shows what happened."""
        tries = self._tries[host] = self._tries.get(host, 0) + 1
        if tries < _TRIES:
            return
        sentence = (
            f"{tries} polls in a row did not return the bytes asked for. Either files change all the time, or "
            "`tail -c +N`, `head -c N` and `stat -c %i` do not work there"
        )
        if not turn.parts:
            raise HostError(host, sentence + ".")
        turn.gaps.append(f"{turn.unsure[0]}: {sentence}")

    def _first(self, files: HostFiles, listing: Listing) -> list[Start]:
        """Where to begin in files that were never read; none where that could not be found out now."""
        since = int((self._clock.now() - self._backfill).timestamp())
        plain = [file for file in listing.files if not file.packed]
        found = first_positions(plain, since, files.read_all, files.style)
        if found is None:
            files.turn.unsure.append(plain[0].path)
            files.turn.gaps.append(f"{plain[0].path} changed while it was looked at: the next poll tries again")
            return []
        packed = [file for file in listing.files if file.packed and not has_plain_twin(file, plain)]
        return [*zip(plain, found, strict=True), *((file, _packed_start(file, since)) for file in packed)]

    def _gone(
        self, host: str, listing: Listing, orphans: Sequence[FilePosition], ends: Sequence[FilePosition]
    ) -> list[FilePosition]:
        """Positions of files that are not listed and not yet given up."""
        taken = {(end.path, end.inode) for end in ends}
        orphans = [known for known in orphans if (known.path, known.inode) not in taken]
        before = self._missed.get(host, {})
        misses = self._missed[host] = {
            known: before.get(known, 0) + (not out_of_sight(known, listing)) for known in orphans
        }
        return [known for known in orphans if misses[known] < _MISSES]


def _starts(
    files: HostFiles, listing: Listing, positions: Sequence[FilePosition], old: int
) -> tuple[list[Start], tuple[FilePosition, ...]]:
    """Every file that is read now with the place to read it from, and the positions without a file."""
    matched = match(listing.files, positions)
    fresh = [file for file in matched.fresh if not has_plain_twin(file, listing.files)]
    adopted = files.copies([(file, ancestors(file, matched.orphans)) for file in fresh])
    begun = []
    for file in fresh:
        orphan = adopted.get(file.path)
        begun.append((file, heir(file, orphan) if orphan else _packed_start(file, old)))
    return [*matched.known, *begun], tuple(o for o in matched.orphans if o not in adopted.values())


def _packed_start(file: ListedFile, old: int) -> FilePosition:
    """From the start; a packed file that was complete before `old` was counted under its plain name, or never asked
    for."""
    done = file.size if file.packed and 0 < file.changed_at < old else 0
    return FilePosition(file.path, file.inode, 0, "", packed=done)
