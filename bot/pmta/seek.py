"""Where to begin in files that were never read: at the records of the last hours, found by bisection.

A day's file may hold gigabytes; a few reads of 64 KiB find the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.accounting import Header, Row, RowReader, is_json
from bot.core.model import FilePosition
from bot.core.record_time import TimeStyle
from bot.pmta.listing import ListedFile
from bot.pmta.matching import fingerprint
from bot.pmta.ranges import Range

Read = Callable[[Sequence[Range]], list[bytes] | None]
Style = Callable[[str], TimeStyle]

_PROBE = 64 << 10
_CLOSE_ENOUGH = 256 << 10


def first_positions(files: Sequence[ListedFile], since: int, read: Read, style: Style) -> list[FilePosition] | None:
    """Where to read each file from so that every record since `since` (epoch seconds) is read, and few before.

    None where a file changed under the reading; then ask again.
    """
    heads = read([Range(f.path, f.inode, 0, min(f.size, _PROBE)) for f in files])
    tails = read([_last(f) for f in files])
    if heads is None or tails is None:
        return None
    starts = []
    for file, head, tail in zip(files, heads, tails, strict=True):
        start = _first_position(file, head, tail, since, read, style(file.path))
        if start is None:
            return None
        starts.append(start)
    return starts


def _last(file: ListedFile) -> Range:
    length = min(file.size, _PROBE)
    return Range(file.path, file.inode, file.size - length, length)


def _first_position(
    file: ListedFile, head: bytes, tail: bytes, since: int, read: Read, style: TimeStyle
) -> FilePosition | None:
    reader = RowReader(head, None)
    for _ in reader.until(1):
        break
    header, begin = reader.header, reader.position
    if is_json(head):
        begin = 0
    elif header is None:
        # Not an accounting file, or its header is still being written.
        if len(head) < _PROBE:
            return FilePosition(file.path, file.inode, 0, "")
        return FilePosition(file.path, file.inode, file.size, "", fingerprint(tail))
    line = header.line if header else ""
    times = [row.at for row in _rows(tail, header, style, whole=file.size <= len(tail))]
    if times and max(times) < since:
        end = tail.rfind(b"\n") + 1
        offset = max(begin, file.size - len(tail) + end)
        return FilePosition(file.path, file.inode, offset, line, fingerprint(tail[:end]) if offset > begin else "")
    found = _bisect(_Probe(file, header, read, style), begin, since)
    return None if found is None else FilePosition(file.path, file.inode, found, line)


def _rows(data: bytes, header: Header | None, style: TimeStyle, *, whole: bool) -> list[Row]:
    start = 0 if whole else data.find(b"\n") + 1
    return [row for row in RowReader(data, header, start=start, style=style) if isinstance(row, Row)]


def _bisect(probe: _Probe, low: int, since: int) -> int | None:
    """The start of a record logged before `since` with less than 256 KiB of such records behind it, or `low`."""
    high = probe.file.size
    while high - low > _CLOSE_ENOUGH:
        middle = (low + high) // 2
        found = probe.first_row(middle)
        if found is None:
            return None
        if 0 <= found[1] < since:
            low = found[0]
        else:
            high = middle
    return low


@dataclass(frozen=True, slots=True)
class _Probe:
    """Looks into the middle of one file."""

    file: ListedFile
    header: Header | None
    read: Read
    style: TimeStyle

    def first_row(self, at: int) -> tuple[int, int] | None:
        """(offset, epoch seconds) of the first whole record behind `at`, time -1 where none is near; None where the
        file changed."""
        data = self.read([Range(self.file.path, self.file.inode, at, min(_PROBE, self.file.size - at))])
        if data is None:
            return None
        reader = RowReader(data[0], self.header, start=data[0].find(b"\n") + 1, style=self.style)
        offset = reader.position
        for row in reader:
            if isinstance(row, Row):
                return at + offset, row.at
            offset = reader.position
        return at, -1
