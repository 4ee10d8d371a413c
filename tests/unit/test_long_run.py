"""What a diagnosis knows beside its window: the day, the usual rate, recipients, hosted mail, growing queues."""

from __future__ import annotations

from bot.core.change import ChangeState
from bot.core.diagnosis import QueueTrend, Share, Untold, Usual
from bot.core.distinct import hashed, merged
from bot.core.model import RECIPIENTS_EVERY_S, HostFacts, HostHealth, HostSnapshot, IspCell, RollUp, Tally
from bot.core.tier import Tier
from bot.core.trends import DAY, HOUR
from bot.ports import NewRecords
from tests.store_values import plan
from tests.watch_rig import FULL, MINUTE, NOON, WatchRig, queue

QUARTER = 15 * MINUTE


def unlogging(rig: WatchRig, host: str = "mta1") -> None:
    """`host` has never logged a deferral."""
    now = rig.clock.now()
    facts = HostFacts(undeferred_since=now - 3 * DAY)
    rig.fleet.put_health(HostHealth(host, now, now, undeferred=900, queues_at=now, facts=facts))


def more(rig: WatchRig, roll_up: RollUp) -> None:
    rig.tallies.commit("mta1", NewRecords(roll_up, rig.tallies.positions("mta1")))


def test_five_minutes_an_hour_and_a_day_at_once(rig: WatchRig) -> None:
    rig.count(50, 50)
    rig.count(90, 10, ago=30 * MINUTE)
    rig.count(800, 0, ago=20 * HOUR)
    spans = rig.diagnose.isp("gmail").spans
    assert [(span.length, span.tally) for span in spans] == [
        (5 * MINUTE, Tally(50, 50)),
        (60 * MINUTE, Tally(140, 60)),
        (20 * HOUR, Tally(940, 60)),  # nothing is known of more
    ]


def test_a_day_that_is_hardly_longer_than_the_window_is_not_told(rig: WatchRig) -> None:
    rig.count(50, 50)
    assert [span.length for span in rig.diagnose.isp("gmail").spans] == [5 * MINUTE, 60 * MINUTE]


def test_another_window_is_taken_where_it_is_asked_for(rig: WatchRig) -> None:
    rig.count(50, 50)
    rig.count(90, 10, ago=30 * MINUTE)
    diagnosis = rig.diagnose.isp("gmail", QUARTER)
    assert (diagnosis.now, diagnosis.window.length) == (Tally(50, 50), QUARTER)
    assert [span.length for span in diagnosis.spans] == [5 * MINUTE, QUARTER, HOUR]
    usual = rig.diagnose.isp("gmail")
    assert (diagnosis.tier, diagnosis.advice, diagnosis.decided_on) == (usual.tier, usual.advice, 60 * MINUTE)
    assert (usual.tier, usual.decided_on) == (Tier.REPUTATION, None)  # 30 %, not 50 %
    assert rig.diagnose.isp("gmail", HOUR) == usual


def test_the_same_hour_of_earlier_days(rig: WatchRig) -> None:
    rig.count(50, 50)
    for days, percent in ((1, 4), (2, 6), (3, 90)):
        rig.count(100 - percent, percent, ago=days * DAY + 40 * MINUTE)
        rig.count(70, 30, ago=days * DAY + 6 * HOUR)
    rig.count(0, 100, ago=DAY + 3 * HOUR)  # another hour
    rig.count(0, 10, ago=4 * DAY + 40 * MINUTE)  # too little mail
    assert rig.diagnose.isp("gmail").usual == Usual(3, 0.06)
    assert rig.diagnose.isp("gmail", 2 * HOUR).usual == Usual(3, 0.06)
    assert rig.diagnose.isp("gmail", 12 * HOUR).usual is None  # that is many hours of the day
    assert rig.diagnose.isp("yahoo").usual is None


def test_what_is_asked_once_an_hour_is_asked_again_in_the_next(rig: WatchRig) -> None:
    rig.count(50, 50)
    assert rig.diagnose.isp("gmail").usual is None
    for days in (1, 2, 3):
        rig.count(96, 4, ago=days * DAY)
        rig.count(92, 8, ago=days * DAY - HOUR)
    assert rig.diagnose.isp("gmail").usual is None  # kept
    rig.clock.advance(HOUR)
    assert rig.diagnose.isp("gmail").usual == Usual(3, 0.04)


def test_recipients_and_hosted_mail(rig: WatchRig) -> None:
    rig.count(50, 60, reply=FULL)
    minute = int(NOON.timestamp())
    seen = merged(hashed(f"r{n}@gmail.com") for n in range(7))
    stretch = minute // RECIPIENTS_EVERY_S * RECIPIENTS_EVERY_S
    hosted = {IspCell(minute, "gmail"): Tally(5, 6)}
    more(rig, RollUp(hosted=hosted, deferred_to={IspCell(stretch, "gmail"): seen}))
    diagnosis = rig.diagnose.isp("gmail")
    assert diagnosis.hosted == Tally(5, 6)
    assert diagnosis.recipients is not None
    assert (diagnosis.recipients.distinct, diagnosis.recipients.tally) == (7, Tally(50, 60))
    again = "60 deferrals are 7 recipients, tried again and again: full or dead mailboxes, not a block, and not in the"
    assert diagnosis.evidence == (f"{again} tier",)
    nobody = rig.diagnose.isp("yahoo").recipients
    assert nobody is None or nobody.distinct == 0


def test_hosts_that_log_no_deferrals_are_left_out_or_nothing_is_said(rig: WatchRig) -> None:
    """Hours and hosted mail are kept without their host: a rate of them would be too low."""
    rig.hosts = ("mta1", "mta2")
    rig.count(50, 60, host="mta2")
    rig.count(900, 0)
    for days in range(1, 5):
        rig.count(96, 4, ago=days * DAY + 40 * MINUTE)
    minute = int(NOON.timestamp())
    stretch = minute // RECIPIENTS_EVERY_S * RECIPIENTS_EVERY_S
    seen = merged(hashed(f"r{n}@gmail.com") for n in range(50))
    more(rig, RollUp(hosted={IspCell(minute, "gmail"): Tally(5, 6)}, deferred_to={IspCell(stretch, "gmail"): seen}))
    unlogging(rig)
    diagnosis = rig.diagnose.isp("gmail")
    assert (diagnosis.now, diagnosis.usual, diagnosis.hosted) == (Tally(50, 60), None, Tally())
    assert [span.length for span in diagnosis.spans] == [5 * MINUTE, 60 * MINUTE]
    assert diagnosis.recipients is not None
    assert diagnosis.recipients.rate == 0.5  # 50 recipients, 50 deliveries
    assert diagnosis.jobs == (Share("news", Tally(50, 60)),)
    assert rig.diagnose.history("gmail", DAY).diluted == ("mta1",)
    assert rig.diagnose.campaigns("gmail").jobs == (Share("news", Tally(50, 60)),)


def test_queues_that_grow(rig: WatchRig) -> None:
    rig.count(50, 50)
    rig.queues(queue("v1", recipients=400), queue("v2", recipients=500))
    rig.clock.advance(45 * MINUTE)
    rig.queues(queue("v1", recipients=900), queue("v2", recipients=500))
    rig.clock.advance(QUARTER)
    rig.see()
    rig.queues(queue("v1", recipients=2400), queue("v2", recipients=500))
    diagnosis = rig.diagnose.isp("gmail")
    assert diagnosis.waiting == QueueTrend("", "", 2900, 1400, 900)
    assert diagnosis.rising == (QueueTrend("mta1", "gmail.com/v1", 2400, 900, 400),)
    assert rig.diagnose.overview().rising == (QueueTrend("", "Gmail", 2900, 1400, 900),)


def test_a_new_host_is_not_taken_for_growth(rig: WatchRig) -> None:
    rig.hosts = ("mta1",)
    rig.queues(queue("v1", recipients=400))
    rig.clock.advance(HOUR)
    rig.queues(queue("v1", recipients=400))
    diagnosis = rig.diagnose.isp("gmail")
    assert diagnosis.waiting == QueueTrend("", "", 400, None, 400)
    assert (diagnosis.rising, rig.diagnose.overview().rising) == ((), ())


def test_a_list_that_was_cut_short_is_not_compared(rig: WatchRig) -> None:
    rig.queues(queue("v1", recipients=400), queue("v2", recipients=9000))
    rig.clock.advance(HOUR)
    rig.fleet.put_snapshot(HostSnapshot("mta1", rig.clock.now(), (queue("v1", recipients=400),), (), complete=False))
    assert rig.diagnose.isp("gmail").waiting is None


def test_queues_nobody_has_seen_lately_are_not_known(rig: WatchRig) -> None:
    rig.queues(queue("v1", recipients=400))
    rig.clock.advance(HOUR)
    assert rig.diagnose.isp("gmail").waiting is None


def test_queues_that_we_hold_are_told_from_others(rig: WatchRig) -> None:
    rig.count(50, 50)
    rig.queues(queue("gmail-ip-1", recipients=400, paused=True), queue("v2", recipients=9, paused=True))
    planned = rig.changes.plan(plan(), by="U0ANN", at=NOON)
    rig.changes.move(planned.id, ChangeState.PLANNED, ChangeState.APPLYING, by="U0ANN", reason="test", at=NOON)
    said = f"2 of 2 queues are paused, 1 of them by us (CHG-{planned.id})"
    assert said in rig.diagnose.isp("gmail").evidence


def test_records_that_tell_no_ip_or_campaign(rig: WatchRig) -> None:
    rig.count(50, 50, ip="", vmta="", job="")
    rig.count(100, 0, job="")
    assert rig.diagnose.isp("gmail").untold == (
        Untold("dlvSourceIp", Tally(50, 50), ("mta1",)),
        Untold("vmta", Tally(50, 50), ("mta1",)),
        Untold("jobId", Tally(150, 50), ("mta1",)),
    )


def test_a_day_hour_by_hour(rig: WatchRig) -> None:
    rig.count(50, 50)
    rig.count(90, 10, ago=3 * HOUR)
    rig.count(10, 90, ago=30 * HOUR)
    day = rig.diagnose.history("gmail", DAY)
    assert [point.tally for point in day.hours] == [Tally(90, 10), Tally(50, 50)]
    assert (day.begins, day.title, day.min_attempts) == (NOON - 3 * HOUR, "Gmail", 50)
    assert rig.diagnose.history("gmail", 2 * DAY).total == Tally(150, 150)
    assert rig.diagnose.history("nobody.example", DAY).hours == ()


def test_campaigns_of_the_day(rig: WatchRig) -> None:
    rig.count(50, 50, job="a")
    rig.count(90, 10, job="a", ago=3 * HOUR)
    rig.count(90, 10, job="b", isp="yahoo")
    rig.count(5, 0, job="old", ago=25 * HOUR)
    rig.count(10, 0, job="")
    assert rig.diagnose.campaigns().jobs == (Share("a", Tally(140, 60)), Share("b", Tally(90, 10)))
    gmail = rig.diagnose.campaigns("gmail")
    assert (gmail.jobs, gmail.untold) == ((Share("a", Tally(140, 60)),), 10)


def test_every_host_in_full() -> None:
    rig = WatchRig(hosts=("mta1", "mta2"))
    rig.queues(queue("v1", recipients=400), queue("v2", recipients=5))
    rig.see("mta1")
    first, second = rig.diagnose.host_reports()
    assert (first.line.host, first.queues, first.waiting) == ("mta1", 2, 405)
    assert first.health is not None
    assert (second.line.host, second.queues) == ("mta2", None)
