"""Incidents over virtual time: opened once, risen, fallen, closed when it is true and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.category import Category
from bot.core.change import ChangeState
from bot.core.incident import IncidentState, Move
from bot.core.model import Dim, HostHealth, Tally, Window
from bot.core.tier import Tier
from tests.diagnoses import plan
from tests.fakes import MemoryTallyStore
from tests.looking import STALE
from tests.watch_rig import FULL, MINUTE, PACING, WatchRig, queue

HOUR = 60 * MINUTE


def test_opens_rises_falls_and_closes_once_each(rig: WatchRig) -> None:
    rig.count(990, 10)
    assert rig.tick() == {}
    rig.count(0, 200)
    assert rig.tick(MINUTE) == {"gmail": Move.OPEN}
    assert (rig.incident().tier, rig.incident().state) == (Tier.MIXED, IncidentState.OPEN)
    assert rig.tick() == {"gmail": Move.HOLD}
    rig.count(0, 1000)
    assert rig.tick(MINUTE) == {"gmail": Move.RISE}
    assert [note.broadcast for note in rig.incidents.notes] == [False, True]  # an edit notifies nobody
    rig.count(3000)
    rig.see()
    assert rig.tick(MINUTE) == {"gmail": Move.FALL}
    rig.clock.advance(HOUR)
    rig.see()
    rig.count(500, 2)
    assert rig.tick() == {"gmail": Move.RESOLVE}
    assert rig.incident().peak_rate == pytest.approx(1210 / 2200)
    assert rig.tick() == {}
    assert [entry.action for entry in rig.audit.entries()] == ["open", "rise", "fall", "resolve"]


def test_the_recipients_own_faults_are_no_incident(rig: WatchRig) -> None:
    rig.count(500, 500, reply=FULL)
    assert rig.tick() == {}
    diagnosis = rig.diagnose.isp("gmail")
    assert (diagnosis.now.rate, diagnosis.aimed, diagnosis.tier) == (0.5, 0, Tier.CLEAR)


def test_too_little_mail_opens_nothing(rig: WatchRig) -> None:
    rig.count(0, 49)
    assert rig.tick() == {}
    rig.count(0, 1)
    assert rig.tick() == {"gmail": Move.OPEN}


def test_a_dark_host_closes_nothing_and_is_said(rig: WatchRig) -> None:
    rig.count(100, 100)
    rig.tick()
    before = rig.incident()
    rig.clock.advance(2 * HOUR)  # nobody has looked for two hours
    assert rig.tick() == {"gmail": Move.BLIND}
    shown = rig.incident()
    assert (shown.state, shown.tier, shown.diagnosis.blind) == (IncidentState.OPEN, Tier.BLOCK, True)
    assert shown.revision == before.revision + 1
    assert rig.tick() == {"gmail": Move.BLIND}
    assert rig.incident().revision == shown.revision  # said once
    rig.count(500, 1)
    rig.see()
    assert rig.tick() == {"gmail": Move.RESOLVE}


def test_one_dark_host_among_two_keeps_it_open_and_is_named() -> None:
    rig = WatchRig(hosts=("mta1", "mta2"))
    rig.count(100, 100)
    rig.tick()
    rig.clock.advance(HOUR + STALE)
    rig.see("mta1")
    rig.count(500, 1)
    assert rig.tick() == {"gmail": Move.BLIND}
    assert [line.host for line in rig.incident().diagnosis.hosts if line.trouble] == ["mta2"]


def test_half_a_backlog_opens_and_closes_nothing() -> None:
    """All deferrals of the last hours read, their deliveries not yet: 100 % at every ISP."""
    rig = WatchRig(hosts=("mta1", "mta2"))
    now = rig.clock.now()
    rig.fleet.put_health(HostHealth("mta2", None, error="catching up", behind_at=now))
    rig.count(0, 500, host="mta2")
    assert rig.tick() == {"gmail": Move.BLIND}
    assert rig.incidents.all() == ()
    rig.count(99_500, host="mta2")
    rig.see()
    assert rig.tick() == {}


def test_an_isp_that_vanishes_ends(rig: WatchRig) -> None:
    rig.count(20, 80)
    rig.queues(queue(recipients=9))
    rig.tick()
    rig.clock.advance(HOUR + MINUTE)
    rig.see()
    rig.queues(queue(recipients=9))
    assert rig.tick() == {"gmail": Move.RESOLVE}
    assert "hardly any mail" in rig.incidents.notes[-1].text


def test_mail_that_waits_keeps_it_open_though_nothing_is_tried(rig: WatchRig) -> None:
    """All its queues are paused: no attempts, no rate, and no end of the trouble either."""
    rig.count(20, 80)
    rig.tick()
    for _ in range(3):
        rig.clock.advance(HOUR)
        rig.see()
        rig.queues(queue(recipients=9_000, paused=True))
        assert rig.tick() == {"gmail": Move.REFRESH}
    assert rig.incident().tier is Tier.BLOCK


def test_queues_that_cannot_be_read_prove_no_end(rig: WatchRig) -> None:
    rig.count(20, 80)
    rig.tick()
    rig.clock.advance(2 * HOUR)
    now = rig.clock.now()
    rig.fleet.put_health(HostHealth("mta1", now, now, queues_at=now - HOUR, queues_error="no answer"))
    assert rig.tick() == {"gmail": Move.REFRESH}


def test_little_mail_that_goes_well_ends_it_and_little_that_does_not_keeps_it(rig: WatchRig) -> None:
    rig.count(20, 80)
    rig.tick()
    rig.clock.advance(2 * HOUR)
    rig.see()
    rig.count(20, 20)
    assert rig.tick() == {"gmail": Move.REFRESH}
    rig.clock.advance(2 * HOUR)
    rig.see()
    rig.count(40)
    assert rig.tick() == {"gmail": Move.RESOLVE}


def test_two_causes_side_by_side_do_not_flap(rig: WatchRig) -> None:
    """At 12 % with pacing and reputation by turns ahead: one incident, not one a minute."""
    opened = 0
    for minute in range(30):
        rig.see()
        rig.count(880, 59 if minute % 2 else 61)
        rig.count(0, 61 if minute % 2 else 59, reply=PACING)
        opened += Move.OPEN in rig.tick(MINUTE).values()
    assert opened == 1
    assert rig.incident().state is IncidentState.OPEN
    rig.clock.advance(HOUR)
    rig.see()
    rig.count(880, 10)
    rig.count(0, 110, reply=PACING)
    assert rig.tick() == {"gmail": Move.RESOLVE}


class FaultyTallies(MemoryTallyStore):
    """Whatever is asked about the replies of AOL alone ends in a fault; `asked` counts all questions."""

    asked = 0

    def totals(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        self.asked += 1
        if isp == "aol.example" and Dim.REPLY in by:
            raise ValueError("a fault of ours")
        return super().totals(window, by, isp=isp)


def test_one_isp_that_cannot_be_looked_at_silences_no_other() -> None:
    rig = WatchRig(tallies=FaultyTallies())
    rig.count(10, 90, isp="aol.example")
    rig.count(10, 90)
    with pytest.raises(ExceptionGroup):
        rig.tick()
    assert [incident.isp for incident in rig.incidents.all()] == ["gmail"]


def test_a_change_in_force_shows_in_the_state(rig: WatchRig) -> None:
    rig.count(100, 100)
    rig.tick()
    change = rig.changes.plan(replace(plan(), incident=rig.incident().id), by="U1", at=rig.clock.now())
    rig.changes.move(change.id, ChangeState.PLANNED, ChangeState.APPLYING, by="U1", at=rig.clock.now())
    rig.count(0, 50)
    assert rig.tick(MINUTE) == {"gmail": Move.REFRESH}
    assert rig.incident().state is IncidentState.MITIGATING


def test_a_hostile_domain_mentions_nobody(rig: WatchRig) -> None:
    rig.count(10, 90, isp="<!channel>*x*")
    rig.tick()
    assert "<!" not in rig.incidents.notes[0].text
    assert "*x*" not in rig.incidents.notes[0].text


def test_many_small_isps_that_are_well_cost_one_question() -> None:
    tallies = FaultyTallies()
    rig = WatchRig(tallies=tallies)
    for n in range(200):
        rig.count(60, 1, isp=f"shop{n}.example")
    assert rig.tick() == {}
    assert tallies.asked == 1


def test_a_host_that_is_no_longer_configured_has_no_queues(rig: WatchRig) -> None:
    rig.queues(queue(host="old"), host="old")
    rig.queues(queue())
    rig.count(10, 90)
    assert [q.host for q in rig.diagnose.isp("gmail").queues] == ["mta1"]
    rig.clock.advance(STALE + timedelta(seconds=1))
    assert rig.diagnose.isp("gmail").queues == ()  # what was so five minutes ago is no ground for a change


LISTED = (
    "smtp;550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent; its network is on our block list (S3140)."
)
UNKNOWN = "smtp;550 5.1.1 Recipient not found by SMTP address lookup"


def test_mail_refused_for_good_opens_rises_and_ends(rig: WatchRig) -> None:
    rig.count(1600, isp="microsoft", ip="192.0.2.2", vmta="v2")
    rig.count(0, bounced=400, isp="microsoft", reply=LISTED)
    assert rig.tick() == {"microsoft": Move.OPEN}
    found = rig.incident().diagnosis
    assert (found.by_refusal, found.told_rate, found.now.rate) == (True, 0.2, 0.0)
    assert (found.cause, rig.incident().tier) == (Category.BLOCKLIST, Tier.MIXED)
    assert found.contrast is not None
    assert found.contrast.keys == ("192.0.2.1",)
    rig.count(0, bounced=2400, isp="microsoft", reply=LISTED)
    assert rig.tick(MINUTE) == {"microsoft": Move.RISE}
    assert rig.incident().peak_rate == pytest.approx(2800 / 4400)
    rig.clock.advance(HOUR)
    rig.see()
    rig.count(900, 3, isp="microsoft", bounced=20, reply=LISTED)
    assert rig.tick() == {"microsoft": Move.RESOLVE}
    assert rig.incident().life.refused


def test_refusals_that_stop_because_nothing_is_sent_end_too(rig: WatchRig) -> None:
    rig.count(0, bounced=500, isp="microsoft", reply=LISTED)
    assert rig.tick() == {"microsoft": Move.OPEN}
    rig.clock.advance(HOUR)
    rig.see()
    rig.count(0, bounced=20, isp="microsoft", reply=LISTED)  # few are tried, all of them refused
    assert rig.tick() == {"microsoft": Move.RESOLVE}


def test_dead_addresses_are_no_incident(rig: WatchRig) -> None:
    rig.count(500, bounced=500, isp="microsoft", reply=UNKNOWN)
    assert rig.tick() == {}


def test_refusals_and_deferrals_take_turns_in_one_incident(rig: WatchRig) -> None:
    rig.count(600, 400)
    assert rig.tick() == {"gmail": Move.OPEN}
    assert not rig.incident().diagnosis.by_refusal
    rig.count(
        0, bounced=3000, reply="smtp;550-5.7.1 [192.0.2.1] very low reputation of the sending IP address. - gsmtp"
    )
    assert rig.tick(MINUTE) == {"gmail": Move.RISE}
    assert rig.incident().diagnosis.by_refusal
    assert rig.incidents.notes[-1].text.startswith("*Gmail* 75% of 4,000 tries refused for good: tier")
