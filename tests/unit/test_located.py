"""From the store to a diagnosis: causes with trend and minutes, new IPs by earlier mail, campaigns by the minute."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.category import Category
from bot.core.finding import Kind
from tests.watch_rig import MINUTE, NOON, PACING, REPUTATION, WatchRig, queue

DAY = timedelta(days=1)
LISTED = "smtp;550 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org"


def old_ips(rig: WatchRig, known: timedelta) -> None:
    """Ten IPs that have sent since `known`, and send now."""
    for n in range(10):
        for days in range(known // DAY):
            rig.count(40_000, ip=f"192.0.2.{n}", ago=known - days * DAY)
        rig.count(1000, 10, ip=f"192.0.2.{n}")


@pytest.mark.parametrize(("known", "kind"), [(5 * DAY, Kind.NEW_IPS), (1 * DAY, Kind.IPS)])
def test_ips_are_new_where_earlier_mail_is_known(known: timedelta, kind: Kind) -> None:
    rig = WatchRig()
    old_ips(rig, known)
    for ip in ("192.0.2.20", "192.0.2.21"):
        rig.count(400, 600, ip=ip, vmta="v2")
    rig.queues(queue("v1"), queue("v2"))
    found = rig.diagnose.isp("gmail")
    assert found.contrast is not None
    assert (found.contrast.kind, set(found.contrast.keys)) == (kind, {"192.0.2.20", "192.0.2.21"})
    first = found.offers[0].playbook if found.offers else found.advice
    assert (first == "warm-up") is (kind is Kind.NEW_IPS), first


def test_a_cause_has_its_trend_its_minutes_and_its_ips() -> None:
    rig = WatchRig()
    rig.count(1000, 30, ago=90 * MINUTE)
    rig.count(1000, 200, ago=20 * MINUTE)
    rig.count(1000, 300, ip="192.0.2.2", ago=5 * MINUTE)
    rig.count(1000, 40, reply=PACING)
    found = rig.diagnose.isp("gmail").causes
    line = found.of(Category.REPUTATION_IP)
    assert line is not None
    assert (line.count, line.before) == (500, 30)
    assert (line.first, line.last) == tuple(int((NOON - ago).timestamp()) for ago in (20 * MINUTE, 5 * MINUTE))
    assert [(part.key, part.hits) for part in line.ips] == [("192.0.2.2", 300), ("192.0.2.1", 200)]
    assert line.templates == ()


def test_campaigns_that_began_with_the_trouble_are_not_blamed_for_it() -> None:
    rig = WatchRig()
    for n in range(4):
        rig.count(1000, 10, ip=f"192.0.2.{n}", job="morning", ago=45 * MINUTE)
        rig.count(500, 500, ip=f"192.0.2.{n}", job="noon", ago=5 * MINUTE)
        rig.count(500, 500, ip=f"192.0.2.{n}", job="digest", ago=5 * MINUTE)
    found = rig.diagnose.isp("gmail")
    assert found.contrast is not None
    assert found.contrast.kind is Kind.ALL


def test_one_campaign_that_is_worse_than_those_beside_it_is_named() -> None:
    rig = WatchRig()
    for n in range(4):
        rig.count(1000, 10, ip=f"192.0.2.{n}", job="morning", ago=5 * MINUTE)
        rig.count(300, 700, ip=f"192.0.2.{n}", job="winback", ago=5 * MINUTE)
    found = rig.diagnose.isp("gmail")
    assert found.contrast is not None
    assert (found.contrast.kind, found.contrast.keys) == (Kind.CAMPAIGNS, ("winback",))


def test_over_a_day_campaigns_are_not_compared() -> None:
    rig = WatchRig()
    for n in range(4):
        rig.count(1000, 10, ip=f"192.0.2.{n}", job="morning", ago=5 * MINUTE)
        rig.count(300, 700, ip=f"192.0.2.{n}", job="winback", ago=5 * MINUTE)
    found = rig.diagnose.isp("gmail", DAY)
    assert found.contrast is not None
    assert found.contrast.kind is Kind.ALL
    assert found.causes.lines[0].first is None


def test_a_dangerous_cause_beside_the_commonest_is_evidence() -> None:
    rig = WatchRig()
    for n in range(10):
        rig.count(1000, 150, ip=f"192.0.2.{n}", reply=PACING)
    rig.count(100, 400, ip="192.0.2.9", reply=LISTED.replace("550 5.7.1", "450 4.7.1"))
    found = rig.diagnose.isp("gmail")
    assert found.cause is Category.THROTTLE_NORMAL
    assert found.danger_at is not None
    assert found.danger_at.keys == ("192.0.2.9",)
    assert "beside it 400 replies of another cause, IP on a blocklist: 1 of 10 IPs carries 100% of these replies" in (
        found.evidence
    )


def test_a_good_day_says_nothing_of_what_cannot_be_told() -> None:
    rig = WatchRig()
    rig.count(1000, 5, reply=REPUTATION)
    assert rig.diagnose.isp("gmail").evidence == ()
    rig.count(0, 300, reply=REPUTATION)
    assert rig.diagnose.isp("gmail").evidence == ("cannot tell where it sits: only one IP sends there",)
