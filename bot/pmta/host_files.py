"""One turn of reading one host's files: every byte range at once where all goes well, file by file where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.accounting import LINE_LIMIT, RECORD_LIMIT
from bot.core.isp import IspCatalog
from bot.core.model import FilePosition, RollUp
from bot.core.record_time import TimeStyle
from bot.pmta.appended import Appended, Counting, Found, Start, heir
from bot.pmta.compression import Compression
from bot.pmta.listing import ListedFile
from bot.pmta.matching import agrees, overlap
from bot.pmta.packed import read_packed
from bot.pmta.ranges import Range, StreamingShell, in_commands, read_ranges

LEAST = LINE_LIMIT + RECORD_LIMIT
"""A shorter range might hold no whole record, and the file would stand still."""


@dataclass(slots=True)
class Turn:
    """What came of it. `unsure`: files that changed under the reading, their positions as before; `waiting`: bytes
    left for the next turn."""

    parts: list[RollUp] = field(default_factory=list)
    ends: list[FilePosition] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    waiting: int = 0


class HostFiles:
    """Reads and counts files of one host as they are listed now."""

    def __init__(
        self,
        shell: StreamingShell,
        host: str,
        isps: IspCatalog,
        times: TimeStyle,
        budget: int,
        compression: Compression,
    ) -> None:
        self.turn = Turn()
        self._shell = shell
        self._host = host
        self._compression = compression
        self._counting = Counting(shell, host, compression, isps, self.style)
        self._times = times
        self._budget = budget
        self._poll_bytes = budget

    def style(self, path: str) -> TimeStyle:
        """How times in a file are meant that do not say it themselves."""
        return TimeStyle.of_file(path, self._times.offset_s, self._times.skew_s)

    def read(self, starts: Sequence[Start], orphans: Sequence[FilePosition] = ()) -> Turn:
        """Count from `starts` on, small rests first, up to the limit of one turn. `orphans`: positions whose file was
        cut or is gone; one that turns out to be another file may be the copy made of it."""
        plain = [start for start in starts if not start[0].packed]
        others = self._plain(plain, new=any(_is_new(*start) for start in starts))
        if others:
            # The bytes before the offset are not those that were read: another file was given the inode.
            again = [(file, FilePosition(file.path, file.inode, 0, "")) for file, _ in others]
            self._plain(again, new=False, cut=[orphan for orphan in orphans if orphan.fingerprint])
        cut = [position for _, position in others]
        for file, start in starts:
            if file.packed:
                same = [each for each in cut if _is_new(file, start) and self._unpacks_to(file, each)]
                self._packed(file, heir(file, same[0]) if same else start)
        return self.turn

    def read_all(self, ranges: Sequence[Range]) -> list[bytes] | None:
        """All ranges, in as many commands as the limit of one turn asks for; None where a file changed."""
        found: list[bytes] = []
        at_once = max(1, self._poll_bytes // max((r.length for r in ranges), default=1))
        for first in range(0, len(ranges), at_once):
            part = read_ranges(self._shell, self._host, ranges[first : first + at_once], self._compression)
            if part is None:
                return None
            found += part
        return found

    def copies(self, asked: Sequence[tuple[ListedFile, Sequence[FilePosition]]]) -> dict[str, FilePosition]:
        """Path of a file -> the position, among those given with it, that its own bytes agree with."""
        pairs = [(file, orphan) for file, orphans in asked if not file.packed for orphan in orphans]
        before = self._if_there([_before(file, orphan) for file, orphan in pairs])
        found: dict[str, FilePosition] = {}
        for (file, orphan), data in zip(pairs, before, strict=True):
            if data is not None and agrees(orphan, data):
                found.setdefault(file.path, orphan)
        for file, orphans in asked:
            same = next((orphan for orphan in orphans if file.packed and self._unpacks_to(file, orphan)), None)
            if same:
                found[file.path] = same
        return found

    def _unpacks_to(self, file: ListedFile, orphan: FilePosition) -> bool:
        length = overlap(orphan)
        at = orphan.offset - length
        found = read_packed(self._shell, self._host, file, at, length, self._compression)
        return found is not None and len(found.data) == length and agrees(orphan, found.data)

    def _plain(self, starts: Sequence[Start], *, new: bool, cut: Sequence[FilePosition] = ()) -> list[Start]:
        """Count what there is to read in plain files; return those that are other files than their positions say.

        `new`: there are new files. One may be a copy of one that was cut and has grown to just the size it had, so
        files without anything to read are looked at too.
        """
        waiting = [file.size - start.offset for file, start in starts]
        shares = _shares(waiting, self._budget)
        turn = zip(starts, waiting, shares, strict=True)
        now = [Appended(file, start, share) for (file, start), rest, share in turn if share or (new and not rest)]
        self._budget -= sum(shares)
        self.turn.waiting += sum(waiting) - sum(shares)
        asked = {each.file.path for each in now}
        self.turn.ends += [start for file, start in starts if file.path not in asked]
        # Files that were read before come first: where one was cut, a new one may be the copy made of it.
        now.sort(key=lambda each: not each.start.offset)
        found = Found()
        for part in in_commands(now, [each.file.path for each in now]):
            known = [*cut, *(position for _, position in found.others)]
            found.add(self._counting.together(part, known) or self._each(part, known))
        self.turn.parts += found.parts
        self.turn.ends += found.ends
        return found.others

    def _each(self, asked: Sequence[Appended], cut: Sequence[FilePosition]) -> Found:
        """One by one: where one file changed only its own bytes are missing."""
        found = Found()
        for each in asked:
            known = [*cut, *(position for _, position in found.others)]
            alone = self._counting.together([each], known) if len(asked) > 1 else None
            if alone:
                found.add(alone)
            else:
                self._unsure(each.file, each.start)
        return found

    def _unsure(self, file: ListedFile, start: FilePosition) -> None:
        self.turn.unsure.append(file.path)
        self.turn.ends.append(start)

    def _packed(self, file: ListedFile, start: FilePosition) -> None:
        """Count what was not counted yet of a packed file; the size it has at its end says that it is done."""
        if abs(start.packed) == file.size:
            self.turn.ends.append(start)
            self.turn.gaps += [_broken(file)] if start.packed < 0 else []
            return
        if self._budget < LEAST:
            self.turn.waiting += file.size
            self.turn.ends.append(start)
            return
        skip, length = overlap(start), self._budget
        found = read_packed(self._shell, self._host, file, start.offset - skip, skip + length, self._compression)
        if found is None:
            self._unsure(file, start)
            return
        if not agrees(start, found.data[:skip]):
            self._packed(file, FilePosition(file.path, file.inode, 0, ""))
            return
        self._budget -= len(found.data)
        part, end = self._counting.counted(file, start, found.data, final=found.last)
        self.turn.parts.append(part)
        if found.broken:
            self.turn.gaps.append(_broken(file))
        if found.last or found.broken:
            end = replace(end, packed=file.size if found.last else -file.size)
        else:
            self.turn.waiting += file.size
        self.turn.ends.append(end)

    def _if_there(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """The bytes of every range; where one file changed only its own are missing."""
        together = read_ranges(self._shell, self._host, ranges, self._compression)
        if together is not None:
            return list(together)
        if len(ranges) == 1:
            return [None]
        alone = (read_ranges(self._shell, self._host, [one], self._compression) for one in ranges)
        return [data[0] if data else None for data in alone]


def _broken(file: ListedFile) -> str:
    return f"{file.path} cannot be unpacked to its end (`gzip -dc`): what came before was counted"


def _is_new(file: ListedFile, start: FilePosition) -> bool:
    return file.size > 0 and not start.offset and not start.packed


def _before(file: ListedFile, orphan: FilePosition) -> Range:
    skip = overlap(orphan)
    return Range(file.path, file.inode, orphan.offset - skip, skip)


def _shares(waiting: Sequence[int], budget: int) -> list[int]:
    """How much of what waits in each file is read now: small rests wholly, big ones an equal part each."""
    shares = [0] * len(waiting)
    order = sorted((at for at, size in enumerate(waiting) if size > 0), key=lambda at: waiting[at])
    for done, at in enumerate(order):
        fair = max(budget // (len(order) - done), min(LEAST, budget))
        shares[at] = min(waiting[at], fair)
        budget -= shares[at]
        if budget <= 0:
            break
    return shares
