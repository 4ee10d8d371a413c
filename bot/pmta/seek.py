"""Where to begin in files that were never read: at the records of the last hours, found by bisection.

A day's file may hold gigabytes; a few reads of 64 KiB find the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.accounting import Header, Row, RowReader
from bot.core.model import FilePosition
from bot.pmta.listing import ListedFile
from bot.pmta.ranges import Range

Read = Callable[[Sequence[Range]], list[bytes] | None]

_PROBE = 64 << 10
_CLOSE_ENOUGH = 256 << 10


def first_positions(files: Sequence[ListedFile], since: int, read: Read) -> list[FilePosition] | None:
    """Where to read each file from so that every record since `since` (epoch seconds) is read, and few before.

    None where a file changed under the reading; then ask again.
    """
    heads = read([Range(f.path, f.inode, 0, min(f.size, _PROBE)) for f in files])
    tails = read([_last(f) for f in files])
    if heads is None or tails is None:
        return None
    starts = []
    for file, head, tail in zip(files, heads, tails, strict=True):
        start = _first_position(file, head, tail, since, read)
        if start is None:
            return None
        starts.append(start)
    return starts


def _last(file: ListedFile) -> Range:
    length = min(file.size, _PROBE)
    return Range(file.path, file.inode, file.size - length, length)


def _first_position(file: ListedFile, head: bytes, tail: bytes, since: int, read: Read) -> FilePosition | None:
    reader = RowReader(head, None)
    for _ in reader.until(1):
        break
    header, begin = reader.header, reader.position
    if header is None:
        # Not an accounting file, or its header is still being written.
        return FilePosition(file.path, file.inode, 0 if len(head) < _PROBE else file.size, "")
    times = [row.at for row in _rows(tail, header, whole=file.size <= len(tail))]
    if times and max(times) < since:
        end = file.size - len(tail) + tail.rfind(b"\n") + 1
        return FilePosition(file.path, file.inode, max(begin, end), header.line)
    offset = _bisect(file, header, begin, since, read)
    return None if offset is None else FilePosition(file.path, file.inode, offset, header.line)


def _rows(data: bytes, header: Header, *, whole: bool) -> list[Row]:
    start = 0 if whole else data.find(b"\n") + 1
    return [row for row in RowReader(data, header, start=start) if isinstance(row, Row)]


def _bisect(file: ListedFile, header: Header, low: int, since: int, read: Read) -> int | None:
    """The start of a record logged before `since` with less than 256 KiB of such records behind it, or `low`."""
    high = file.size
    while high - low > _CLOSE_ENOUGH:
        middle = (low + high) // 2
        data = read([Range(file.path, file.inode, middle, min(_PROBE, file.size - middle))])
        if data is None:
            return None
        found = _first_row(data[0], header)
        if found and found[1] < since:
            low = middle + found[0]
        else:
            high = middle
    return low


def _first_row(data: bytes, header: Header) -> tuple[int, int] | None:
    """(offset, epoch seconds) of the first whole record in a cut-out."""
    reader = RowReader(data, header, start=data.find(b"\n") + 1)
    offset = reader.position
    for row in reader:
        if isinstance(row, Row):
            return offset, row.at
        offset = reader.position
    return None
