"""Accounting rows by columns: the fast path, equal to `core.accounting` + `core.rollup` by test.

polars tokenises, masks the replies and groups, all outside the GIL; Python sees each distinct time, queue,
MX, domain and template once. A piece is taken this way only where it provably reads the same as with the
reference (`_read`); any other piece is halved, and the smallest goes to the reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from bot.core.accounting import (
    BAD_ROWS,
    BAD_TIME,
    MADE_BY_PMTA,
    NO_TIME_COLUMN,
    RECORD_LIMIT,
    TALLIED,
    Header,
    RowReader,
    is_type_title,
    kind_of,
)
from bot.core.isp import IspCatalog
from bot.core.model import RollUp
from bot.core.record_time import PLAIN, TimeStyle, parse_time
from bot.core.reply import MASK, RAW_LENGTH, RUST_VARIABLE, settle
from bot.core.rollup import roll_up
from bot.errors import ParseError
from bot.pmta.fold import Fold
from bot.pmta.frame import SHAPE, Frame, frame_of

PIECE = 16 << 20
"""Bytes of a piece: the knee of the throughput curve; bounds memory."""
SMALLEST = 256 << 10
"""Below this the reference is as fast and costs less than 4 ms."""

_MARK = "\x02"
_WANTED = {
    "type": "type",
    "time": "timeLogged",
    "queue": "queue",
    "mx": "dsnMta",
    "rcpt": "rcpt",
    "source_ip": "dlvSourceIp",
    "vmta": "vmta",
    "job": "jobId",
    "diag": "dsnDiag",
}


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
    ) -> None:
        self.position = 0
        self.header = header
        self.bad: dict[str, str] = {}
        self._data = data
        self._isps = isps
        self._final = final
        self._smallest = smallest
        self._style = style

    def __iter__(self) -> Iterator[Frame]:
        size = PIECE
        while self.position < len(self._data):
            frame = self._by_columns(size)
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

    def _by_columns(self, size: int) -> Frame | None:
        """The next `size` bytes up to a line end, or None where polars could read them differently."""
        end = self._data.rfind(b"\n", self.position, self.position + size) + 1
        if not self.header or end - self.position < self._smallest // 2 or end <= self.position:
            return None
        table = _read(self._data[self.position : end], self.header)
        timed = self.header.column("timeLogged") is not None
        frame = None if table is None else _sift(table, self._isps, self._style, timed=timed)
        if frame is None or (BAD_ROWS & frame.left_out.keys()) - self.bad.keys():
            return None  # the first bad row of its kind is left to the reference, which keeps a sample of it
        self.position = end
        return frame


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


def _read(piece: bytes, header: Header) -> pl.DataFrame | None:
    """The wanted columns of a piece of whole lines, or None where they might not be what csv reads.

    Proof that they are: no byte that one of the two treats specially, quotes only where RFC 4180 has them
    (`_breaks_inside_quotes`), and a mark, put at the end of every line as one more field, stands in column
    n + 1 of every row, so every row has n fields. (polars alone would fill and cut ragged rows silently.)
    """
    width = len(header.names)
    if width < 2 or b"\0" in piece or _MARK.encode() in piece or piece.startswith(b"\xef\xbb\xbf"):
        return None
    if _has_long_line(piece):
        return None
    end = b"\r" if b"\r" in piece else b"\n"
    line_end = "\r\n" if end == b"\r" else "\n"
    marked = piece.replace(end, b",\x02" + end)
    marks = (len(marked) - len(piece)) // 2
    try:
        text = pl.Series([marked.decode("utf-8")])
        inside = _breaks_inside_quotes(text, line_end)
        # A carriage return alone ends a row for csv and is dropped at some places by polars.
        if inside is None or (end == b"\r" and text.str.count_matches(line_end, literal=True)[0] != marks):
            return None
        table = pl.read_csv(
            marked,
            has_header=False,
            schema={f"column_{n}": pl.String for n in range(1, width + 2)},
            columns=[*_places(header).values(), f"column_{width + 1}"],
            empty_string_is_null=False,
        )
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        return None
    if table.height != marks - inside or not (table[f"column_{width + 1}"] == _MARK).all():
        return None
    table = table.select(
        [
            pl.col(_places(header)[name]).alias(name) if name in _places(header) else pl.lit("").alias(name)
            for name in _WANTED
        ]
    )
    return table.with_columns(pl.all().str.replace_all("," + _MARK, "", literal=True)) if inside else table


def _places(header: Header) -> dict[str, str]:
    """Our name of a column -> polars' name of it."""
    at = {name: header.column(title) for name, title in _WANTED.items()}
    return {name: f"column_{place + 1}" for name, place in at.items() if place is not None}


def _has_long_line(piece: bytes) -> bool:
    """True where a record might be longer than the limit: some half of a limit's length holds no line end."""
    half = RECORD_LIMIT // 2
    return any(piece.find(b"\n", at, at + half) < 0 for at in range(0, len(piece) - half, half))


def _breaks_inside_quotes(text: pl.Series, line_end: str) -> int | None:
    """How many line ends stand inside quotes of the one `text`; None where any quote is not where RFC 4180 has it.

    Cut at quotes, the parts are by turns outside and inside. A part outside begins with a comma (after the
    closing quote) and ends with one or a line end (before the opening quote), or is empty: a doubled quote.
    """
    parts = text.str.split('"').explode()
    if len(parts) % 2 == 0:
        return None
    outside = parts.gather_every(2)
    after, before = outside.slice(1), outside.slice(0, len(outside) - 1)
    if not (after.str.starts_with(",") | (after == "")).all():
        return None
    begins = before.str.ends_with(",") | before.str.ends_with("\n") | (before == "")
    if not begins.all():
        return None
    return int(parts.gather_every(2, 1).str.count_matches(line_end, literal=True).sum())


def _sift(table: pl.DataFrame, isps: IspCatalog, style: TimeStyle, *, timed: bool) -> Frame | None:
    """The rows that count, with what they are about; None where a header line or JSON is among them."""
    types = table["type"].value_counts().rows()
    if any(is_type_title(name) or name.lstrip("\ufeff").startswith("{") for name, _ in types):
        return None
    left_out: dict[str, int] = {}
    kinds: dict[str, int] = {}
    for name, times in types:
        kind, reason = kind_of(name)
        kinds[name] = TALLIED[kind] if kind else -1
        if reason:
            left_out[reason] = left_out.get(reason, 0) + times
    rows = table.with_columns(kind=_mapped("type", kinds, pl.Int8)).filter(pl.col("kind") >= 0)
    rows = _without(rows, (pl.col("kind") > 0) & pl.col("diag").str.starts_with("x-pmta;"), MADE_BY_PMTA, left_out)
    times = {text: parse_time(text, style) for text in rows["time"].unique().to_list()}
    rows = rows.with_columns(at=_mapped("time", times, pl.Int64))
    rows = _without(rows, pl.col("at").is_null(), BAD_TIME if timed else NO_TIME_COLUMN, left_out)
    rows = _with_isp(rows, isps)
    shape = [*SHAPE, "job"]
    delivered = rows.filter(pl.col("kind") == 0).select(shape)
    others = _with_reply(rows.filter(pl.col("kind") > 0)).select(*shape, "reply", "diag")
    return Frame(delivered, others, left_out, table.height)


def _mapped(
    column: str, values: dict[str, int | None] | dict[str, int], to: pl.DataType | type[pl.DataType]
) -> pl.Expr:
    return pl.col(column).replace_strict(list(values), list(values.values()), return_dtype=to)


def _without(rows: pl.DataFrame, mask: pl.Expr, reason: str, left_out: dict[str, int]) -> pl.DataFrame:
    kept = rows.filter(~mask)
    if kept.height < rows.height:
        left_out[reason] = left_out.get(reason, 0) + rows.height - kept.height
    return kept


def _with_isp(rows: pl.DataFrame, isps: IspCatalog) -> pl.DataFrame:
    """Add `isp`: each distinct (queue, MX, domain) is looked up once."""
    keys = ("queue", "mx", "domain")
    rows = rows.with_columns(
        queue=pl.col("queue").str.splitn("/", 2).struct.field("field_0").fill_null(""),
        mx=pl.col("mx").str.splitn(" (", 2).struct.field("field_0").fill_null(""),
        domain=pl.col("rcpt").str.splitn("@", 2).struct.field("field_1").fill_null(""),
    )
    asked = rows.select(keys).unique()
    found = [
        isps.of_record(queue=queue, mx=mx, rcpt_domain=domain.rpartition("@")[2])
        for queue, mx, domain in asked.iter_rows()
    ]
    return rows.join(asked.with_columns(pl.Series("isp", found, pl.String)), on=keys, how="left", maintain_order="left")


def _with_reply(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `reply`: the masking is done by polars, each distinct result is settled once."""
    rows = rows.with_columns(reply=pl.col("diag").str.slice(0, RAW_LENGTH).str.replace_all(RUST_VARIABLE, MASK))
    half_done = rows["reply"].unique().to_list()
    return rows.with_columns(reply=pl.col("reply").replace_strict(half_done, [settle(text) for text in half_done]))
