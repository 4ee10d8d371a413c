"""What a poll makes of time: the host's clock and zone, and a backlog without an end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.health import LONGEST_BACKLOG
from bot.core.model import Tally
from bot.errors import CommandFailed, HostError
from bot.playbook.commands import local_time, show_status
from bot.services.poll import CLOCK_EVERY, ROUNDS
from tests.unit.test_poll import NOON, Rig, batch


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_no_files_and_a_wrong_clock_are_said(rig: Rig) -> None:
    rig.poll.host("mta1")
    assert "no accounting file" in rig.line()[2]
    rig.files.batches = [batch(at=NOON + timedelta(hours=1))]
    rig.poll.host("mta1")
    assert "1 h ahead" in rig.line()[2]


def test_a_clock_that_was_set_right_is_no_longer_said_to_be_wrong(rig: Rig) -> None:
    rig.files.batches = [batch(at=NOON + timedelta(days=9)), batch(at=NOON)]
    rig.poll.host("mta1")
    rig.poll.host("mta1")
    assert rig.line()[2] == ""
    rig.poll.host("mta1")  # nothing new
    assert rig.fleet.health()[0].newest_record == NOON


def test_the_zone_of_a_host_goes_to_its_reader_and_is_asked_for_now_and_then(rig: Rig) -> None:
    rig.shell.answer("mta1", show_status(), 'status.timeNow="2026-11-20 08:30:00"\n')
    for _ in range(3):
        rig.poll.host("mta1")
    assert rig.files.zones == [(timedelta(hours=-3, minutes=-30), read_at) for read_at in (None, NOON, NOON)]
    asked = [argv for _, argv in rig.shell.calls if argv == show_status()]
    assert len(asked) == 1
    rig.shell.answer("mta1", show_status(), 'status.timeNow="2026-11-20 09:35:00"\n')  # summer time
    rig.clock.advance(CLOCK_EVERY)
    rig.poll.host("mta1")
    assert rig.files.zones[-1][0] == timedelta(hours=-2, minutes=-30)


def test_the_zone_is_asked_for_again_when_it_may_have_changed(rig: Rig) -> None:
    """Summer time begins and ends with a quarter of an hour: times without an offset would be an hour wrong."""
    rig.clock.advance(timedelta(minutes=59))
    rig.shell.answer("mta1", show_status(), 'status.timeNow="2026-11-20 13:59:00"\n')
    rig.poll.host("mta1")
    rig.clock.advance(timedelta(minutes=1))
    rig.shell.answer("mta1", show_status(), 'status.timeNow="2026-11-20 15:00:00"\n')
    rig.poll.host("mta1")
    assert rig.files.zones[-1][0] == timedelta(hours=2)


@pytest.mark.parametrize("status", [CommandFailed("mta1", "pmtad is not running", status=1, said=""), ""])
def test_a_host_whose_pmta_is_down_still_knows_what_time_it_is(rig: Rig, status: str | HostError) -> None:
    rig.shell.answer("mta1", show_status(), status)
    rig.shell.answer("mta1", local_time(), "2026-11-20 14:00:00\n")
    rig.poll.host("mta1")
    assert rig.files.zones == [(timedelta(hours=2), None)]


def test_a_host_that_does_not_tell_its_time_is_polled_all_the_same(rig: Rig) -> None:
    rig.shell.answer("mta1", show_status(), "## maintenance ##")
    rig.files.batches = [batch()]
    rig.poll.host("mta1")
    assert rig.counted() == Tally(10, 1)
    assert rig.files.zones == [(timedelta(0), None)]
    assert rig.line()[2].startswith("its zone is not known")


def test_a_wrong_clock_is_corrected_from_the_first_record_on(rig: Rig) -> None:
    rig.shell.answer("mta1", show_status(), 'status.timeNow="2026-11-20 13:01:30"\n')
    rig.poll.host("mta1")
    assert rig.files.zones == [(timedelta(hours=1), None)]
    assert rig.files.skews == [timedelta(seconds=90)]
    rig.shell.answer("mta1", show_status(), 'status.timeNow="2026-11-20 13:05:00"\n')  # set right
    rig.clock.advance(CLOCK_EVERY)
    rig.poll.host("mta1")
    assert rig.files.skews[-1] == timedelta(0)
    assert [argv for _, argv in rig.shell.calls].count(show_status()) == 3


def test_a_backlog_without_an_end_does_not_leave_the_fleet_without_rates(rig: Rig) -> None:
    """Whoever is always behind counts as a host without data: the others are judged again."""
    rig.poll.host("mta1")
    fallen_behind = rig.clock.now()
    while rig.clock.now() - fallen_behind <= LONGEST_BACKLOG:
        rig.files.batches = [batch(waiting=9 << 20) for _ in range(ROUNDS)]
        rig.poll.host("mta1")
        assert rig.line()[1]
        rig.clock.advance(timedelta(minutes=1))
    rig.files.batches = [batch(waiting=9 << 20) for _ in range(ROUNDS)]
    rig.poll.host("mta1")
    assert rig.line()[:2] == ("no data for 16 min: catching up, 9 MiB of accounting are still to be read", False)
    rig.poll.host("mta1")
    assert rig.line()[:2] == ("", False)
    rig.files.batches = [batch(waiting=9 << 20) for _ in range(ROUNDS)]
    rig.poll.host("mta1")
    assert rig.line()[1]  # another one
