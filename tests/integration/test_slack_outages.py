"""Outages through the outbox against a local Slack: one message each, before everything else, and never two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.incident import Note
from bot.core.outage import DarkHost, Outage, OutageState
from bot.errors import StoreError
from bot.ports import Post
from bot.sim.slack.server import LocalSlack
from bot.slack.outbox import Outbox
from bot.slack.pace import Pace
from bot.slack.subjects import OutageSubjects
from tests.diagnoses import NOW
from tests.fakes import MemoryOutboxStore
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk
from tests.watch_rig import WatchRig

HOST = DarkHost("mta7", NOW - timedelta(minutes=5), "192.0.2.7 port 22 refuses connections: does sshd run there?")


@pytest.fixture
def desk() -> Iterator[SlackDesk]:
    slack = LocalSlack(people=[ANN, BO])
    slack.start()
    try:
        yield SlackDesk(slack)
    finally:
        slack.stop()


def go_dark(desk: SlackDesk) -> Outage:
    opened = desk.outages.open(Outage(0, OutageState.OPEN, NOW, 1, (HOST,), 20, NOW, 0.31))
    assert opened is not None
    return opened


def come_back(desk: SlackDesk) -> None:
    now = desk.outages.newest()
    assert now is not None
    hosts = tuple(replace(host, back_at=NOW) for host in now.hosts)
    desk.outages.move(now, replace(now, hosts=hosts, state=OutageState.RESOLVED, resolved_at=NOW))


def texts(desk: SlackDesk) -> list[str]:
    return [str(message["text"]) for message in desk.slack.messages()]


def test_an_outage_is_one_message_edited_to_its_end(desk: SlackDesk) -> None:
    go_dark(desk)
    assert desk.outbox.deliver() == 1
    (posted,) = desk.slack.messages()
    assert posted["text"].startswith("mta7: no data for 5 min (connection refused). It carried 31 %")
    now = desk.outages.newest()
    assert now is not None
    desk.outages.move(now, replace(now, hosts=(HOST, replace(HOST, host="mta8"))))
    assert desk.outbox.deliver() == 1
    come_back(desk)
    assert desk.outbox.deliver() == 1
    (shown,) = desk.slack.messages()
    assert shown["ts"] == posted["ts"]
    assert shown["text"].startswith("All 20 hosts are read again; mta7 was dark for 5 min")
    assert desk.outbox.deliver() == 0


def test_dark_hosts_are_told_before_the_incidents(desk: SlackDesk) -> None:
    desk.open_incident()
    go_dark(desk)
    assert desk.outbox.deliver() == 2
    assert [text.partition(" ")[0] for text in texts(desk)] == ["mta7:", "Gmail"]


def test_its_timeline_is_its_own_thread(desk: SlackDesk) -> None:
    """An incident has the same number and lines of its own."""
    desk.open_incident()
    go_dark(desk)
    desk.incidents.note(Note(1, NOW, "of the incident"))
    outage = desk.outages.newest()
    assert outage is not None
    desk.outages.move(outage, outage, lines=lambda kept: (Note(kept.id, NOW, "of the outage"),))
    assert desk.outbox.deliver() == 4
    threads = [desk.slack.thread(str(message["ts"])) for message in desk.slack.messages()]
    assert [[line["text"].rpartition("> ")[2] for line in thread] for thread in threads] == [
        ["of the outage"],
        ["of the incident"],
    ]
    assert desk.outbox.deliver() == 0


def test_a_deleted_message_is_posted_anew(desk: SlackDesk) -> None:
    go_dark(desk)
    desk.outbox.deliver()
    desk.slack.fail_next("chat.update", "message_not_found")
    come_back(desk)
    assert desk.outbox.deliver() == 1
    assert len(texts(desk)) == 2
    assert texts(desk)[-1].startswith("All 20 hosts are read again")
    assert desk.outbox.deliver() == 0


def test_refused_blocks_do_not_lose_it(desk: SlackDesk) -> None:
    go_dark(desk)
    desk.slack.fail_next("chat.postMessage", "invalid_blocks")
    assert desk.outbox.deliver() == 1
    assert texts(desk)[0].startswith("mta7: no data")


def test_one_that_slack_refuses_holds_up_no_incident(desk: SlackDesk) -> None:
    go_dark(desk)
    desk.open_incident()
    desk.slack.fail_next("chat.postMessage", "invalid_arguments")
    assert desk.outbox.deliver() == 1
    assert "OUT-1" in desk.outbox.trouble
    assert texts(desk)[0].startswith("Gmail")


def test_a_restart_posts_nothing_twice(desk: SlackDesk) -> None:
    go_dark(desk)
    desk.outbox.deliver()
    assert desk.new_outbox().deliver() == 0
    come_back(desk)
    assert desk.new_outbox().deliver() == 1
    assert len(texts(desk)) == 1


def test_killed_between_posting_and_remembering_it_repeats_under_the_same_id(
    desk: SlackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_dark(desk)

    def killed(_post: Post) -> None:
        raise StoreError("killed here")

    with monkeypatch.context() as last_moment:
        last_moment.setattr(desk.outages_told, "posted", killed)
        with pytest.raises(StoreError):
            desk.outbox.deliver()
    assert desk.new_outbox().deliver() == 1
    ids = [sent["client_msg_id"] for sent in desk.slack.calls("chat.postMessage")]
    assert len(ids) == 2
    assert ids[0] == ids[1]
    assert desk.new_outbox().deliver() == 0


def test_ten_minutes_in_the_dark_are_one_message_from_the_alarm_to_the_end(desk: SlackDesk) -> None:
    """Two hosts, one of them dead for ten virtual minutes: one post, edited, with its timeline in the thread."""
    rig = WatchRig(hosts=("mta1", "mta2"))
    rig.count(690, host="mta1")
    rig.count(310, host="mta2")
    told = OutageSubjects(MemoryOutboxStore(rig.outages, "OUT"), rig.clock, desk.slack.channel_id)
    pace = Pace(monotonic=desk.time.monotonic, wait=desk.time.wait)
    outbox = Outbox(desk.client, [told], rig.clock, desk.slack.channel_id, pace=pace)
    shown = []
    for minute in range(20):
        rig.clock.advance(timedelta(minutes=1))
        rig.see("mta1", *(["mta2"] if not 4 <= minute < 14 else []))
        rig.look_at_hosts.tick()
        outbox.deliver()
        shown.append(texts(desk)[0] if texts(desk) else "")
    assert shown[8] == ""
    assert shown[9].startswith("mta2: no data for 6 min (not read). It carried 31 % of the mail in the hour before.")
    assert shown[13].startswith("mta2: no data for 10 min")
    assert shown[14].startswith("Both hosts are read again; mta2 was dark for 11 min, everything its files hold")
    assert shown[19] == shown[14]
    (message,) = desk.slack.messages()
    assert [line["text"].rpartition("> ")[2] for line in desk.slack.thread(str(message["ts"]))] == [
        "`mta2` is dark",
        "`mta2` is read again after 11 min",
        "no host is dark any more, outage closed",
    ]
    assert len(desk.slack.calls("chat.postMessage")) == 1 + 3
