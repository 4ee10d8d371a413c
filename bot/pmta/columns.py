"""Accounting rows by columns: the fast path, equal to `core.accounting` + `core.rollup` by test.

polars tokenises, masks the replies and groups, all outside the GIL; Python sees each distinct time, queue,
MX, domain and template once. A piece is taken this way only where it provably reads the same as with the
reference (`plain`); any other piece is halved, and the smallest goes to the reference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from bot.core.accounting import BAD_ROWS, Header, RowReader
from bot.core.isp import IspCatalog
from bot.core.model import RollUp
from bot.core.record_time import PLAIN, TimeStyle
from bot.core.rollup import roll_up
from bot.errors import ParseError
from bot.pmta.fold import Fold
from bot.pmta.frame import ALL_DETAILS, Details, Frame, frame_of
from bot.pmta.plain import read_plain
from bot.pmta.sift import WANTED, sift

PIECE = 16 << 20
"""Bytes of a piece: the knee of the throughput curve; bounds memory."""
SMALLEST = 256 << 10
"""Below this the reference is as fast and costs less than 4 ms."""
THREADS = 2
"""Pieces read at the same time: what one of them does in Python is little, polars leaves the interpreter lock free."""
_AHEAD = 3
"""Pieces begun and not yet handed out; bounds memory."""


class _Piece(NamedTuple):
    """`frame` is None where polars could read the bytes differently than the reference."""

    start: int
    end: int
    frame: Future[Frame | None]


class ColumnReader:
    """Iterates over `data` frame by frame. `position` and `header` say where and with what to read on, as in
    `RowReader`."""

    def __init__(
        self,
        data: bytes,
        header: Header | None,
        isps: IspCatalog,
        *,
        final: bool = False,
        smallest: int = SMALLEST,
        style: TimeStyle = PLAIN,
        details: Details = ALL_DETAILS,
    ) -> None:
        self.position = 0
        self.header = header
        self.bad: dict[str, str] = {}
        self._data = data
        self._isps = isps
        self._final = final
        self._smallest = smallest
        self._style = style
        self._details = details
        self._begun: deque[_Piece] = deque()

    def __iter__(self) -> Iterator[Frame]:
        with ThreadPoolExecutor(THREADS) as pool:
            yield from self._frames(pool)

    def _frames(self, pool: ThreadPoolExecutor) -> Iterator[Frame]:
        size = PIECE
        while self.position < len(self._data):
            frame = self._by_columns(size, pool)
            if frame is None and size > self._smallest:
                size = max(self._smallest, size // 2)
                continue
            start = self.position if frame is None else -1
            frame = frame or self._by_rows()
            yield frame
            if start == self.position:
                return
            size = min(PIECE, size * 2)

    def _by_rows(self) -> Frame:
        """The next `smallest` bytes by the reference."""
        reader = RowReader(self._data, self.header, final=self._final, start=self.position, style=self._style)
        frame = frame_of(list(reader.until(self.position + self._smallest)), self._isps)
        self.bad = reader.bad | self.bad
        self.position, self.header = reader.position, reader.header
        return frame

    def _by_columns(self, size: int, pool: ThreadPoolExecutor) -> Frame | None:
        """The next `size` bytes up to a line end, or None where polars could read them differently."""
        self._begin(size, pool)
        if not self._begun:
            return None
        piece = self._begun.popleft()
        frame = piece.frame.result()
        if frame is None or (BAD_ROWS & frame.left_out.keys()) - self.bad.keys():
            # The first bad row of its kind is left to the reference, which keeps a sample of it.
            while self._begun:
                self._begun.pop().frame.cancel()
            return None
        self.position = piece.end
        return frame

    def _begin(self, size: int, pool: ThreadPoolExecutor) -> None:
        """Have the next piece read, and some behind it as long as all goes well."""
        while len(self._begun) < (_AHEAD if size == PIECE else 1):
            start = self._begun[-1].end if self._begun else self.position
            end = self._data.rfind(b"\n", start, start + size) + 1
            if not self.header or end - start < self._smallest // 2 or end <= start:
                return
            frame = pool.submit(self._frame, self._data[start:end], self.header)
            self._begun.append(_Piece(start, end, frame))

    def _frame(self, piece: bytes, header: Header) -> Frame | None:
        left = ALL_DETAILS - self._details
        table = read_plain(piece, header, {name: "" if name in left else title for name, title in WANTED.items()})
        timed = header.column("timeLogged") is not None
        return table if table is None else sift(table, self._isps, self._style, self._details, timed=timed)


def roll_up_columns(data: bytes, header: str, *, host: str, isps: IspCatalog, smallest: int = SMALLEST) -> RollUp:
    """Count everything in `data`, which follows `header` (a header line, or "" where `data` begins with one).

    The last line counts even without a line end.
    """
    return read_piece(data, header, host=host, isps=isps, final=True, smallest=smallest)[0]


def read_piece(
    data: bytes,
    header: str,
    *,
    host: str,
    isps: IspCatalog,
    final: bool = False,
    smallest: int = SMALLEST,
    style: TimeStyle = PLAIN,
) -> tuple[RollUp, int, str]:
    """What the complete records in `data` add, how many bytes they take, and the header in force behind them."""
    try:
        known = Header.parse(header) if header else None
    except ParseError:
        known = None
    if len(data) < smallest:
        rows = RowReader(data, known, final=final, style=style)
        return roll_up(rows, host=host, isps=isps), rows.position, rows.header.line if rows.header else ""
    fold = Fold(host)
    reader = ColumnReader(data, known, isps, final=final, smallest=smallest, style=style)
    for frame in reader:
        fold.add(frame.delivered, frame.others, frame.left_out, frame.records)
    return replace(fold.total(), bad=reader.bad), reader.position, reader.header.line if reader.header else ""
