"""PowerMTA accounting files, read record by record: the plain reference, on the standard library's csv.

A file is RFC 4180 with a header line; its order, its case and its columns are the operator's choice, and
header lines may come again in the middle. A line that begins with "{" is a record in JSON (5.0 and later) and
needs no header. Nothing here raises on what a file holds: a record that cannot be read is its reason instead,
so that one bad line never stops a file.

Source: PowerMTA 5.0 User's Guide, accounting files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.core.json_record import json_fields
from bot.core.record_time import PLAIN, TimeStyle, parse_time
from bot.core.reply import mask_local_parts
from bot.errors import ParseError

RECORD_LIMIT = 128 << 10
"""Bytes of one record; a longer one is not a record."""
LINE_LIMIT = 4 << 20
"""Bytes without any line end after which they are given up, so that a file can never stand still."""

TALLIED = {"d": 0, "t": 1, "b": 2, "tq": 3}
"""Record types that are counted -> position of their count in `Tally`."""
_SKIPPED = frozenset({"r", "rb", "rs", "f"})

MADE_BY_PMTA = "made by PMTA itself"
BAD_TIME = "bad time"
NO_TIME_COLUMN = "no timeLogged column"
UNKNOWN_TYPE = "unknown record type"
NO_HEADER = "no header before it"
FIELD_COUNT = "wrong number of fields"
QUOTING = "broken quoting"
NOT_UTF8 = "not UTF-8"
NUL = "NUL byte"
TOO_LONG = "longer than 128 KiB"
BROKEN_JSON = "broken JSON"
BAD_ROWS = frozenset(
    {BAD_TIME, UNKNOWN_TYPE, NO_HEADER, FIELD_COUNT, QUOTING, NOT_UTF8, NUL, TOO_LONG, BROKEN_JSON, NO_TIME_COLUMN}
)
"""Reasons that say something is wrong with a row; the others are as it should be."""
SAMPLE_LENGTH = 160

_KEYS = ("timelogged", "queue", "dsnmta", "rcpt", "dlvsourceip", "vmta", "jobid", "dsndiag", "bouncecat")
_JSON = (b"{", b"\xef\xbb\xbf{")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Row(NamedTuple):
    """One record that counts. `at` is epoch seconds; a field that the file does not have is "".

    `queue` is the domain or rollup part only, `mx` is without the address in brackets, `rcpt` is the whole recipient.
    """

    kind: str
    at: int
    queue: str
    mx: str
    rcpt: str
    rcpt_domain: str
    source_ip: str
    vmta: str
    job: str
    diag: str
    filed: str = ""
    """PMTA's own category (`bounceCat`): to be shown, nothing is decided on it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file. `line` is the header line without its end; names are lower case."""

    line: str
    names: tuple[str, ...]

    @classmethod
    def parse(cls, line: str) -> Header:
        """Read a header line.

        Raises: ParseError where the line does not begin with the column `type`.
        """
        text = line.rstrip("\r\n")
        try:
            fields = next(csv.reader([text], strict=True), [])
        except csv.Error:
            fields = []
        if not is_header(fields):
            raise ParseError(f"a header line like type,timeLogged,… expected, found {text[:80]!r}")
        return cls(text, tuple(name.strip().lower() for name in fields))

    def column(self, name: str) -> int | None:
        """Where a column stands; of a name that comes twice, the first."""
        return self.names.index(name.lower()) if name.lower() in self.names else None


def is_header(fields: list[str]) -> bool:
    return bool(fields) and is_type_title(fields[0])


def is_type_title(first_field: str) -> bool:
    """True where a first field is the title of the type column, not a type."""
    return first_field.lstrip("\ufeff").strip().lower() == "type"


def is_json(data: bytes) -> bool:
    """True where a file begins with a record in JSON, which needs no header."""
    return data.startswith(_JSON)


def kind_of(record_type: str) -> tuple[str, str]:
    """(type that is tallied, "") or ("", reason why it is not)."""
    kind = record_type.strip().lower()
    if kind in TALLIED:
        return kind, ""
    return "", f"type {kind}" if kind in _SKIPPED else UNKNOWN_TYPE


class RowReader:
    """Iterates over what `data` holds: a `Row`, or the reason why a record is none.

    `position` is the byte after the last record given out (or a header): where to read on. `header` is the
    one in force there. `bad` is the first sample of every reason in `BAD_ROWS`. Without `final` the records end
    where more bytes could still change them, so cutting a stream anywhere gives the same rows.
    """

    def __init__(
        self,
        data: bytes,
        header: Header | None,
        *,
        final: bool = False,
        start: int = 0,
        style: TimeStyle = PLAIN,
    ) -> None:
        self.position = start
        self.header = header
        self.bad: dict[str, str] = {}
        self._data = data
        self._final = final
        self._style = style
        self._take = _taker(header) if header else None

    def __iter__(self) -> Iterator[Row | str]:
        return self.until(len(self._data))

    def until(self, stop: int) -> Iterator[Row | str]:
        """Go on until `position` is `stop` or past it."""
        while self.position < min(stop, len(self._data)):
            start, record = self.position, self._record()
            if record is None:
                return
            found, self.position = record
            if found == []:
                continue
            if isinstance(found, list) and is_header(found):
                self._set_header(found)
                continue
            row = self._row(found)
            if isinstance(row, str) and row in BAD_ROWS and row not in self.bad:
                self.bad[row] = sample_of(self._data[start : start + 4 * SAMPLE_LENGTH])
            yield row

    def _set_header(self, fields: list[str]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow([field.lstrip("\ufeff").strip() for field in fields])
        self.header = Header.parse(line.getvalue())
        self._take = _taker(self.header)

    def _row(self, found: list[str] | dict[str, str] | str) -> Row | str:
        if isinstance(found, str):
            return found
        if isinstance(found, dict):
            values = tuple(found.get(name, "") for name in _KEYS)
            return _row(found.get("type", ""), values, self._style, timed=_KEYS[0] in found)
        if self._take is None:
            return NO_HEADER
        timed, take = self._take
        return _row(found[0], take(found), self._style, timed=timed)

    def _record(self) -> tuple[list[str] | dict[str, str] | str, int] | None:
        """Fields or a reason, and where the record ends: a bad one with its first line, the next may be sound."""
        lines = _Lines(self._data, self.position, final=self._final)
        if self._data.startswith(_JSON, self.position):
            return self._json(lines)
        try:
            fields = next(csv.reader(lines, strict=True), None)
        except UnicodeDecodeError:
            return NOT_UTF8, lines.first_end
        except csv.Error:
            if lines.stopped is None:
                return QUOTING, lines.first_end
            fields = None
        if fields is None:
            return self._unended(lines)
        if b"\0" in self._data[self.position : lines.end]:
            return NUL, lines.first_end
        if self.header and fields and len(fields) != len(self.header.names) and not is_header(fields):
            return FIELD_COUNT, lines.first_end
        return fields, lines.end

    def _json(self, lines: _Lines) -> tuple[dict[str, str] | str, int] | None:
        try:
            line = next(lines)
        except UnicodeDecodeError:
            return NOT_UTF8, lines.first_end
        except StopIteration:
            return self._unended(lines)
        fields = json_fields(line.lstrip("\ufeff"))
        if fields is None:
            return BROKEN_JSON, lines.end
        return (NUL if any("\0" in value for value in fields.values()) else fields), lines.end

    def _unended(self, lines: _Lines) -> tuple[str, int] | None:
        """What to do about a record whose end is not in sight."""
        left = len(self._data) - self.position
        if left <= RECORD_LIMIT and not self._final:
            return None
        if lines.first_end:
            return QUOTING, lines.first_end
        end = self._data.find(b"\n", self.position) + 1
        if end:
            return TOO_LONG, end
        if self._final or left >= LINE_LIMIT:
            return (TOO_LONG if left > RECORD_LIMIT else QUOTING), self.position + min(left, LINE_LIMIT)
        return None


class _Lines:
    """The lines of one record as csv asks for them. `stopped` tells that none was left within the limit."""

    def __init__(self, data: bytes, start: int, *, final: bool) -> None:
        self.first_end = 0
        self.end = start
        self.stopped: bool | None = None
        self._data = data
        self._limit = start + RECORD_LIMIT
        self._final = final

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        end = self._data.find(b"\n", self.end, self._limit) + 1
        if not end and self._final and self.end < len(self._data) <= self._limit:
            end = len(self._data)
        if not end:
            self.stopped = True
            raise StopIteration
        line = self._data[self.end : end]
        self.end = end
        self.first_end = self.first_end or end
        return line.decode("utf-8")


def _taker(header: Header) -> tuple[bool, Callable[[list[str]], tuple[str, ...]]]:
    """Whether a header has times, and what takes the fields named in `_KEYS` out of its records."""
    places = [header.column(name) for name in _KEYS]

    def take(fields: list[str]) -> tuple[str, ...]:
        return tuple(fields[at] if at is not None else "" for at in places)

    return places[0] is not None, take


def _row(record_type: str, values: tuple[str, ...], style: TimeStyle, *, timed: bool) -> Row | str:
    kind, reason = kind_of(record_type)
    if not kind:
        return reason
    time, queue, mx, rcpt, ip, vmta, job, diag, filed = values
    if kind != "d" and diag.startswith("x-pmta;"):
        return MADE_BY_PMTA
    if not timed:
        return NO_TIME_COLUMN
    seconds = parse_time(time, style)
    if seconds is None:
        return BAD_TIME
    domain = rcpt.partition("@")[2].rpartition("@")[2]
    queue, mx = queue.partition("/")[0], mx.partition(" (")[0]
    return Row(kind, seconds, queue, mx, rcpt, domain, ip, vmta, job, diag, filed)


def sample_of(record: bytes) -> str:
    """The beginning of a bad record, fit to be kept and shown: one line, local parts masked."""
    line = record.partition(b"\n")[0].decode("utf-8", "replace")
    return mask_local_parts(_UNPRINTABLE.sub("\ufffd", line.rstrip("\r")))[:SAMPLE_LENGTH]
