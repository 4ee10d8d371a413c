"""Views of one ISP, and one IP, VMTA or campaign at every ISP, out of the store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.breakdown import Of
from bot.core.category import Category
from bot.core.model import Tally
from tests.watch_rig import FULL, MINUTE, PACING, WatchRig, queue

HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.fixture
def mail(rig: WatchRig) -> WatchRig:
    """Two IPs to Gmail, one of them bad; the same two are fine at Yahoo. Three hours ago the good one was bad."""
    rig.count(40, 60, ip="192.0.2.1", vmta="v1", job="news")
    rig.count(95, 5, ip="192.0.2.2", vmta="v2", reply=PACING, job="receipts")
    rig.count(100, isp="yahoo", ip="192.0.2.1", vmta="v1", job="news")
    rig.count(100, isp="yahoo", ip="192.0.2.2", vmta="v2", job="receipts")
    rig.count(0, 500, ip="192.0.2.2", vmta="v2", ago=3 * HOUR, job="receipts")
    return rig


def test_the_ips_of_an_isp_with_their_vmtas_and_replies(mail: WatchRig) -> None:
    found = mail.diagnose.breakdowns.sources("gmail", Of.IP)
    assert [(line.key, line.tally, line.beside) for line in found.lines] == [
        ("192.0.2.1", Tally(40, 60), ("v1",)),
        ("192.0.2.2", Tally(95, 5), ("v2",)),
    ]
    causes = [line.reply.category for line in found.lines if line.reply]
    assert causes == [Category.REPUTATION_IP, Category.THROTTLE_NORMAL]
    assert (found.whole, found.untold, found.title) == (Tally(135, 65), Tally(), "Gmail")


def test_a_longer_window_is_summed_from_hours(mail: WatchRig) -> None:
    found = mail.diagnose.breakdowns.sources("gmail", Of.IP, DAY)
    assert [(line.key, line.tally.deferred) for line in found.lines] == [("192.0.2.2", 505), ("192.0.2.1", 60)]
    assert found.window.length == DAY


def test_a_longer_window_never_holds_more_than_was_asked_for(rig: WatchRig) -> None:
    rig.clock.advance(30 * MINUTE)
    rig.count(90, 10, ip="192.0.2.1")
    rig.count(0, 500, ip="192.0.2.1", ago=3 * HOUR + 20 * MINUTE)
    breakdowns = rig.diagnose.breakdowns
    assert breakdowns.sources("gmail", Of.IP, 3 * HOUR).whole == Tally(90, 10)
    assert breakdowns.replies("gmail", 3 * HOUR).whole.deferred == 10
    assert breakdowns.place(Of.IP, "192.0.2.1", 3 * HOUR).whole == Tally(90, 10)
    assert breakdowns.place(Of.JOB, "news", 3 * HOUR).whole == Tally(90, 10)


def test_the_vmtas_of_an_isp_with_their_queues(mail: WatchRig) -> None:
    mail.queues(queue("v2", recipients=70), queue("idle", recipients=5))
    found = mail.diagnose.breakdowns.sources("gmail", Of.VMTA, 30 * DAY)
    assert [(line.key, line.tally.deferred, len(line.queues)) for line in found.lines] == [
        ("v2", 505, 1),
        ("v1", 60, 0),
        ("idle", 0, 1),
    ]
    assert found.window.length == DAY  # VMTAs are not kept by the hour


def test_mail_without_the_name_is_counted_apart(rig: WatchRig) -> None:
    rig.count(30, 10, ip="")
    found = rig.diagnose.breakdowns.sources("gmail", Of.IP)
    assert (found.lines, found.untold) == ((), Tally(30, 10))


@pytest.mark.parametrize(("length", "ips"), [(None, 1), (DAY, 0)])
def test_what_an_isp_answers(mail: WatchRig, length: timedelta | None, ips: int) -> None:
    mail.count(0, 3, reply=FULL)
    found = mail.diagnose.breakdowns.replies("gmail", length)
    told = {each.line.category: each.line.count for each in found.lines}
    later = 500 if length else 0
    assert told == {Category.REPUTATION_IP: 60 + later, Category.THROTTLE_NORMAL: 5, Category.MAILBOX_FULL: 3}
    assert {each.ips for each in found.lines} == {ips}
    assert found.total == found.whole.deferred == 68 + later


def test_the_queues_of_one_isp_and_of_all(rig: WatchRig) -> None:
    rig.queues(queue("v1", recipients=400), queue("v2", recipients=30), queue("v3", recipients=2))
    assert [line.state.vmta for line in rig.diagnose.breakdowns.queues("gmail").lines] == ["v1", "v2", "v3"]
    everyones = rig.diagnose.breakdowns.queues()
    assert [(line.isp, line.state.vmta) for line in everyones.lines] == [("gmail", "v1"), ("gmail", "v2")]


def test_one_ip_at_every_isp_beside_all_others(mail: WatchRig) -> None:
    found = mail.diagnose.breakdowns.place(Of.IP, "192.0.2.1")
    assert [(line.isp, line.tally, line.rest) for line in found.lines] == [
        ("gmail", Tally(40, 60), Tally(95, 5)),
        ("yahoo", Tally(100), Tally(100)),
    ]
    assert (found.vmtas, found.ips, found.on, found.whole) == (("v1",), (), ("mta1",), Tally(140, 60))
    assert [(title, line.count) for title, line in found.replies] == [("Gmail", 60)]


def test_one_ip_over_a_day(mail: WatchRig) -> None:
    found = mail.diagnose.breakdowns.place(Of.IP, "192.0.2.2", DAY)
    assert (found.lines[0].tally, found.lines[0].rest) == (Tally(95, 505), Tally(40, 60))
    assert found.beside is not None and found.beside.length == 2 * HOUR
    assert [line.count for _, line in found.replies] == [5]  # of the last two hours


@pytest.mark.parametrize("of", Of)
def test_over_all_isps_nothing_goes_back_further_than_a_day(mail: WatchRig, of: Of) -> None:
    assert mail.diagnose.breakdowns.place(of, "news", 400 * DAY).window.length == DAY
    assert mail.diagnose.campaigns(None, 400 * DAY).window.length == DAY


def test_of_one_isp_it_goes_back_a_month(mail: WatchRig) -> None:
    found = mail.diagnose.breakdowns
    assert found.sources("gmail", Of.IP, 400 * DAY).window.length == 30 * DAY
    assert found.replies("gmail", 400 * DAY).window.length == 30 * DAY
    assert mail.diagnose.campaigns("gmail", 400 * DAY).window.length == 30 * DAY


def test_one_vmta(mail: WatchRig) -> None:
    found = mail.diagnose.breakdowns.place(Of.VMTA, "V1")
    assert (found.key, found.ips, found.vmtas, found.whole) == ("v1", ("192.0.2.1",), (), Tally(140, 60))


@pytest.mark.parametrize(("length", "deferred"), [(None, 505), (HOUR, 5)])
def test_one_campaign_of_the_day_or_of_the_hour(mail: WatchRig, length: timedelta | None, deferred: int) -> None:
    found = mail.diagnose.breakdowns.place(Of.JOB, "Receipts", length)
    assert [(line.isp, line.tally.deferred) for line in found.lines] == [("gmail", deferred), ("yahoo", 0)]
    assert (found.key, found.on) == ("receipts", ("mta1",))
    told = [(title, line.category, line.count) for title, line in found.replies]
    paced, bad = ("Gmail", Category.THROTTLE_NORMAL, 5), ("Gmail", Category.REPUTATION_IP, 500)
    assert told == ([bad, paced] if length is None else [paced])


@pytest.mark.parametrize(
    ("of", "asked", "nearest"), [(Of.IP, "192.0.2.3", "192.0.2.2"), (Of.JOB, "recipts", "receipts")]
)
def test_what_nobody_has_seen_is_met_with_the_nearest(mail: WatchRig, of: Of, asked: str, nearest: str) -> None:
    found = mail.diagnose.breakdowns.place(of, asked)
    assert (found.lines, found.key, found.nearest) == ((), asked, nearest)


def test_campaigns_of_the_last_minutes(mail: WatchRig) -> None:
    jobs = mail.diagnose.campaigns("gmail", HOUR).jobs
    assert [(share.key, share.tally.deferred) for share in jobs] == [("news", 60), ("receipts", 5)]
    mostly = mail.diagnose.campaigns("gmail", HOUR).mostly
    assert {job: line.category for job, line in mostly.items()} == {
        "news": Category.REPUTATION_IP,
        "receipts": Category.THROTTLE_NORMAL,
    }
    assert mail.diagnose.campaigns(None, HOUR).mostly == {}
    day = mail.diagnose.campaigns("gmail").jobs
    assert [share.key for share in day] == ["receipts", "news"]
