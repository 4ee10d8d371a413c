"""One host's accounting folder on this machine, polled with the sh scripts that run on a host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.model import FilePosition, RollUp, Tally
from bot.core.rollup import add_up
from bot.pmta.files import FollowedFiles
from tests.accounting_rows import SHORT, shipped_isps
from tests.local_shell import LocalShell

ISPS = shipped_isps()
NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
HEAD = SHORT + "\r\n"


class FixedClock:
    def now(self) -> datetime:
        return NOW


class Host:
    """`gaps` are those of the last poll."""

    def __init__(self, folder: Path, shell: LocalShell | None = None, poll_bytes: int = 64 << 20) -> None:
        self.folder = folder
        self.shell = shell or LocalShell()
        self._poll_bytes = poll_bytes
        self.zone = timedelta(0)
        self.globs("acct-*.csv", "diag*.csv", "old dir/*.csv", "*.gz")
        self.positions: tuple[FilePosition, ...] = ()
        self.parts: list[RollUp] = []
        self.gaps: tuple[str, ...] = ()

    def globs(self, *globs: str) -> None:
        """Follow what matches, in place of what was followed."""
        wanted = {"mta1": tuple(f"{self.folder}/{glob}" for glob in globs)}
        self.files = FollowedFiles(self.shell, wanted, ISPS, FixedClock(), poll_bytes=self._poll_bytes)

    def write(self, name: str, text: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def poll(self) -> RollUp:
        new = self.files.read_new("mta1", self.positions, utc_offset=self.zone)
        self.positions = new.positions
        self.gaps = new.gaps
        self.parts.append(new.roll_up)
        return new.roll_up

    @property
    def total(self) -> RollUp:
        return add_up(self.parts)


def tally(rolled: RollUp) -> Tally:
    """All counts of a roll-up in one."""
    return sum(rolled.cells.values(), Tally())
