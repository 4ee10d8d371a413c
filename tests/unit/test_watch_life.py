"""Incidents with the holds that people live with, from counts to what is kept, noted and audited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.alert_rules import AlertRules
from bot.core.diagnosis import Diagnosis
from bot.core.incident import Incident, IncidentState, Life, Move, nothing
from bot.core.tier import Tier
from bot.ports.journals import Lines
from bot.services.acknowledge import Acknowledge
from bot.services.resolve import Resolve
from bot.store.fleet import SqlFleetStore
from bot.store.tallies import SqlTallyStore
from tests.fakes import MemoryIncidentStore
from tests.store_values import sqlite
from tests.watch_rig import MINUTE, WatchRig, queue

POLL = timedelta(seconds=10)
HOUR = 60 * MINUTE


@pytest.fixture(params=["memory", "sqlite"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WatchRig]:
    if request.param == "memory":
        yield WatchRig(rules=AlertRules())
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield WatchRig(tallies=SqlTallyStore(engine), fleet=SqlFleetStore(engine), rules=AlertRules())


def only(rig: WatchRig) -> tuple[int, IncidentState, Tier]:
    incident = rig.incidents.newest("gmail")
    assert incident is not None
    return incident.id, incident.state, incident.tier


def open_one(rig: WatchRig) -> None:
    rig.count(700, 300)
    assert rig.tick() == {"gmail": Move.HOLD}
    assert rig.tick(POLL) == {"gmail": Move.OPEN}


def calm_down(rig: WatchRig) -> None:
    rig.clock.advance(HOUR)
    rig.see()
    rig.count(900, 5)
    assert rig.tick() == {"gmail": Move.RECOVER}
    assert rig.tick(6 * MINUTE) == {"gmail": Move.BLIND}  # nobody has read the host meanwhile
    rig.see()
    assert rig.tick() == {"gmail": Move.REFRESH}
    rig.see()
    for _ in range(5):
        rig.clock.advance(MINUTE)
        rig.see()
        moves = rig.tick()
    assert moves == {"gmail": Move.RESOLVE}


def test_a_rise_is_told_at_the_second_poll_and_a_block_beyond_doubt_at_the_first(rig: WatchRig) -> None:
    open_one(rig)
    rig.count(0, 2_000)
    assert rig.tick(POLL) == {"gmail": Move.RISE}
    assert only(rig)[2] is Tier.BLOCK


def test_a_crossing_that_one_poll_saw_is_forgotten(rig: WatchRig) -> None:
    rig.count(70, 130)
    assert rig.tick() == {"gmail": Move.HOLD}
    rig.count(9_000)
    assert rig.tick(POLL) == {}
    rig.clock.advance(HOUR - MINUTE)
    rig.see()
    rig.count(0, 4_000)
    assert rig.tick() == {"gmail": Move.HOLD}  # it is to be seen twice again
    assert rig.tick(POLL) == {"gmail": Move.OPEN}


def test_back_soon_is_the_same_incident(rig: WatchRig) -> None:
    open_one(rig)
    calm_down(rig)
    assert only(rig) == (1, IncidentState.RESOLVED, Tier.CLEAR)
    rig.count(0, 500)
    rig.tick()
    assert rig.tick(POLL) == {"gmail": Move.REOPEN}
    assert only(rig) == (1, IncidentState.OPEN, Tier.REPUTATION)
    assert [entry.action for entry in rig.audit.entries()] == ["open", "recover", "resolve", "reopen"]
    assert [entry.detail["why"] for entry in rig.audit.entries()][-1] == "crossed again soon after it was over"


def test_back_late_is_another_incident(rig: WatchRig) -> None:
    open_one(rig)
    calm_down(rig)
    rig.clock.advance(31 * MINUTE)
    rig.see()
    rig.count(0, 500)
    rig.tick()
    assert rig.tick(POLL) == {"gmail": Move.OPEN}
    assert only(rig)[0] == 2


def test_what_is_taken_stays_taken_while_numbers_move(rig: WatchRig) -> None:
    open_one(rig)
    take = Acknowledge(incidents=rig.incidents, audit=rig.audit, clock=rig.clock)
    take.acknowledge(1, by="U1")
    assert only(rig)[1] is IncidentState.ACKNOWLEDGED
    rig.count(0, 60)
    assert rig.tick(MINUTE) == {"gmail": Move.REFRESH}
    assert only(rig)[1] is IncidentState.ACKNOWLEDGED


def test_little_mail_that_waits_in_no_queue_wakes_nobody(rig: WatchRig) -> None:
    rig.count(24, 36)
    assert rig.tick() == {"gmail": Move.HOLD}
    assert rig.tick(POLL) == {"gmail": Move.HOLD}
    rig.queues(queue(recipients=64))
    rig.tick(POLL)
    assert rig.tick(POLL) == {"gmail": Move.OPEN}


def test_the_end_is_told_with_what_it_was(rig: WatchRig) -> None:
    open_one(rig)
    calm_down(rig)
    assert "back to normal, incident closed after 1 h 11 min (peak 30%, at most 300" in rig.incidents.notes[-1].text


class RacedIncidents(MemoryIncidentStore):
    """Where `lost` is set, somebody else is faster at the next move that is tried."""

    lost = False

    def move(
        self,
        incident: Incident,
        *,
        state: IncidentState | None = None,
        tier: Tier | None = None,
        diagnosis: Diagnosis | None = None,
        owner: str | None = None,
        resolved_at: datetime | None = None,
        life: Life | None = None,
        lead: int | None = None,
        lines: Lines = nothing,
    ) -> Incident | None:
        if self.lost:
            self.lost = False
            super().move(incident, owner="U9")
        return super().move(
            incident,
            state=state,
            tier=tier,
            diagnosis=diagnosis,
            owner=owner,
            resolved_at=resolved_at,
            life=life,
            lead=lead,
            lines=lines,
        )


def test_a_race_that_is_lost_costs_one_look_and_no_other_hold() -> None:
    incidents = RacedIncidents()
    rig = WatchRig(rules=AlertRules(), incidents=incidents)
    open_one(rig)
    rig.count(0, 443)  # 51 %: not beyond doubt
    assert rig.tick(POLL) == {"gmail": Move.REFRESH}
    incidents.lost = True
    assert rig.tick(POLL) == {"gmail": Move.RISE}
    assert [(incident.owner, incident.tier) for incident in incidents.unresolved()] == [("U9", Tier.REPUTATION)]
    assert rig.tick(timedelta(seconds=1)) == {"gmail": Move.RISE}
    assert [(incident.owner, incident.tier) for incident in incidents.unresolved()] == [("U9", Tier.BLOCK)]


def test_what_was_closed_by_hand_is_told_again_once_it_is_worse_or_an_hour_later(rig: WatchRig) -> None:
    open_one(rig)
    tier = rig.incident().tier
    resolve = Resolve(incidents=rig.incidents, audit=rig.audit, clock=rig.clock)
    resolve.resolve(1, by="U1", reason="they said so")
    for _ in range(30):
        rig.see()
        rig.count(70, 30)
        assert rig.tick(MINUTE) == {"gmail": Move.HOLD}
    rig.count(0, 9_000)
    rig.tick(MINUTE)
    rig.see()
    rig.tick(MINUTE)
    assert rig.incident().tier > tier
    assert rig.incident().life.closed is None
    resolve.resolve(rig.incident().id, by="U1", reason="they said so again")
    for minute in range(59):
        rig.see()
        rig.count(10, 300)
        assert rig.tick(MINUTE) == {"gmail": Move.HOLD}, minute
    rig.count(10, 300)
    assert Move.OPEN in {rig.tick(MINUTE)["gmail"], rig.tick(MINUTE)["gmail"]}
