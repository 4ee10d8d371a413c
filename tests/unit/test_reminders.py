"""Nobody is woken twice for one thing, and nobody misses what stands: who is reminded when, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.alert_rules import AlertRules
from bot.core.change import ChangeState, Refusal
from bot.core.incident import IncidentState
from bot.core.silence import About, Silence
from bot.core.tier import Tier
from bot.services.acknowledge import Acknowledge
from tests.diagnoses import plan
from tests.watch_rig import MINUTE, WatchRig

HOUR = 60 * MINUTE


class Rig(WatchRig):
    """Mail keeps going the same way, a look a minute."""

    def __init__(self) -> None:
        super().__init__(rules=AlertRules())
        self.take = Acknowledge(incidents=self.incidents, audit=self.audit, clock=self.clock)
        self.bad = 30

    def live(self, span: timedelta) -> list[str]:
        """What the channel heard meanwhile."""
        before = len(self.incidents.notes)
        for _ in range(span // MINUTE):
            self.clock.advance(MINUTE)
            self.see()
            self.count(100 - self.bad, self.bad)
            self.watch.tick()
        return [note.text for note in self.incidents.notes[before:] if note.broadcast]

    def opened(self) -> Rig:
        self.count(7_000, 3_000)
        self.watch.tick()
        assert self.live(MINUTE) == []
        assert self.incident().tier is Tier.REPUTATION
        return self


def test_what_nobody_takes_is_said_again_every_half_hour() -> None:
    rig = Rig().opened()
    heard = rig.live(95 * MINUTE)
    assert [text.partition("deferred: ")[2] for text in heard] == [
        f"still tier *reputation* after {ago}, and nobody has taken it" for ago in ("30 min", "1 h", "1 h 30 min")
    ]
    assert [entry.action for entry in rig.audit.entries()] == ["open", "repeat", "repeat", "repeat"]


def test_below_the_reputation_tier_nobody_is_called_twice() -> None:
    rig = Rig()
    rig.bad = 18
    rig.count(8_200, 1_800)
    rig.watch.tick()
    assert rig.live(3 * HOUR) == []
    assert rig.incident().tier is Tier.MIXED


def test_what_somebody_took_is_theirs_for_an_hour_and_then_nobodys() -> None:
    rig = Rig().opened()
    rig.live(10 * MINUTE)
    rig.take.acknowledge(1, by="U1")
    assert rig.live(59 * MINUTE) == []
    (said,) = rig.live(2 * MINUTE)
    assert "<@U1> took this 1 h ago and tier *reputation* still stands: nobody has it now" in said
    assert (rig.incident().owner, rig.incident().state) == ("", IncidentState.OPEN)
    assert rig.live(29 * MINUTE - MINUTE) == []
    assert len(rig.live(3 * MINUTE)) == 1  # and from then on as if nobody had ever taken it
    assert not isinstance(rig.take.acknowledge(1, by="U1"), Refusal)
    assert rig.incident().state is IncidentState.ACKNOWLEDGED


def test_what_gets_better_in_their_hands_stays_theirs() -> None:
    rig = Rig()
    rig.count(400, 600)
    rig.watch.tick()
    rig.watch.tick()
    rig.see()
    rig.live(MINUTE)
    assert rig.incident().tier is Tier.BLOCK
    rig.take.acknowledge(1, by="U1")
    assert rig.live(70 * MINUTE) == []
    assert rig.incident().owner == "U1"


def test_while_a_change_is_in_force_nobody_is_reminded_and_its_owner_has_an_hour_after_it() -> None:
    rig = Rig().opened()
    rig.take.acknowledge(1, by="U1")
    made = rig.changes.plan(plan(incident=1), by="U1", at=rig.clock.now())
    rig.changes.move(made.id, ChangeState.PLANNED, ChangeState.APPLYING, by="U1", at=rig.clock.now())
    assert rig.live(2 * HOUR) == []
    assert rig.incident().state is IncidentState.MITIGATING
    rig.changes.move(made.id, ChangeState.APPLYING, ChangeState.FAILED, by="U1", at=rig.clock.now())
    assert rig.live(HOUR) == []
    assert len(rig.live(2 * MINUTE)) == 1


def test_what_flaps_is_not_said_again() -> None:
    rig = Rig().opened()
    now = rig.clock.now()
    turns = tuple(now - n * MINUTE for n in (4, 3, 2, 1, 0))
    rig.incidents.move(rig.incident(), life=replace(rig.incident().life, turns=turns, damped=True))
    assert rig.live(50 * MINUTE) == []
    assert rig.incident().life.damped
    assert len(rig.live(15 * MINUTE)) == 1  # steadier, and it still stands


def test_in_a_silence_nobody_is_reminded() -> None:
    rig = Rig().opened()
    now = rig.clock.now()
    rig.silences.add(Silence(0, About.ISP, "gmail", "U1", "known", now, now + 3 * HOUR))
    assert rig.live(3 * HOUR - MINUTE) == []
    (over,) = rig.live(2 * MINUTE)
    assert "still stands" in over
    (repeated,) = rig.live(30 * MINUTE)
    assert "nobody has taken it" in repeated


def test_on_stale_data_nobody_is_reminded() -> None:
    rig = Rig().opened()
    before = len(rig.incidents.notes)
    for _ in range(120):
        rig.tick(MINUTE)
    assert not any(note.broadcast for note in rig.incidents.notes[before:])
