"""One look at one host: counts and queues are read apart, and half a backlog is no rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.breaker import FAILURES
from bot.core.health import UNDEFERRED, host_line
from bot.core.model import Cell, Dim, FilePosition, HostFacts, HostHealth, RollUp, Tally, Window
from bot.errors import CommandFailed, HostError, HostKeyRefused, HostUnreachable, LoginRefused
from bot.playbook.commands import as_table, show_queues, show_status, show_vmtas
from bot.ports import NewRecords
from bot.services.poll import SHOW_LIMIT, Poll
from tests.fakes import ManualClock, MemoryFleetStore, MemoryTallyStore, ScriptedShell

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STALE = timedelta(minutes=5)
QUEUE = 'queue[{n}].name="gmail.com/v{n}"\nqueue[{n}].rcp="9"\nqueue[{n}].kb="1.0"\nqueue[{n}].conn="1"\n'
STATE = 'queue[{n}].paused="no"\nqueue[{n}].mode="normal"\n'
FILE = FilePosition("/var/log/pmta/acct-1.csv", 7, 100, "type,timeLogged")

PMTA = Path(__file__).parents[1] / "data" / "pmta"


class Files:
    """`ports.AccountingReader` that hands out what the test puts in `batches`, then nothing new."""

    def __init__(self) -> None:
        self.batches: list[NewRecords | HostError] = []
        self.asked = 0
        self.zones: list[tuple[timedelta, datetime | None]] = []
        self.skews: list[timedelta] = []

    def read_new(
        self,
        host: str,
        positions: Sequence[FilePosition],
        *,
        utc_offset: timedelta = timedelta(0),
        skew: timedelta = timedelta(0),
        since: datetime | None = None,
    ) -> NewRecords:
        del host
        self.asked += 1
        self.zones.append((utc_offset, since))
        self.skews.append(skew)
        batch = self.batches.pop(0) if self.batches else NewRecords(RollUp(), tuple(positions))
        if isinstance(batch, HostError):
            raise batch
        return batch


class Tallies(MemoryTallyStore):
    """Remembers what was known of the hosts whenever counts came in."""

    def __init__(self, fleet: MemoryFleetStore) -> None:
        super().__init__()
        self.seen_meanwhile: list[HostHealth] = []
        self._fleet = fleet

    def commit(self, host: str, records: NewRecords) -> None:
        super().commit(host, records)
        self.seen_meanwhile += [health for health in self._fleet.health() if health.host == host]


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.fleet = MemoryFleetStore()
        self.tallies = Tallies(self.fleet)
        self.files = Files()
        text = "".join((QUEUE + STATE).format(n=n) for n in range(2)) + 'totalQueuesWithRcp="2"\n'
        self.shell = ScriptedShell({show_queues(): text, show_vmtas(): "", show_status(): self._status})
        self.poll = Poll(shell=self.shell, reader=self.files, tallies=self.tallies, fleet=self.fleet, clock=self.clock)

    def _status(self, _host: str, _argv: tuple[str, ...]) -> bytes:
        return f'status.timeNow="{self.clock.now():%Y-%m-%d %H:%M:%S}"\n'.encode()

    def counted(self) -> Tally:
        window = Window.ending(self.clock.now() + timedelta(hours=1), timedelta(hours=9))
        return self.tallies.totals(window, (Dim.ISP,)).get(("gmail",), Tally())

    def line(self) -> tuple[str, bool, str]:
        (health,) = self.fleet.health()
        line = host_line("mta1", health, self.clock.now(), STALE)
        return line.trouble, line.behind, line.warning


@pytest.fixture
def rig() -> Rig:
    return Rig()


def batch(
    delivered: int = 10, deferred: int = 1, *, at: datetime = NOON, waiting: int = 0, files: bool = True
) -> NewRecords:
    cell = Cell(int(at.timestamp()), "gmail", "mta1", "192.0.2.1", "v0", "")
    roll_up = RollUp({cell: Tally(delivered, deferred)}, rows=delivered + deferred, newest=at)
    return NewRecords(roll_up, (FILE,) if files else (), waiting)


def test_counts_and_queues_are_kept(rig: Rig) -> None:
    rig.files.batches = [batch()]
    health = rig.poll.host("mta1")
    assert replace(health, facts=HostFacts()) == HostHealth("mta1", NOON, NOON, 0, queues_at=NOON)
    assert rig.counted() == Tally(10, 1)
    assert [queue.name for queue in rig.fleet.snapshots()[0].queues] == ["gmail.com/v0", "gmail.com/v1"]
    assert rig.line() == ("", False, "")


@pytest.mark.parametrize(
    "said", [HostUnreachable("mta1", "no answer"), CommandFailed("mta1", "no", status=1, said=""), "## maint ##"]
)
def test_counts_are_kept_and_fresh_though_show_fails(rig: Rig, said: HostError | str) -> None:
    rig.poll.host("mta1")
    rig.shell.answer("mta1", show_queues(), said)
    rig.clock.advance(timedelta(minutes=6))
    rig.files.batches = [batch()]
    health = rig.poll.host("mta1")
    assert rig.counted() == Tally(10, 1)
    assert (health.polled_at, health.newest_record, health.error) == (rig.clock.now(), NOON, "")
    trouble, _, warning = rig.line()
    assert not trouble
    assert warning.startswith("its queues cannot be read")
    assert "mta1:" not in warning  # who shows it names the host


def test_a_version_without_dom_is_read_from_its_tables(rig: Rig) -> None:
    unknown = CommandFailed("mta1", "unknown option --dom", status=1, said="unknown option")
    for argv, file in ((show_queues(), "show-queues.txt"), (show_vmtas(), "show-vmtas.txt")):
        rig.shell.answer("mta1", argv, unknown)
        rig.shell.answer("mta1", as_table(argv), (PMTA / file).read_text())
    for _ in range(2):
        assert rig.poll.host("mta1").queues_error == ""
    (snapshot,) = rig.fleet.snapshots()
    assert [queue.name for queue in snapshot.queues][:2] == ["gmail.com/gmail-ip-1", "gmail.com/gmail-ip-2"]
    assert rig.shell.calls.count(("mta1", show_queues())) == 1  # once is enough to know


def test_queues_are_kept_though_the_accounting_cannot_be_read(rig: Rig) -> None:
    rig.files.batches = [HostError("mta1", "no permission to read /var/log/pmta/acct-1.csv.")]
    health = rig.poll.host("mta1")
    assert (health.error, health.polled_at) == ("no permission to read /var/log/pmta/acct-1.csv.", None)
    assert (health.queues_at, len(rig.fleet.snapshots()[0].queues)) == (NOON, 2)


def test_a_host_that_cannot_be_entered_is_not_asked_for_its_queues(rig: Rig) -> None:
    """It would only hold the thread once more as long."""
    rig.files.batches = [HostUnreachable("mta1", "no answer within 10 s.")]
    rig.poll.host("mta1")
    assert rig.shell.calls == [("mta1", show_status())]


def test_a_backlog_is_read_in_one_go_and_no_rate_meanwhile(rig: Rig) -> None:
    rig.files.batches = [batch(0, 50, waiting=5 << 20), batch(500, 0, waiting=1), batch(450, 0)]
    health = rig.poll.host("mta1")
    assert rig.files.asked == 3
    assert rig.counted() == Tally(950, 50)
    lines = [host_line("mta1", seen, NOON, STALE) for seen in rig.tallies.seen_meanwhile]
    assert [(line.behind, "still to be read" in line.trouble) for line in lines] == [(True, True)] * 3
    assert (health.polled_at, health.error, health.behind_at) == (NOON, "", None)


def test_a_backlog_that_is_cut_off_blinds_for_a_while_only(rig: Rig) -> None:
    rig.files.batches = [batch(0, 50, waiting=5 << 20), HostUnreachable("mta1", "no answer within 10 s.")]
    rig.poll.host("mta1")
    assert rig.line() == ("no answer within 10 s.", True, "")
    rig.clock.advance(STALE + timedelta(seconds=1))
    assert rig.line() == ("no answer within 10 s.", False, "")


def test_trouble_is_told_with_its_full_age(rig: Rig) -> None:
    rig.poll.host("mta1")
    rig.clock.advance(timedelta(hours=25))
    assert rig.line()[0] == "no data for 1 d 1 h"
    rig.files.batches = [HostUnreachable("mta1", "no answer within 10 s.")]
    rig.poll.host("mta1")
    assert rig.line()[0] == "no data for 1 d 1 h: no answer within 10 s."


def test_deferrals_that_are_not_logged_are_said(rig: Rig) -> None:
    rig.files.batches = [batch(UNDEFERRED - 1, 0)]
    rig.poll.host("mta1")
    assert rig.line()[2] == ""
    rig.files.batches = [batch(1, 0)]
    rig.poll.host("mta1")
    assert "deferrals are not being logged" in rig.line()[2]
    rig.files.batches = [batch(10, 1)]
    rig.poll.host("mta1")
    assert rig.line()[2] == ""


def test_a_long_list_of_queues_is_not_too_long(rig: Rig) -> None:
    many = "".join((QUEUE + STATE).format(n=n) for n in range(60_000)) + 'totalQueuesWithRcp="60000"\n'
    assert 8 << 20 < len(many) < SHOW_LIMIT // 4
    rig.shell.answer("mta1", show_queues(), many)
    rig.poll.host("mta1")
    snapshot = rig.fleet.snapshots()[0]
    assert (len(snapshot.queues), snapshot.complete) == (60_000, True)


def test_health_of_an_unknown_host_is_no_rate() -> None:
    line = host_line("mta9", None, NOON, STALE)
    assert (line.age_s, line.trouble) == (None, "not read yet")
    refused = replace(HostHealth("mta9", None), error="login refused")
    assert host_line("mta9", refused, NOON, STALE).trouble == "login refused"


def test_what_could_not_be_read_is_told_and_what_could_is_counted(rig: Rig) -> None:
    rig.files.batches = [replace(batch(), gaps=("no permission to read /var/log/pmta/diag.csv",))]
    rig.poll.host("mta1")
    assert rig.counted() == Tally(10, 1)
    assert rig.line() == ("", False, "no permission to read /var/log/pmta/diag.csv")
    rig.poll.host("mta1")
    assert "permission" not in rig.line()[2]


DEAD = HostUnreachable("mta1", "no answer within 10 s.")


def polls(rig: Rig, seconds: int) -> int:
    """How often the host is tried when it is polled every 10 s."""
    before = rig.files.asked
    for _ in range(seconds // 10):
        rig.poll.host("mta1")
        rig.clock.advance(timedelta(seconds=10))
    return rig.files.asked - before


@pytest.mark.parametrize("error", [DEAD, HostKeyRefused("mta1", "other key."), LoginRefused("mta1", "no key fits.")])
def test_a_host_that_cannot_be_entered_is_left_alone_for_a_while(
    rig: Rig, error: HostError, caplog: pytest.LogCaptureFixture
) -> None:
    rig.poll.host("mta1")
    rig.files.batches = [error] * 100
    assert polls(rig, 30) == FAILURES
    assert polls(rig, 600) == 11  # after 20, 40, then every 60 s
    (health,) = rig.fleet.health()
    assert (health.error, health.polled_at, health.failing_since) == (error.sentence, NOON, NOON)
    assert [record.action for record in caplog.records] == ["poll_failed", "host_rests"]  # type: ignore[attr-defined]


def test_a_poll_of_a_host_that_is_left_alone_costs_nothing(rig: Rig) -> None:
    rig.shell.answer("mta1", show_status(), DEAD)
    polls(rig, 30)
    calls = len(rig.shell.calls)
    rig.poll.host("mta1")
    assert len(rig.shell.calls) == calls


def test_a_host_that_answers_again_is_read_at_once_and_catches_up(rig: Rig) -> None:
    rig.files.batches = [DEAD] * FAILURES
    polls(rig, 30)
    rig.files.batches = [batch(0, 50, waiting=5 << 20), batch(950, 0)]
    rig.clock.advance(timedelta(seconds=10))
    health = rig.poll.host("mta1")
    assert (health.polled_at, health.error, health.failing_since) == (rig.clock.now(), "", None)
    assert rig.counted() == Tally(950, 50)
    assert polls(rig, 30) == 3  # closed again


def test_files_that_cannot_be_read_are_tried_with_every_poll(rig: Rig) -> None:
    """The host answers: only what is on it is wrong, and its queues are still worth a look."""
    rig.files.batches = [HostError("mta1", "no permission to read /var/log/pmta/acct-1.csv.")] * 9
    assert polls(rig, 90) == 9


def test_one_host_that_is_left_alone_leaves_no_other_alone(rig: Rig) -> None:
    rig.files.batches = [DEAD] * FAILURES
    polls(rig, 30)
    assert rig.poll.host("mta2").polled_at == rig.clock.now()


def test_no_round_begins_when_half_of_the_time_is_over(rig: Rig) -> None:
    @contextmanager
    def limit(_host: str) -> Iterator[Callable[[], bool]]:
        yield lambda: rig.files.asked >= 2

    poll = Poll(
        shell=rig.shell, reader=rig.files, tallies=rig.tallies, fleet=rig.fleet, clock=rig.clock, time_limit=limit
    )
    rig.files.batches = [batch(waiting=2 << 20), batch(waiting=1 << 20), batch()]
    health = poll.host("mta1")
    assert (rig.counted(), health.polled_at) == (Tally(20, 2), None)
    assert rig.line()[:2] == ("catching up, 1 MiB of accounting are still to be read", True)
    assert poll.host("mta1").polled_at == NOON  # the next poll goes on
    assert rig.counted() == Tally(30, 3)
