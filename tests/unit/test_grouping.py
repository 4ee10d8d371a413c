"""Several ISPs at once are one message: what is one, who leads, who is woken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alert_rules import AlertRules
from bot.core.grouping import Opening, clusters
from bot.core.incident import Incident, IncidentState, Move
from bot.core.tier import Tier
from bot.services.acknowledge import Acknowledge
from tests.diagnoses import NOW, diagnosis, incident
from tests.watch_rig import MINUTE, WatchRig

RULES = AlertRules(rise_after=timedelta(), fall_after=timedelta(), min_at_risk=0, reopen_within=timedelta(-1))
LISTED = "smtp;554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org"


@pytest.fixture
def rig() -> WatchRig:
    return WatchRig(rules=RULES)


def cross(rig: WatchRig, *isps: str) -> None:
    for isp in isps:
        rig.count(60, 40, isp=isp)


def leads(rig: WatchRig) -> dict[str, int | None]:
    return {one.isp: one.lead for one in rig.incidents.unresolved()}


def test_three_that_cross_together_are_one_and_two_are_two(rig: WatchRig) -> None:
    cross(rig, "apple", "yahoo")
    assert rig.tick() == {"apple": Move.OPEN, "yahoo": Move.OPEN}
    assert leads(rig) == {"apple": None, "yahoo": None}
    rig.clock.advance(6 * MINUTE)
    rig.see()
    cross(rig, "gmail", "comcast", "orange")
    rig.tick()
    assert leads(rig) == {"apple": None, "yahoo": None, "comcast": None, "gmail": 3, "orange": 3}


def test_the_third_makes_one_of_those_that_stood_alone(rig: WatchRig) -> None:
    for isp in ("apple", "yahoo", "gmail"):
        cross(rig, isp)
        rig.tick(MINUTE)
    assert leads(rig) == {"apple": None, "yahoo": 1, "gmail": 1}
    rig.see()
    cross(rig, "orange")
    rig.tick(3 * MINUTE)  # within the time of the newest ones, though the first has stood for longer
    assert leads(rig)["orange"] == 1


def test_what_becomes_of_a_member_shows_in_its_lead(rig: WatchRig) -> None:
    cross(rig, "apple", "gmail", "yahoo")
    rig.tick()
    before = {one.isp: one.revision for one in rig.incidents.unresolved()}
    rig.count(0, 900, isp="yahoo")
    rig.tick()
    after = {one.isp: one.revision for one in rig.incidents.unresolved()}
    assert {isp: after[isp] - before[isp] for isp in after} == {"apple": 1, "gmail": 0, "yahoo": 1}


def test_taking_the_lead_takes_all_of_them_and_is_said_once(rig: WatchRig) -> None:
    cross(rig, "apple", "gmail", "yahoo")
    rig.tick()
    taken = Acknowledge(incidents=rig.incidents, audit=rig.audit, clock=rig.clock)
    taken.acknowledge(2, by="U2")  # one of them alone
    assert [one.owner for one in rig.incidents.unresolved()] == ["", "U2", ""]
    taken.acknowledge(1, by="U1")
    assert [one.owner for one in rig.incidents.unresolved()] == ["U1", "U1", "U1"]
    assert [note.text for note in rig.incidents.notes if "has taken" in note.text] == [
        "<@U2> has taken this",
        "<@U1> has taken this",
    ]


def test_one_is_reminded_of_not_all(rig: WatchRig) -> None:
    cross(rig, "apple", "gmail", "yahoo")
    rig.tick()
    rig.clock.advance(31 * MINUTE)
    rig.see()
    rig.tick()
    assert [note.subject for note in rig.incidents.notes if note.broadcast] == [1]


def test_of_several_only_what_is_worse_than_all_of_them_is_said_aloud(rig: WatchRig) -> None:
    cross(rig, "apple", "gmail", "yahoo")
    rig.tick()
    rig.count(0, 900, isp="gmail")
    rig.tick(MINUTE)
    rig.count(0, 900, isp="yahoo")
    rig.tick(MINUTE)
    assert [note.subject for note in rig.incidents.notes if note.broadcast] == [2]


def test_the_same_bad_ip_at_several_isps_is_one_however_late(rig: WatchRig) -> None:
    def listed_at(isp: str) -> None:
        rig.count(500, isp=isp, ip="192.0.2.1", vmta="v1")
        rig.count(0, bounced=400, isp=isp, ip="192.0.2.9", vmta="v9", reply=LISTED)

    for isp in ("apple", "gmail"):
        listed_at(isp)
    rig.tick()
    assert leads(rig) == {"apple": None, "gmail": 1}
    rig.clock.advance(20 * MINUTE)
    rig.see()
    listed_at("comcast")
    rig.tick()
    assert leads(rig)["comcast"] == 1


isps = st.lists(st.sampled_from([f"isp{n}" for n in range(9)]), unique=True, max_size=6)


@given(isps, st.data())
def test_every_opening_is_in_one_cluster_and_no_member_leads(names: list[str], data: st.DataObject) -> None:
    standing: list[Incident] = []
    for n in range(data.draw(st.integers(0, 5))):
        solo = [one.id for one in standing if one.lead is None]
        lead = data.draw(st.sampled_from([None, *solo]))
        at = NOW - timedelta(minutes=data.draw(st.integers(0, 9)))
        standing.append(incident(IncidentState.OPEN, id=n + 1, isp=f"old{n}", lead=lead, opened_at=at))
    openings = [Opening(name, diagnosis(isp=name), Tier.MIXED) for name in names]
    apart = data.draw(st.booleans())
    found = clusters(openings, standing, RULES, NOW, lambda isp, _: isp[-1] if apart else "")
    assert sorted(one.isp for cluster in found for one in cluster.openings) == sorted(names)
    for cluster in found:
        assert cluster.lead is None or cluster.lead.lead is None
        assert all(one.lead is None and one is not cluster.lead for one in cluster.joining)
        assert not {one.id for one in cluster.joining} & {one.lead for one in standing}
