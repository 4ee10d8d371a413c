"""What a host's files and clock show of themselves, and what people are told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.facts import (
    UNLOGGED_FROM,
    correction,
    in_doubt,
    learn,
    oddities,
    told_time,
    undelivered,
    unlogged,
)
from bot.core.health import counted, host_line
from bot.core.model import BadRows, Cell, FilePosition, HostFacts, HostHealth, RollUp, Tally

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FULL = FilePosition("/a/acct-1.csv", 1, 99, "type,timeLogged,dlvSourceIp,VMTA")
BARE = FilePosition("/a/diag-1.csv", 2, 99, "type,timeLogged,rcpt")


def rolled(
    delivered: int = 0, deferred: int = 0, at: datetime = NOON, **more: dict[str, int] | dict[str, str]
) -> RollUp:
    cell = Cell(int(at.timestamp()), "gmail", "mta1", "", "", "")
    return RollUp({cell: Tally(delivered, deferred)}, newest=at, **more)  # type: ignore[arg-type]


def health(*batches: RollUp, positions: tuple[FilePosition, ...] = (FULL,)) -> HostHealth:
    """A host after these batches."""
    now = HostHealth("mta1", None)
    for batch in batches:
        facts = learn(now.facts, batch, positions, (), NOON)
        now = counted(HostHealth("mta1", None, undeferred=now.undeferred, facts=facts), batch, NOON, files=True)
    return now


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([rolled(UNLOGGED_FROM, 0, NOON - HOUR)], True),
        ([rolled(UNLOGGED_FROM - 1, 0, NOON - HOUR)], False),  # too few to prove anything
        ([rolled(UNLOGGED_FROM, 0, NOON - HOUR / 2)], False),  # not the whole window
        ([rolled(UNLOGGED_FROM, 1, NOON - HOUR)], False),
        ([rolled(1, 1, NOON - 3 * HOUR), rolled(UNLOGGED_FROM, 0, NOON - HOUR)], False),  # it does log them
        ([rolled(1, 1, NOON - 30 * HOUR), rolled(UNLOGGED_FROM, 0, NOON - HOUR)], True),  # switched off meanwhile
        ([rolled(UNLOGGED_FROM, 0, NOON - HOUR), rolled(0, 1)], False),  # switched on meanwhile
        ([], False),
    ],
)
def test_deferrals_are_not_logged_where_a_whole_window_of_deliveries_has_none(
    batches: list[RollUp], expected: bool
) -> None:
    assert unlogged(health(*batches), NOON - HOUR) is expected


def test_people_are_told_what_to_add() -> None:
    line = host_line("mta3", health(rolled(7_000, 0, NOON - HOUR)), NOON, HOUR, NOON - HOUR)
    assert not line.trouble
    assert line.warning == (
        "deferrals are not being logged: none among the last 7,000 deliveries, so its rate is left out. "
        "Add `<acct-file /var/log/pmta/diag.csv>` `records t` `</acct-file>` to its configuration"
    )
    assert len(line.warning) < 200  # as much as a message shows of it


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([rolled(0, UNLOGGED_FROM)], True),
        ([rolled(0, 150), rolled(0, 50)], True),
        ([rolled(0, UNLOGGED_FROM - 1)], False),  # too few to prove anything
        ([rolled(1, UNLOGGED_FROM)], False),
        ([rolled(1), rolled(0, 5_000)], False),  # nothing gets through, but its deliveries would be seen
        ([rolled(0, UNLOGGED_FROM), rolled(1)], False),  # the file has been named
    ],
)
def test_deliveries_are_not_read_where_none_was_ever_seen(batches: list[RollUp], expected: bool) -> None:
    assert undelivered(health(*batches)) is expected


def test_people_are_told_which_file_is_missing() -> None:
    line = host_line("mta3", health(rolled(0, 7_000)), NOON, HOUR, NOON - HOUR)
    assert (line.trouble, line.warning) == (
        "",
        "no delivery was ever read beside 7,000 deferrals, so its rate is left out. "
        "Add the file with its `d` records (often acct-*.csv) to the setting `accounting`",
    )
    assert len(line.warning) < 200  # as much as a message shows of it


def test_a_zone_that_nobody_could_tell_is_said() -> None:
    asked = told_time(HostFacts(), "", NOON, NOON)
    assert oddities(HostHealth("mta1", NOON, facts=asked)) == [
        "its zone is not known (`pmta show status`, `date`), so times without an offset are taken for UTC"
    ]


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        ((FULL,), []),
        ((BARE, FULL), []),
        ((BARE,), ["no accounting file has dlvSourceIp or vmta, so nothing there is told apart by source IP or VMTA"]),
        (
            (FilePosition("/a/x.csv", 1, 9, "type,timeLogged,dlvSourceIp"),),
            ["no accounting file has vmta, so nothing there is told apart by VMTA"],
        ),
        ((FilePosition("/a/acct-1.json", 1, 9, ""),), []),  # JSON: each line tells
        ((FilePosition("/a/x.csv", 1, 9, "type,rcpt"),), []),  # nothing in it is counted
        ((FilePosition("/a/x.csv", 1, 9, "damaged"),), []),
        ((), []),
    ],
)
def test_columns_that_no_file_has_are_said(positions: tuple[FilePosition, ...], said: list[str]) -> None:
    assert oddities(health(rolled(1), positions=positions)) == said


def test_what_json_lines_have_shown_once_stays_known() -> None:
    json = FilePosition("/a/acct-1.json", 1, 9, "")
    seen = RollUp({Cell(0, "gmail", "mta1", "192.0.2.1", "v", ""): Tally(1)})
    facts = learn(learn(HostFacts(), seen, (json,), (), NOON), RollUp(), (json, BARE), (), NOON)
    assert facts.columns == ("dlvSourceIp", "timeLogged", "vmta")


def test_bad_rows_are_counted_and_the_first_sample_stays() -> None:
    batch = rolled(1, left_out={"bad time": 3, "type r": 9}, bad={"bad time": "t,soon"})
    again = rolled(1, left_out={"bad time": 2}, bad={"bad time": "t,later"})
    assert health(batch, again).facts.bad == (BadRows("bad time", 5, "t,soon"),)


def test_gaps_make_a_host_count_as_seen_in_part() -> None:
    facts = learn(HostFacts(), rolled(1), (FULL,), ("no permission to read /a/diag.csv",), NOON)
    seen = counted(HostHealth("mta1", None, facts=facts), rolled(1), NOON, files=True)
    line = host_line("mta1", seen, NOON, HOUR)
    assert (line.trouble, line.warning, line.partial) == ("", "no permission to read /a/diag.csv", True)


@pytest.mark.parametrize(
    ("time_now", "offset_s", "skew_s"),
    [
        ("2026-11-20 12:00:01", 0, 0),
        ("2026-11-20 13:00:00", 3600, 0),
        ("2026-11-20 08:30:02", -12_600, 0),
        ("2026-11-20 17:45:00", 20_700, 0),
        ("2026-11-20 13:01:35", 3600, 94),
        ("2026-11-20 11:58:21", 0, -100),
        ("2026-11-20 11:59:58", 0, -3),
        ("2026-11-20 12:20:00", 0, 1199),  # no zone is a third of an hour off
        ("2026-11-20 12:29:00", 0, 1739),
        ("2026-11-20 12:31:00", 3600, -1741),  # what would be nearer cannot be known
        ("2026-11-20 17:40:00", 20_700, -301),  # Nepal lies between two others
        ("2026-11-21 02:31:00", None, 0),  # beyond the widest zone
        ("2026-11-21 12:00:00", None, 0),  # a day off: no zone is
        ("no idea", None, 0),
        ("", None, 0),
    ],
)
def test_the_zone_and_the_clock_of_a_host(time_now: str, offset_s: int | None, skew_s: int) -> None:
    facts = told_time(HostFacts(), time_now, NOON, NOON + timedelta(seconds=2))
    assert facts.skew_s == 0  # believed when it is seen again
    facts = told_time(facts, time_now, NOON, NOON + timedelta(seconds=2))
    assert (facts.utc_offset_s, facts.skew_s, facts.clock_at) == (offset_s, skew_s, NOON + timedelta(seconds=2))


@pytest.mark.parametrize(
    ("skew_s", "said"),
    [
        (60, []),
        (94, ["its clock is 94 s ahead of ours; times are corrected"]),
        (-61, ["its clock is 61 s behind ours; times are corrected"]),
    ],
)
def test_a_wrong_clock_is_said(skew_s: int, said: list[str]) -> None:
    assert oddities(HostHealth("mta1", NOON, facts=HostFacts(skew_s=skew_s))) == said


def told(*answers: str) -> HostFacts:
    """A host that said these times, all asked for at noon."""
    facts = HostFacts()
    for answer in answers:
        facts = told_time(facts, f"2026-11-20 {answer}", NOON, NOON)
    return facts


@pytest.mark.parametrize(
    ("answers", "corrected_s", "doubt"),
    [
        (("12:01:30",), 0, True),  # once may be a fluke
        (("12:01:30", "12:01:30"), 90, False),
        (("12:01:30", "12:01:31"), 90, False),
        (("12:01:30", "12:01:30", "12:01:31", "12:01:29"), 90, False),  # rounding changes nothing
        (("12:01:30", "12:01:30", "12:01:40"), 90, True),
        (("12:01:30", "12:01:30", "12:01:40", "12:01:40"), 100, False),
        (("12:01:30", "12:01:30", "12:00:00"), 0, False),  # it was set right: at once
        (("12:00:04", "12:00:04"), 0, False),  # too little to matter
        (("11:59:55", "11:59:55"), -5, False),
        (("12:01:30", "11:58:30"), 0, True),
    ],
)
def test_a_clock_is_corrected_once_its_error_was_seen_twice(
    answers: tuple[str, ...], corrected_s: int, doubt: bool
) -> None:
    facts = told(*answers)
    assert (correction(facts), in_doubt(facts)) == (timedelta(seconds=corrected_s), doubt)


def test_a_deferral_of_the_future_does_not_stand_for_those_to_come() -> None:
    odd = learn(HostFacts(), rolled(0, 1, NOON + 9000 * HOUR), (FULL,), (), NOON)
    assert odd.deferral_at == NOON
