"""A host whose clock is wrong gives the same tallies per minute as one whose clock is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.model import Dim, Tally, Window
from bot.errors import CommandFailed
from bot.pmta.files import FollowedFiles
from bot.services.poll import CLOCK_EVERY, Poll
from tests.accounting_rows import row
from tests.fakes import ManualClock, MemoryFleetStore, MemoryTallyStore
from tests.followed_host import HEAD, ISPS
from tests.local_shell import LocalShell

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ZONE = timedelta(hours=1)
FORMS: dict[str, Callable[[datetime], str]] = {
    "with offset": lambda at: f"{at:%Y-%m-%d %H:%M:%S}+0000",
    "local": lambda at: f"{at + ZONE:%Y-%m-%d %H:%M:%S}",
    "epoch": lambda at: f"{int(at.timestamp())}",
}


class WrongHost:
    """A real folder, and a PMTA an hour east of us whose clock is `skew` ahead; what it logs has its own times."""

    def __init__(self, folder: Path, form: str, skew: timedelta) -> None:
        folder.mkdir()
        self.clock = ManualClock(NOON)
        self.skew = skew
        self._path = folder / "acct-1.csv"
        self._path.write_text(HEAD)
        self._form = FORMS[form]
        self._local = LocalShell()
        self.tallies, self.fleet = MemoryTallyStore(), MemoryFleetStore()
        files = FollowedFiles(self, {"mta1": (f"{folder}/acct-*.csv",)}, ISPS, self.clock)
        self._poll = Poll(shell=self, reader=files, tallies=self.tallies, fleet=self.fleet, clock=self.clock)

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        if argv[:3] == ("pmta", "--dom", "show") and "status" in argv:
            return f'status.timeNow="{self.clock.now() + ZONE + self.skew:%Y-%m-%d %H:%M:%S}"\n'.encode()
        if argv[0] == "pmta":
            raise CommandFailed(host, "no such command.", status=1, said="")
        return self._local.run(host, argv, timeout_s=timeout_s, limit=limit)

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        with self._local.stream(host, argv, timeout_s=timeout_s, limit=limit) as output:
            yield output

    def log(self, every: timedelta, span: timedelta) -> None:
        """Mail at these distances up to now, every seventh deferred."""
        start = self.clock.now() - span
        with self._path.open("a") as file:
            for n in range(span // every):
                at = self._form(start + n * every + self.skew)
                file.write(row("t" if n % 7 == 0 else "d", at))

    def live(self, every: timedelta, span: timedelta) -> None:
        self.clock.advance(span)
        self.log(every, span)
        self._poll.host("mta1")

    def by_minute(self) -> dict[tuple[str, ...], Tally]:
        window = Window.ending(self.clock.now() + timedelta(hours=2), timedelta(hours=6))
        return self.tallies.totals(window, (Dim.MINUTE,))


def lived(host: WrongHost) -> WrongHost:
    """A first start on an hour of mail, which is read by columns, then poll by poll over several looks at the clock."""
    host.log(timedelta(seconds=1), timedelta(hours=1))
    for _ in range(12):
        host.live(timedelta(seconds=2.5), CLOCK_EVERY / 4)
    return host


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("skew_s", [90, -100, 7, 400])
def test_a_wrong_clock_gives_the_same_tallies_as_a_right_one(tmp_path: Path, form: str, skew_s: int) -> None:
    wrong = lived(WrongHost(tmp_path / "wrong", form, timedelta(seconds=skew_s)))
    right = lived(WrongHost(tmp_path / "right", form, timedelta(0)))
    assert wrong.by_minute() == right.by_minute()
    assert sum(tally.attempts for tally in right.by_minute().values()) == 3600 + 12 * 30
    (health,) = wrong.fleet.health()
    assert health.facts.skew_s == skew_s
    assert health.newest_record is not None
    assert health.newest_record <= wrong.clock.now()


def test_a_clock_that_is_set_right_is_no_longer_corrected(tmp_path: Path) -> None:
    host = WrongHost(tmp_path / "host", "epoch", timedelta(seconds=90))
    host.live(timedelta(seconds=1), timedelta(minutes=2))
    host.skew = timedelta(0)
    host.live(timedelta(seconds=1), CLOCK_EVERY)
    minutes = {int(minute): tally.attempts for (minute,), tally in host.by_minute().items()}
    first = int(NOON.timestamp())
    assert minutes == {first + 60 * n: 60 for n in range(7)}
