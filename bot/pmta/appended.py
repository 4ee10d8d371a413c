"""What was appended to files of a host, counted while it arrives; only what arrived whole is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.core.accounting import LINE_LIMIT, Header
from bot.core.isp import IspCatalog
from bot.core.model import FilePosition, RollUp
from bot.core.record_time import TimeStyle
from bot.errors import ParseError
from bot.pmta.columns import PIECE, Frames, read_piece
from bot.pmta.compression import Compression
from bot.pmta.fold import Fold
from bot.pmta.listing import ListedFile
from bot.pmta.matching import OVERLAP, agrees, fingerprint, overlap
from bot.pmta.ranges import Arriving, Range, StreamingShell, open_ranges
from bot.pmta.reader import Reading

Start = tuple[ListedFile, FilePosition]

STREAMED_FROM = 8 << 20
"""Bytes from which it is worth counting the first ones while the others arrive."""


@dataclass(frozen=True, slots=True)
class Appended:
    """`length` bytes that stand behind a position in a file and are read now."""

    file: ListedFile
    start: FilePosition
    length: int

    @property
    def range(self) -> Range:
        """These bytes, and those before them that tell whether it still is the same file."""
        skip = overlap(self.start)
        return Range(self.start.path, self.start.inode, self.start.offset - skip, skip + self.length)


@dataclass(slots=True)
class Found:
    """What was counted, how far each file is read now, and which are other files than their positions say."""

    parts: list[RollUp] = field(default_factory=list)
    ends: list[FilePosition] = field(default_factory=list)
    others: list[Start] = field(default_factory=list)

    def add(self, more: Found) -> None:
        self.parts += more.parts
        self.ends += more.ends
        self.others += more.others


class Counting:
    """Counts bytes of one host's files. `style`: how the times in a file are meant."""

    def __init__(
        self,
        shell: StreamingShell,
        host: str,
        compression: Compression,
        isps: IspCatalog,
        style: Callable[[str], TimeStyle],
    ) -> None:
        self._shell = shell
        self._host = host
        self._compression = compression
        self._isps = isps
        self._style = style

    def together(self, asked: Sequence[Appended], cut: Sequence[FilePosition] = ()) -> Found | None:
        """Read all of `asked` with one command; None where a file changed meanwhile: then nothing is sure.

        `cut`: positions whose file is not there as it was; a new one may be a copy of it.

        Raises: HostError as `StreamingShell.stream`.
        """
        found = Found()
        if not asked:
            return found
        ranges = [each.range for each in asked]
        with open_ranges(self._shell, self._host, ranges, self._compression) as arriving:
            for each in asked:
                self._one(each, arriving, found, cut)
            return found if arriving.intact() else None

    def _one(self, asked: Appended, arriving: Arriving, found: Found, cut: Sequence[FilePosition]) -> None:
        file, start = asked.file, asked.start
        before = arriving.read(overlap(start))
        others = [*cut, *(other for _, other in found.others)]
        if start.offset and not agrees(start, before):
            arriving.skip(asked.length)
            found.others.append((file, start))
            return
        if asked.length >= STREAMED_FROM and (start.offset or not others):
            part, end = self._arriving(asked, before, arriving)
        else:
            data = before + arriving.read(asked.length)
            part, end = self.counted(file, *_behind_copied(file, start, data, others))
        found.parts.append(part)
        found.ends.append(end)

    def counted(
        self, file: ListedFile, start: FilePosition, data: bytes, *, final: bool = False
    ) -> tuple[RollUp, FilePosition]:
        """Count `data`, which begins at the overlap before the offset."""
        skip = overlap(start)
        part, used, header = read_piece(
            data[skip:], start.header, host=self._host, isps=self._isps, final=final, style=self._style(file.path)
        )
        mark = fingerprint(data[: skip + used])
        return part, replace(start, offset=start.offset + used, header=header, fingerprint=mark)

    def _arriving(self, asked: Appended, before: bytes, arriving: Arriving) -> tuple[RollUp, FilePosition]:
        """Count what arrives, block by block."""
        start = asked.start
        blocks = _Blocks(arriving, asked.length, before)
        frames = Frames(blocks, _header(start), Reading(self._isps, self._style(asked.file.path)))
        fold = Fold(self._host)
        for frame in frames:
            fold.add(frame)
        used = blocks.size - len(frames.rest)
        header = frames.header.line if frames.header else ""
        mark = fingerprint(blocks.before(len(frames.rest)))
        end = replace(start, offset=start.offset + used, header=header, fingerprint=mark)
        return replace(fold.total(), bad=frames.bad), end


class _Blocks:
    """Iterates over blocks of like size of what arrives, and remembers its last bytes."""

    def __init__(self, arriving: Arriving, length: int, before: bytes) -> None:
        self.size = 0
        # as few as the parser can do with: smaller ones begin earlier and cost more than that saves
        self._block = -(-length // max(2, -(-length // PIECE)))
        self._arriving = arriving
        self._left = length
        self._kept = [before]

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0 and (block := self._arriving.read(min(self._block, self._left))):
            self._left -= len(block)
            self.size += len(block)
            self._kept.append(block)
            # a record that waits for more is not longer than that
            while sum(map(len, self._kept[1:])) > LINE_LIMIT + OVERLAP:
                self._kept.pop(0)
            yield block

    def before(self, rest: int) -> bytes:
        """What stands before the last `rest` bytes."""
        kept = b"".join(self._kept)
        return kept[: max(0, len(kept) - rest)]


def _header(start: FilePosition) -> Header | None:
    try:
        return Header.parse(start.header) if start.header else None
    except ParseError:
        return None


def _behind_copied(
    file: ListedFile, start: FilePosition, data: bytes, cut: Sequence[FilePosition]
) -> tuple[FilePosition, bytes]:
    """Where to count from in a file and its bytes there: behind what was counted in a file that it is a copy of."""
    for other in cut if not start.offset else ():
        skip = overlap(other)
        before = data[other.offset - skip : other.offset]
        if len(before) == skip and agrees(other, before):
            return heir(file, other), data[other.offset - skip :]
    return start, data


def heir(file: ListedFile, known: FilePosition) -> FilePosition:
    """The place in `file` that `known` is in the file it was copied or packed from."""
    return FilePosition(file.path, file.inode, known.offset, known.header, known.fingerprint)
