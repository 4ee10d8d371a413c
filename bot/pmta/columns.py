"""Accounting rows by columns: the fast path, equal to `core.accounting` + `core.rollup` by test.

polars tokenises, masks the replies and groups, all outside the GIL; Python sees each distinct time, queue,
MX, domain and template once. A piece is taken this way only where it provably reads the same as with the
reference (`plain`); any other piece is taken apart (`reader`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from bot.core.accounting import Header, RowReader
from bot.core.isp import IspCatalog
from bot.core.model import RollUp
from bot.core.record_time import PLAIN, TimeStyle
from bot.core.rollup import roll_up
from bot.errors import ParseError
from bot.pmta.fold import Fold
from bot.pmta.frame import Frame
from bot.pmta.reader import SMALLEST, ColumnReader, Reading, without_news

PIECE = 16 << 20
"""Bytes of a piece: the knee of the throughput curve; bounds memory."""
THREADS = 2
"""Pieces read at the same time: what one of them does in Python is little, polars leaves the interpreter lock free."""
_WORTH_SHARING = 2 << 20
"""Bytes from which a second thread saves more than a second piece costs."""
_AHEAD = 3
"""Pieces begun and not yet handed out; bounds memory."""


class _Begun(NamedTuple):
    piece: bytes
    frame: Future[Frame | None]


class Frames:
    """Iterates over the frames of a stream of blocks in order, with some pieces read side by side.

    At the end `header` is the one in force, `rest` the bytes that wait for more, `bad` the first sample of every
    kind of bad row. Without `final` a record that more bytes could still change waits.
    """

    def __init__(
        self, blocks: Iterable[bytes], header: Header | None, reading: Reading, *, final: bool = False
    ) -> None:
        self.header = header
        self.rest = b""
        self.bad: dict[str, str] = {}
        self._blocks = iter(blocks)
        self._reading = reading
        self._final = final
        self._begun: deque[_Begun] = deque()
        self._again: deque[bytes] = deque()

    def __iter__(self) -> Iterator[Frame]:
        with ThreadPoolExecutor(THREADS) as pool:
            while self._begin(pool):
                piece, future = self._begun.popleft()
                frame = without_news(future.result(), self.bad)
                if frame is None:
                    yield from self._taken_apart(piece, final=False)
                else:
                    yield frame
        tail, self.rest = self.rest, b""
        yield from self._taken_apart(tail, final=self._final)

    def _begin(self, pool: ThreadPoolExecutor) -> bool:
        """Have pieces read ahead; False where there are no more."""
        while len(self._begun) < _AHEAD and (piece := self._next_piece()):
            self._begun.append(_Begun(piece, pool.submit(self._reading.at_once, piece, self.header)))
        return bool(self._begun)

    def _next_piece(self) -> bytes:
        """Whole lines, or a block without a line end; what stands behind the last one is kept for the next piece."""
        if self._again:
            return self._again.popleft()
        block = next(self._blocks, b"")
        end = block.rfind(b"\n") + 1 or len(block)
        if not self.rest and end == len(block):
            return block
        if not block:
            return b""
        piece = b"".join((self.rest, memoryview(block)[:end]))
        self.rest = block[end:]
        return piece

    def _taken_apart(self, piece: bytes, *, final: bool) -> Iterator[Frame]:
        """What is left of `piece` belongs to the next one; that or a new header undoes what was begun ahead."""
        before = self.header
        reader = ColumnReader(piece, before, self._reading, self.bad, final=final)
        for frame in reader:
            self.header, self.bad = reader.header, reader.bad
            yield frame
        rest = piece[reader.position :]
        if not rest and self.header == before:
            return
        self._again.extendleft(begun.piece for begun in reversed(self._begun))
        while self._begun:
            self._begun.pop().frame.cancel()
        if self._again:
            self._again[0] = rest + self._again[0]
        else:
            self.rest = rest + self.rest


def whole_lines(data: bytes) -> Iterator[bytes]:
    """`data` in pieces of like size that end with a line, as many as keep every thread busy to the end."""
    pieces = -(-len(data) // PIECE)
    if len(data) > _WORTH_SHARING:
        pieces = -(-pieces // THREADS) * THREADS
    start = 0
    for left in range(pieces, 0, -1):
        stop = start + (len(data) - start) // left
        end = (data.rfind(b"\n", start, stop) + 1 or stop) if left > 1 else len(data)
        yield data[start:end]
        start = end


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
    frames = Frames(whole_lines(data), known, Reading(isps, style, smallest=smallest), final=final)
    for frame in frames:
        fold.add(frame)
    used = len(data) - len(frames.rest)
    return replace(fold.total(), bad=frames.bad), used, frames.header.line if frames.header else ""
