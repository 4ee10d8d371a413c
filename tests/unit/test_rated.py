"""A host of which only one half is known makes nobody's rate look better or worse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import Cell, Dim, HostFacts, HostHealth, JobCell, RollUp, Tally, Window
from bot.ports import NewRecords
from bot.services.rated import SETTLING, SOON, RatedTallies
from tests.fakes import ManualClock, MemoryFleetStore, MemoryTallyStore

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window.ending(NOON + timedelta(minutes=1), HOUR)
LONG_AGO = HostFacts(undeferred_since=NOON - 2 * HOUR)


def cell(host: str, ip: str, reply: str = "", isp: str = "gmail") -> Cell:
    return Cell(int(NOON.timestamp()) - 600, isp, host, ip, "v", reply)


@pytest.fixture
def fleet() -> MemoryFleetStore:
    return MemoryFleetStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def rated(fleet: MemoryFleetStore, clock: ManualClock) -> RatedTallies:
    tallies = MemoryTallyStore()
    cells = {
        cell("mta1", "ip1"): Tally(90),
        cell("mta1", "ip1", "421"): Tally(0, 10),
        cell("mta3", "ip3"): Tally(900),
        cell("mta3", "ip3", "550"): Tally(0, 0, 5),
        cell("mta3", "ip3", isp="yahoo"): Tally(70),
    }
    jobs = {
        JobCell(int(NOON.timestamp()) - 600, "gmail", "mta1", "c1"): Tally(90, 10),
        JobCell(int(NOON.timestamp()) - 600, "gmail", "mta3", "c1"): Tally(900),
        JobCell(int(NOON.timestamp()) - 600, "gmail", "mta3", "c3"): Tally(70),
    }
    tallies.commit("mta1", NewRecords(RollUp(cells, jobs), ()))
    return RatedTallies(tallies, fleet, clock, HOUR)


def test_everybody_counts_who_logs_deferrals(rated: RatedTallies, fleet: MemoryFleetStore) -> None:
    fleet.put_health(HostHealth("mta3", NOON, undeferred=10))
    assert rated.left_out() == frozenset()
    assert rated.totals(WINDOW, (Dim.ISP,)) == {("gmail",): Tally(990, 10, 5), ("yahoo",): Tally(70)}


def test_deliveries_of_a_host_without_t_records_are_left_out(rated: RatedTallies, fleet: MemoryFleetStore) -> None:
    fleet.put_health(HostHealth("mta3", NOON, undeferred=900, facts=LONG_AGO))
    assert rated.left_out() == {"mta3"}
    assert rated.totals(WINDOW, (Dim.ISP,)) == {("gmail",): Tally(90, 10, 5)}  # 10 %, not 1 %; bounces stay
    assert rated.totals(WINDOW, (Dim.HOST, Dim.REPLY), isp="gmail") == {
        ("mta1", ""): Tally(90),
        ("mta1", "421"): Tally(0, 10),
        ("mta3", "550"): Tally(0, 0, 5),
    }
    assert rated.totals(WINDOW, (), isp="gmail") == {(): Tally(90, 10, 5)}
    assert rated.totals(WINDOW, (Dim.JOB,), isp="gmail") == {("c1",): Tally(90, 10)}  # campaigns know their host too


def test_deferrals_of_a_host_without_d_records_are_left_out(rated: RatedTallies, fleet: MemoryFleetStore) -> None:
    fleet.put_health(HostHealth("mta1", NOON, facts=HostFacts(undelivered=900)))
    assert rated.left_out() == {"mta1"}
    assert rated.totals(WINDOW, (Dim.ISP,)) == {("gmail",): Tally(990, 0, 5), ("yahoo",): Tally(70)}


def test_a_host_is_left_out_from_its_first_counts_on(
    rated: RatedTallies, fleet: MemoryFleetStore, clock: ManualClock
) -> None:
    """The first look of a bot that has just been started meets hosts that are not read yet."""
    assert rated.left_out() == frozenset()
    fleet.put_health(HostHealth("mta1", NOON, facts=HostFacts(undelivered=900)))
    clock.advance(SOON)
    assert rated.left_out() == {"mta1"}
    clock.advance(SETTLING)
    assert rated.left_out() == {"mta1"}
    fleet.put_health(HostHealth("mta1", NOON, facts=HostFacts(delivers=True)))
    clock.advance(SOON)
    assert rated.left_out() == {"mta1"}  # from now on once a minute
    clock.advance(timedelta(minutes=1))
    assert rated.left_out() == frozenset()
