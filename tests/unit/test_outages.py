"""Outages out of stores: what is kept, noted, told aloud and written to the audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.outage import OutageMove, OutageState
from bot.core.silence import About, Silence
from bot.store.fleet import SqlFleetStore
from bot.store.tallies import SqlTallyStore
from tests.looking import STALE
from tests.store_values import sqlite
from tests.watch_rig import MINUTE, WatchRig

HOSTS = ("mta1", "mta2", "mta3")


@pytest.fixture(params=["memory", "sqlite"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WatchRig]:
    if request.param == "memory":
        yield WatchRig(hosts=HOSTS)
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield WatchRig(hosts=HOSTS, tallies=SqlTallyStore(engine), fleet=SqlFleetStore(engine))


def look(rig: WatchRig, minutes: int, *seen: str) -> list[OutageMove]:
    """Time goes on and only `seen` are read; what was decided, without the quiet."""
    moves = []
    for _ in range(minutes):
        rig.clock.advance(MINUTE)
        if seen:
            rig.see(*seen)
        moves.append(rig.look_at_hosts.tick())
    return [move for move in moves if move not in (OutageMove.HOLD, OutageMove.REFRESH)]


def notes(rig: WatchRig) -> list[tuple[str, bool]]:
    return [(note.text, note.broadcast) for note in rig.outages.notes]


def test_how_much_mail_is_missing_is_told_of_the_hour_before(rig: WatchRig) -> None:
    rig.count(60, 10, host="mta1", ago=30 * MINUTE)
    rig.count(230, host="mta2", ago=30 * MINUTE)
    rig.count(9_000, host="mta1", ago=90 * MINUTE)  # too long ago
    rig.count(9_000, host="mta2", ago=-2 * MINUTE)  # when it was dark already
    assert look(rig, 6, "mta2", "mta3") == [OutageMove.OPEN]
    opened = rig.outages.all()[0]
    assert opened.share == pytest.approx(70 / 300)
    assert look(rig, 6, "mta3") == [OutageMove.CHANGE]
    assert rig.outages.all()[0].share == pytest.approx(1.0)


def test_without_mail_before_no_share_is_told(rig: WatchRig) -> None:
    look(rig, 6, "mta2", "mta3")
    assert rig.outages.all()[0].share is None


def test_every_turn_is_noted_and_audited_once(rig: WatchRig) -> None:
    assert look(rig, 8, "mta2", "mta3") == [OutageMove.OPEN]
    assert look(rig, 8, "mta3") == [OutageMove.CHANGE]
    assert look(rig, 2, "mta1", "mta3") == [OutageMove.CHANGE]
    assert look(rig, 2, *HOSTS) == [OutageMove.RESOLVE]
    assert notes(rig) == [
        ("`mta1` is dark", False),
        ("`mta2` is dark", False),
        ("`mta1` is read again after 17 min", False),
        ("`mta2` is read again after 11 min", False),
        ("no host is dark any more, outage closed", False),
    ]
    assert [(entry.action, entry.subject) for entry in rig.audit.entries()] == [
        ("outage_open", "OUT-1"),
        ("outage_change", "OUT-1"),
        ("outage_change", "OUT-1"),
        ("outage_resolve", "OUT-1"),
    ]


def test_the_last_host_that_goes_dark_is_told_aloud(rig: WatchRig) -> None:
    look(rig, 8, "mta2", "mta3")
    look(rig, 8)
    assert [loud for _, loud in notes(rig)] == [False, True, True]
    assert notes(rig)[-1][0].startswith("no host is read now: no rate is true")
    revision = rig.outages.all()[0].revision
    look(rig, 5)
    assert len(notes(rig)) == 3  # said once
    assert rig.outages.all()[0].revision > revision  # while the time shown goes on


def test_a_first_message_that_says_it_all_is_not_told_twice(rig: WatchRig) -> None:
    look(rig, 6)
    assert [loud for _, loud in notes(rig)] == [False, False]


def test_dark_again_is_told_aloud_in_the_same_message(rig: WatchRig) -> None:
    look(rig, 8, "mta2", "mta3")
    look(rig, 2, *HOSTS)
    assert look(rig, 8, "mta2", "mta3") == [OutageMove.REOPEN]
    assert len(rig.outages.all()) == 1
    assert notes(rig)[-1] == ("`mta1` is dark", True)


def test_who_loses_a_race_says_nothing(rig: WatchRig) -> None:
    look(rig, 8, "mta2", "mta3")
    first = rig.outages.newest
    stale = first()
    assert stale is not None
    rig.see(*HOSTS)
    assert rig.look_at_hosts.tick() is OutageMove.RESOLVE
    assert rig.outages.move(stale, stale) is None
    assert rig.outages.all()[0].state is OutageState.RESOLVED


def test_a_host_with_odd_files_is_no_outage(rig: WatchRig) -> None:
    """It is read: what is odd about it stays a warning."""
    for _ in range(20):
        rig.clock.advance(STALE / 2)
        rig.see()
        assert rig.look_at_hosts.tick() is OutageMove.HOLD


def test_a_host_that_somebody_works_on_may_go_dark_unsaid_until_the_window_is_over(rig: WatchRig) -> None:
    now = rig.clock.now()
    rig.silences.add(Silence(0, About.HOST, "mta1", "U1", "new kernel", now + 2 * MINUTE, now + 20 * MINUTE))
    assert look(rig, 20, "mta2", "mta3") == [OutageMove.OPEN]  # with its end, not with the five minutes in it
    opened = rig.outages.all()[0]
    assert (opened.opened_at, [host.host for host in opened.hosts]) == (now + 20 * MINUTE, ["mta1"])


def test_one_that_was_dark_before_its_window_stays_told(rig: WatchRig) -> None:
    assert look(rig, 6, "mta2", "mta3") == [OutageMove.OPEN]
    now = rig.clock.now()
    rig.silences.add(Silence(0, About.HOST, "mta1", "U1", "new kernel", now, now + 20 * MINUTE))
    assert look(rig, 3, "mta2", "mta3") == []
    assert rig.outages.all()[0].state is OutageState.OPEN
    assert look(rig, 1, *HOSTS) == [OutageMove.RESOLVE]
