"""The life of an outage in virtual time: one however many hosts, told while it lasts, closed when it is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import HostFacts, HostHealth
from bot.core.outage import REOPEN_WITHIN, Outage, OutageMove, OutageState, Watched, next_outage
from bot.core.outage_news import timeline

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STALE = 5 * MINUTE
QUIET = (OutageMove.HOLD, OutageMove.REFRESH)


class Fleet:
    """Hosts that are read every 10 s unless they are `dead`. `live` returns what was decided, without the quiet."""

    def __init__(self, hosts: int = 3) -> None:
        self.now = NOON
        self.since = NOON
        self.hosts = [f"mta{n}" for n in range(1, hosts + 1)]
        self.dead: set[str] = set()
        self.error = "no answer within 10 s."
        self.health = {host: HostHealth(host, NOON) for host in self.hosts}
        self.outage: Outage | None = None
        self.lines: list[str] = []
        self.all_moves: list[OutageMove] = []

    def live(self, span: timedelta) -> list[OutageMove]:
        moves = []
        for _ in range(span // timedelta(seconds=10)):
            self.now += timedelta(seconds=10)
            for host in self.hosts:
                self.poll(host)
            moves.append(self.look())
        return [move for move in moves if move not in QUIET]

    def poll(self, host: str) -> None:
        before = self.health.get(host, HostHealth(host, None))
        if host in self.dead:
            self.health[host] = replace(before, error=self.error, failing_since=before.failing_since or self.now)
        else:
            self.health[host] = HostHealth(host, self.now, facts=before.facts)

    def look(self) -> OutageMove:
        before = self.outage
        move, after = next_outage(before, Watched(self.hosts, self.health, self.now, self.since, STALE))
        if move is OutageMove.OPEN and after is not None:
            after = replace(after, id=1 if before is None else before.id + 1)
            before = None
        if after is not None and move is not OutageMove.HOLD:
            self.lines += timeline(before, after)
            self.outage = after
        self.all_moves.append(move)
        return move

    def dark(self) -> list[str]:
        return [host.host for host in self.outage.dark] if self.outage else []


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


def known(fleet: Fleet) -> Outage:
    assert fleet.outage is not None
    return fleet.outage


def test_one_host_that_goes_dark_and_comes_back(fleet: Fleet) -> None:
    fleet.live(MINUTE)
    fleet.dead = {"mta2"}
    assert fleet.live(STALE) == []  # five minutes are not over
    assert fleet.live(MINUTE / 6) == [OutageMove.OPEN]
    opened = known(fleet)
    assert [(host.host, host.since, host.error) for host in opened.dark] == [("mta2", NOON + MINUTE, fleet.error)]
    assert (opened.fleet, opened.all_dark) == (3, False)
    fleet.dead = set()
    assert fleet.live(MINUTE) == [OutageMove.RESOLVE]
    over = known(fleet)
    assert (over.state, over.hosts[0].lasted) == (OutageState.RESOLVED, STALE + timedelta(seconds=20))
    assert fleet.lines == [
        "`mta2` is dark",
        "`mta2` is read again after 5 min",
        "no host is dark any more, outage closed",
    ]


def test_hosts_that_go_down_together_are_named_at_once_though_they_are_polled_apart(fleet: Fleet) -> None:
    fleet.health["mta1"] = HostHealth("mta1", NOON + timedelta(seconds=9))
    fleet.health["mta2"] = HostHealth("mta2", NOON + timedelta(seconds=1))
    fleet.dead = {"mta1", "mta2"}
    fleet.live(2 * STALE)
    assert [move for move in fleet.all_moves if move not in QUIET] == [OutageMove.OPEN]
    assert fleet.lines == ["`mta1`, `mta2` are dark"]


def test_a_host_that_follows_later_changes_the_same_outage(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    assert fleet.live(7 * MINUTE) == [OutageMove.OPEN]
    fleet.dead = {"mta1", "mta3"}
    assert fleet.live(7 * MINUTE) == [OutageMove.CHANGE]
    fleet.dead = {"mta3"}
    assert fleet.live(MINUTE) == [OutageMove.CHANGE]
    assert (fleet.dark(), known(fleet).id) == (["mta3"], 1)
    fleet.dead = set()
    assert fleet.live(MINUTE) == [OutageMove.RESOLVE]
    assert [host.host for host in known(fleet).hosts] == ["mta1", "mta3"]


def test_all_dark_is_said(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    fleet.live(7 * MINUTE)
    fleet.dead = set(fleet.hosts)
    fleet.live(7 * MINUTE)
    assert known(fleet).all_dark
    assert fleet.lines[-1].startswith("no host is read now: no rate is true")


def test_the_numbers_are_brought_up_to_date_by_the_minute_and_later_less(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    fleet.live(65 * MINUTE)
    fleet.all_moves.clear()
    fleet.live(60 * MINUTE)
    assert fleet.all_moves.count(OutageMove.REFRESH) == 6
    young = Fleet()
    young.dead = {"mta1"}
    young.live(15 * MINUTE)
    assert young.all_moves.count(OutageMove.REFRESH) == 9


def test_a_host_that_catches_up_is_dark_until_everything_is_counted(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    fleet.live(7 * MINUTE)
    behind = replace(fleet.health["mta1"], error="catching up, 9 MiB of accounting are still to be read")
    fleet.health["mta1"] = replace(behind, behind_at=fleet.now)
    assert fleet.look() is OutageMove.CHANGE
    (host,) = known(fleet).dark
    assert (host.behind, host.error) == (True, behind.error)
    assert fleet.look() is OutageMove.HOLD
    fleet.dead = set()
    assert fleet.live(MINUTE / 6) == [OutageMove.RESOLVE]


def test_a_long_first_backlog_is_no_outage() -> None:
    fleet = Fleet(1)
    fleet.health = {"mta1": HostHealth("mta1", None, error="catching up", behind_at=NOON + 9 * MINUTE)}
    fleet.now = NOON + 9 * MINUTE
    assert fleet.look() is OutageMove.HOLD


def test_a_host_that_never_reaches_the_end_of_its_backlog_is_told(fleet: Fleet) -> None:
    """It answers, and what it sends is in no rate all the same."""

    def poll(minute: int) -> OutageMove:
        fleet.now = NOON + minute * MINUTE
        fleet.health = {host: HostHealth(host, fleet.now) for host in fleet.hosts}
        busy = HostHealth("mta1", NOON, error="catching up", behind_at=fleet.now, behind_since=NOON + MINUTE)
        fleet.health["mta1"] = busy
        return fleet.look()

    assert {poll(minute) for minute in range(1, 17)} == {OutageMove.HOLD}
    assert poll(17) is OutageMove.OPEN
    assert known(fleet).dark[0].behind
    assert poll(18) in QUIET


def test_a_host_that_was_never_read_is_dark_after_as_long(fleet: Fleet) -> None:
    fleet.hosts.append("mta4")
    fleet.dead = {"mta4"}
    fleet.live(STALE)
    assert fleet.outage is None
    fleet.live(MINUTE)
    assert [(host.host, host.since) for host in known(fleet).dark] == [("mta4", None)]
    fleet.dead = set()
    assert fleet.live(MINUTE) == [OutageMove.RESOLVE]
    assert known(fleet).hosts[0].lasted is None
    assert "`mta4` is read again" in fleet.lines


def test_polls_that_never_end_are_dark_too(fleet: Fleet) -> None:
    """Nothing failed in words, the data is missing all the same."""
    fleet.now += STALE + MINUTE
    assert fleet.look() is OutageMove.OPEN
    assert {host.error for host in known(fleet).dark} == {""}


def test_a_start_after_a_long_stop_waits_for_the_first_polls(fleet: Fleet) -> None:
    fleet.now = fleet.since = NOON + timedelta(hours=3)
    assert fleet.look() is OutageMove.HOLD
    assert fleet.live(2 * STALE) == []


def test_a_restart_neither_closes_nor_opens_anew(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    fleet.live(7 * MINUTE)
    fleet.since = fleet.now
    assert fleet.live(3 * STALE) == []
    fleet.dead = set()
    assert fleet.live(MINUTE) == [OutageMove.RESOLVE]


def test_a_host_taken_out_of_the_configuration_ends_its_part(fleet: Fleet) -> None:
    fleet.dead = {"mta1", "mta2"}
    fleet.live(7 * MINUTE)
    fleet.hosts.remove("mta1")
    assert fleet.live(MINUTE) == [OutageMove.CHANGE]
    assert (fleet.dark(), known(fleet).fleet, known(fleet).all_dark) == (["mta2"], 2, False)
    fleet.hosts.remove("mta2")
    assert fleet.live(MINUTE) == [OutageMove.RESOLVE]
    assert all(host.dropped and not host.gaps for host in known(fleet).hosts)
    assert "`mta1` is no longer configured" in fleet.lines


def test_what_could_not_be_read_at_the_return_is_kept(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    fleet.live(7 * MINUTE)
    fleet.health["mta1"] = replace(fleet.health["mta1"], facts=HostFacts(gaps=("no permission to read /a/diag.csv",)))
    fleet.dead = set()
    fleet.live(MINUTE)
    assert known(fleet).hosts[0].gaps == "no permission to read /a/diag.csv"


def test_a_host_that_is_soon_dark_again_is_the_same_outage(fleet: Fleet) -> None:
    fleet.dead = {"mta1"}
    fleet.live(10 * MINUTE)
    fleet.dead = set()
    fleet.live(3 * MINUTE)
    fleet.dead = {"mta1"}
    assert fleet.live(10 * MINUTE) == [OutageMove.REOPEN]
    fleet.dead = set()
    fleet.live(MINUTE)
    over = known(fleet)
    assert (over.id, over.state, len(over.hosts)) == (1, OutageState.RESOLVED, 1)
    assert over.hosts[0].lasted is not None
    assert 20 * MINUTE <= over.hosts[0].lasted <= 21 * MINUTE


@pytest.mark.parametrize(
    ("calm", "again"),
    [
        (REOPEN_WITHIN + MINUTE, "mta1"),  # too long ago
        (MINUTE, "mta2"),  # another host
    ],
)
def test_other_trouble_is_another_outage(fleet: Fleet, calm: timedelta, again: str) -> None:
    fleet.dead = {"mta1"}
    fleet.live(10 * MINUTE)
    fleet.dead = set()
    fleet.live(calm)
    fleet.dead = {again}
    assert fleet.live(10 * MINUTE) == [OutageMove.OPEN]
    assert known(fleet).id == 2


def test_a_storm_is_one_outage_with_short_lines() -> None:
    fleet = Fleet(200)
    fleet.dead = set(fleet.hosts[:150])
    fleet.live(7 * MINUTE)
    assert [move for move in fleet.all_moves if move not in QUIET] == [OutageMove.OPEN]
    assert fleet.lines == [
        "`mta1`, `mta2`, `mta3`, `mta4`, `mta5`, `mta6`, `mta7`, `mta8` and 142 more are dark",
    ]


Steps = st.lists(st.tuples(st.sets(st.sampled_from(["mta1", "mta2", "mta3"])), st.integers(1, 40)), max_size=12)


@given(Steps)
def test_whatever_dies_and_returns_what_is_told_is_true(steps: list[tuple[set[str], int]]) -> None:
    """At every look: who is told to be dark has no fresh data, who has none for long is told, one outage at a time."""
    fleet = Fleet()
    states: list[OutageMove] = []
    for dead, tens in steps:
        fleet.dead = dead
        for _ in range(tens):
            states += fleet.live(timedelta(seconds=10))
            told = set(fleet.dark())
            ages = {host: fleet.now - (fleet.health[host].polled_at or NOON) for host in fleet.hosts}
            assert {host for host in fleet.hosts if ages[host] > STALE} <= told
            assert all(ages[host] > timedelta(0) for host in told)
            assert (fleet.outage is not None and fleet.outage.state is OutageState.OPEN) == bool(told)
    begun = sum(move in (OutageMove.OPEN, OutageMove.REOPEN) for move in states)
    assert begun - states.count(OutageMove.RESOLVE) in (0, 1)
