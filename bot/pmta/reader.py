"""One piece of an accounting file as frames: by columns where that is proven, by the plain reference where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.accounting import BAD_ROWS, Header, RowReader
from bot.core.isp import IspCatalog
from bot.core.record_time import PLAIN, TimeStyle
from bot.pmta.frame import ALL_DETAILS, Details, Frame, frame_of
from bot.pmta.plain import read_plain
from bot.pmta.sift import WANTED, sift

SMALLEST = 256 << 10
"""Below this the reference is as fast and costs less than 4 ms."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read: whose lists, what its times mean, which columns are asked for."""

    isps: IspCatalog
    style: TimeStyle = PLAIN
    details: Details = ALL_DETAILS
    smallest: int = SMALLEST

    def at_once(self, piece: bytes, header: Header | None) -> Frame | None:
        """A piece of whole lines by columns; None where polars could read it differently than the reference."""
        if header is None or len(piece) < self.smallest // 2:
            return None
        left = ALL_DETAILS - self.details
        table = read_plain(piece, header, {name: "" if name in left else title for name, title in WANTED.items()})
        timed = header.column("timeLogged") is not None
        return None if table is None else sift(table, self.isps, self.style, self.details, timed=timed)


def without_news(frame: Frame | None, bad: dict[str, str]) -> Frame | None:
    """`frame`, or None where it has a bad row of a new kind: the reference keeps a sample of that."""
    return None if frame is None or (BAD_ROWS & frame.left_out.keys()) - bad.keys() else frame


class ColumnReader:
    """Iterates over `data` frame by frame. `position`, `header` and `bad` are as in `RowReader`.

    What cannot be read by columns is halved until it can be, and the smallest part goes to the reference.
    """

    def __init__(
        self, data: bytes, header: Header | None, reading: Reading, bad: dict[str, str], *, final: bool = False
    ) -> None:
        self.position = 0
        self.header = header
        self.bad = bad
        self._data = data
        self._reading = reading
        self._final = final

    def __iter__(self) -> Iterator[Frame]:
        smallest = self._reading.smallest
        size = max(smallest, len(self._data) // 2)
        while self.position < len(self._data):
            frame = self._by_columns(size)
            if frame is None and size > smallest:
                size = max(smallest, size // 2)
                continue
            start = self.position if frame is None else -1
            frame = frame or self._by_rows()
            yield frame
            if start == self.position:
                return
            size *= 2

    def _by_rows(self) -> Frame:
        """The next `smallest` bytes by the reference."""
        style = self._reading.style
        reader = RowReader(self._data, self.header, final=self._final, start=self.position, style=style)
        frame = frame_of(list(reader.until(self.position + self._reading.smallest)), self._reading.isps)
        self.bad = reader.bad | self.bad
        self.position, self.header = reader.position, reader.header
        return frame

    def _by_columns(self, size: int) -> Frame | None:
        """The next `size` bytes up to a line end."""
        end = self._data.rfind(b"\n", self.position, self.position + size) + 1
        if self.header is None or end <= self.position:
            return None
        frame = without_news(self._reading.at_once(self._data[self.position : end], self.header), self.bad)
        if frame is not None:
            self.position = end
        return frame
