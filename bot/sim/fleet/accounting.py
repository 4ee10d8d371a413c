"""Writes PMTA's accounting files: CSV with a header per file, CRLF, RFC 4180 quoting, rotation, half lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from bot.sim.fleet.config import Section
from bot.sim.fleet.directives import size

HEADER: Final = (
    "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,"
    "dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool"
)
"""The default columns. A file with `t` and `tq` carries their union, which is these: `tq` brings none of its own."""
_LINE_END: Final = "\r\n"
_DAY_S: Final = 86400
_HALF_LINE_EVERY: Final = 12
_SPECIAL = re.compile(r'[,"\r\n]')


def quoted(value: str) -> str:
    """`value` as an RFC 4180 field."""
    if not _SPECIAL.search(value):
        return value
    return '"' + value.replace('"', '""') + '"'


def stamp(at: int) -> str:
    """Host-local time without offset, as commands print it (the hosts' zone is +0000)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


class AccountingFile:
    """One `<acct-file>`: `acct.csv` becomes `acct-YYYY-MM-DD-NNNN.csv`, new at midnight and past `max_bytes`.

    Lines are gathered in memory and reach the disk with `flush`, unbuffered, so other processes see them at
    once. Now and then a flush leaves the last line half-written, as a real tail looks; the next one completes it.
    """

    def __init__(self, path: Path, max_bytes: int, rng: Random) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._rng = rng
        self._day = -1
        self._number = -1
        self._size = 0
        self._pending: list[str] = []
        self._rest = b""
        self.current: Path | None = None

    def add(self, at: int, line: str) -> None:
        """Append one record, without its line end, logged at `at`."""
        if at // _DAY_S != self._day or self._size >= self._max_bytes:
            self.rotate(at)
        self._pending.append(line)
        self._size += len(line) + len(_LINE_END)

    def rotate(self, at: int) -> None:
        """Close the present file and go on in the next one of the day of `at`."""
        self.flush(whole=True)
        day = at // _DAY_S
        self._number = self._number + 1 if day == self._day else 0
        self._day = day
        self.current = self._named()
        while self.current.exists():
            self._number += 1
            self.current = self._named()
        self._size = len(HEADER) + len(_LINE_END)
        self._pending.append(HEADER)

    def flush(self, *, whole: bool = False) -> None:
        """Bring what was added to the disk; unless `whole`, perhaps all but the end of the last line."""
        if self.current is None or not (self._pending or self._rest):
            return
        text = "".join(line + _LINE_END for line in self._pending)
        data = self._rest + text.encode()
        self._rest = b""
        if not whole and len(self._pending) > 1 and self._rng.randrange(_HALF_LINE_EVERY) == 0:
            cut = self._rng.randrange(2, 60)
            data, self._rest = data[:-cut], data[-cut:]
        self._pending.clear()
        with self.current.open("ab", buffering=0) as file:
            file.write(data)

    def _named(self) -> Path:
        name = f"{self._path.stem}-{stamp(self._day * _DAY_S)[:10]}-{max(self._number, 0):04d}{self._path.suffix}"
        return self._path.with_name(name)


class Ledger:
    """All accounting files of one host, by record type; a type that no file asks for is not written."""

    def __init__(self, sections: Sequence[Section], rng: Random) -> None:
        self._files: dict[str, AccountingFile] = {}
        for section in sections:
            file = AccountingFile(Path(section.name), size(section.last("max-size", "250M")), rng)
            self._files |= dict.fromkeys(section.last("records", "d,b").split(","), file)

    def write(self, at: int, record: str, line: str) -> None:
        file = self._files.get(record)
        if file is not None:
            file.add(at, line)

    def flush(self) -> None:
        for file in dict.fromkeys(self._files.values()):
            file.flush()

    def rotate(self, at: int) -> None:
        """Go on in new files now, as `pmta rotate acct` does."""
        for file in dict.fromkeys(self._files.values()):
            file.rotate(at)
