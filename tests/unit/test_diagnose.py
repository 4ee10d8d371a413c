"""Answers out of the store: one ISP, all ISPs, the hosts."""

from __future__ import annotations

from bot.core.category import Category
from bot.core.model import HostHealth, Tally
from bot.core.tier import Tier
from tests.looking import STALE
from tests.watch_rig import FULL, MINUTE, WatchRig, queue

HOUR = 60 * MINUTE


def test_now_before_and_the_edges_of_the_window(rig: WatchRig) -> None:
    """The running minute is in; sixty minutes in all, none of them twice."""
    for minute in range(120):
        rig.count(1, 1, ago=minute * MINUTE)
    diagnosis = rig.diagnose.isp("gmail")
    assert (diagnosis.now, diagnosis.before) == (Tally(60, 60), Tally(60, 60))
    assert diagnosis.lately == Tally(10, 10)
    assert [len(diagnosis.series), diagnosis.series[-1].minute % 60] == [60, 0]
    assert diagnosis.jobs[0].tally == diagnosis.ips[0].tally == Tally(60, 60)


def test_an_isp_nobody_has_heard_of_is_no_fault(rig: WatchRig) -> None:
    diagnosis = rig.diagnose.isp("nowhere.example")
    assert (diagnosis.now, diagnosis.tier, diagnosis.cause, diagnosis.judged) == (Tally(), Tier.CLEAR, None, False)


def test_all_isps_worst_first_and_the_small_ones_only_counted(rig: WatchRig) -> None:
    rig.count(40, 60)
    rig.count(95, 5, isp="yahoo")
    rig.count(50, 50, isp="apple", reply=FULL)
    rig.count(10, 30, isp="small.example")
    overview = rig.diagnose.overview()
    shown = [(line.isp, line.tier, line.cause, line.code) for line in overview.lines]
    assert shown == [
        ("gmail", Tier.BLOCK, Category.REPUTATION_IP, "421 4.7.0"),
        ("apple", Tier.CLEAR, None, ""),  # half of it deferred, but by full mailboxes
        ("yahoo", Tier.THROTTLE, Category.REPUTATION_IP, "421 4.7.0"),
    ]
    assert overview.few == 1


def test_many_isps_are_all_listed_in_order(rig: WatchRig) -> None:
    for n in range(40):
        rig.count(1000 - n, n, isp=f"shop{n:02}.example")
    lines = rig.diagnose.overview().lines
    assert [line.now.deferred for line in lines] == list(range(39, -1, -1))
    assert {line.tier for line in lines} == {Tier.CLEAR}


def test_stale_hosts_are_named_and_nothing_is_offered(rig: WatchRig) -> None:
    rig.count(40, 60)
    rig.queues(queue(recipients=500))
    assert rig.diagnose.isp("gmail").offers
    rig.clock.advance(STALE + MINUTE)
    diagnosis = rig.diagnose.isp("gmail")
    assert (diagnosis.blind, diagnosis.offers) == (True, ())
    assert diagnosis.hosts[0].trouble == "no data for 6 min"


def test_hosts_come_in_the_order_of_the_configuration_and_removed_ones_not_at_all() -> None:
    rig = WatchRig(hosts=("z", "a", "new"))
    rig.fleet.put_health(HostHealth("removed", rig.clock.now()))
    rig.see("z", "a")
    rig.hosts = ("z", "a")
    lines = rig.diagnose.hosts()
    assert [line.host for line in lines] == ["z", "a", "new"]


def test_what_one_can_ask_for_is_what_was_seen_in_a_day(rig: WatchRig) -> None:
    rig.count(1, isp="shop.example")
    rig.count(1, isp="old.example", ago=25 * HOUR)
    known = rig.diagnose.known_isps()
    assert "shop.example" in known and "gmail" in known
    assert "old.example" not in known


def test_the_facts_of_a_plan_are_those_of_the_diagnosis(rig: WatchRig) -> None:
    rig.count(40, 60, ip="192.0.2.7", vmta="v7")
    rig.queues(queue("v7"))
    facts = rig.diagnose.plan_facts("gmail")
    assert facts.cells == {("mta1", "192.0.2.7", "v7"): Tally(40, 60)}
    assert ([one.name for one in facts.queues], facts.others) == (["gmail.com/v7"], ())
    assert rig.diagnose.plan_facts("yahoo").others == facts.queues


def test_an_isp_to_which_only_dead_addresses_bounced_is_not_listed() -> None:
    rig = WatchRig()
    rig.count(5, bounced=500, isp="dead.example", reply="smtp;550 5.1.1 user unknown")
    rig.count(5, bounced=500, isp="block.example", reply="smtp;550 5.7.1 blocked using zen.spamhaus.org")
    overview = rig.diagnose.overview()
    assert [(line.isp, line.by_refusal) for line in overview.lines] == [("block.example", True)]
    assert overview.few == 1
