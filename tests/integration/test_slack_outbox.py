"""The outbox against a local Slack: posts once, edits in place, survives what Slack refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.core.incident import Incident, IncidentState, Note
from bot.errors import StoreError
from bot.sim.slack.server import LocalSlack
from bot.slack.charts import ChartForm
from tests.diagnoses import NOW, calm, diagnosis
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk

PEOPLE = [ANN, BO]


@contextmanager
def quiet_desk(slack: LocalSlack) -> Iterator[SlackDesk]:
    """A desk without a connected app: the outbox needs none."""
    slack.start()
    try:
        yield SlackDesk(slack)
    finally:
        slack.stop()


@pytest.fixture
def desk() -> Iterator[SlackDesk]:
    with quiet_desk(LocalSlack(people=PEOPLE)) as made:
        yield made


def kinds(message: dict[str, Any]) -> list[str]:
    return [block["type"] for block in message["blocks"]]


def newest(desk: SlackDesk, incident: int = 1) -> Incident:
    found = desk.incidents.get(incident)
    assert found is not None
    return found


def test_an_incident_is_one_message_edited_in_place(desk: SlackDesk) -> None:
    ts = desk.alert()
    assert desk.outbox.deliver() == 0
    assert "data_visualization" in kinds(desk.slack.messages()[0])
    desk.incidents.move(newest(desk), state=IncidentState.RESOLVED, diagnosis=calm(), resolved_at=NOW)
    assert desk.outbox.deliver() == 1
    assert [message["ts"] for message in desk.slack.messages()] == [ts]
    shown = desk.slack.messages()[0]
    assert shown["text"].startswith("Gmail is back to 4 % deferred")
    assert shown["attachments"][0]["color"].lstrip("#") == "2e9e5b"


def test_only_the_newest_revision_is_shown(desk: SlackDesk) -> None:
    desk.open_incident()
    for owner in (ANN.id, BO.id):
        desk.incidents.move(newest(desk), owner=owner)
    assert desk.outbox.deliver() == 1
    assert f"<@{BO.id}>" in str(desk.slack.messages()[0])


def test_notes_go_into_the_thread_in_order_and_rises_into_the_channel(desk: SlackDesk) -> None:
    ts = desk.alert()
    desk.incidents.note(Note(1, NOW, "first"))
    desk.incidents.note(Note(1, NOW, "tier *mixed* → *block*", broadcast=True))
    assert desk.outbox.deliver() == 2
    thread = desk.slack.thread(ts)
    assert [line["text"].rpartition("> ")[2] for line in thread] == ["first", "tier *mixed* → *block*"]
    assert len(desk.slack.messages()) == 2
    assert desk.outbox.deliver() == 0


def test_a_workspace_without_charts_gets_the_picture_and_the_bot_remembers() -> None:
    with quiet_desk(LocalSlack(people=PEOPLE, charts=False)) as plain:
        plain.alert()
        assert kinds(plain.slack.messages()[0])[-1] == "image"
        posts = len(plain.slack.calls("chat.postMessage"))
        assert posts == 2
        plain.incidents.move(newest(plain), owner=ANN.id)
        plain.outbox.deliver()
        assert kinds(plain.slack.messages()[0])[-1] == "image"
        assert len(plain.slack.calls("chat.update")) == 1


def test_without_the_upload_scope_the_chart_is_a_line_of_text() -> None:
    with quiet_desk(LocalSlack(people=PEOPLE, charts=False, scopes=["chat:write"])) as plain:
        plain.alert()
        assert kinds(plain.slack.messages()[0])[-1] == "context"
        assert "peak 34 %" in str(plain.slack.messages()[0]["blocks"][-1])
        assert plain.charts.form is ChartForm.TEXT


def test_an_alert_whose_blocks_are_all_refused_still_arrives_as_its_sentence(desk: SlackDesk) -> None:
    desk.open_incident()
    desk.slack.fail_next("chat.postMessage", "invalid_blocks", times=3)
    assert desk.outbox.deliver() == 1
    (message,) = desk.slack.messages()
    assert message["text"].startswith("Gmail is deferring 31 % of our mail")
    assert desk.charts.form is ChartForm.NATIVE


@pytest.mark.parametrize("code", ["message_not_found", "edit_window_closed", "cant_update_message"])
def test_a_message_that_cannot_be_edited_is_posted_anew(desk: SlackDesk, code: str) -> None:
    first = desk.alert()
    desk.slack.fail_next("chat.update", code)
    desk.incidents.move(newest(desk), owner=ANN.id)
    assert desk.outbox.deliver() == 1
    second = desk.slack.messages()[-1]["ts"]
    assert second != first
    post = desk.outbox_store.post_of(1, desk.slack.channel_id)
    assert post is not None
    assert (post.ts, post.revision) == (second, 2)


def test_429_pauses_as_long_as_slack_says_and_keeps_the_order(desk: SlackDesk) -> None:
    desk.alert()
    for text in ("first", "second"):
        desk.incidents.note(Note(1, NOW, text))
    desk.slack.fail_next("chat.postMessage", status=429, retry_after_s=30)
    assert desk.outbox.deliver() == 0
    assert "ratelimited" in desk.outbox.trouble
    desk.time.waits.clear()
    assert desk.outbox.deliver() == 2
    assert desk.time.waits == [30.0, 1.0]
    assert desk.outbox.trouble == ""


def test_one_message_a_second(desk: SlackDesk) -> None:
    for isp in ("gmail", "yahoo", "apple"):
        desk.open_incident(isp=isp, title=isp)
    assert desk.outbox.deliver() == 3
    assert desk.time.waits == [1.0, 1.0]


def test_edits_leave_more_room_than_posts(desk: SlackDesk) -> None:
    desk.alert()
    for owner in (ANN.id, BO.id):
        desk.incidents.move(newest(desk), owner=owner)
        desk.outbox.deliver()
    desk.incidents.note(Note(1, NOW, "one"))
    desk.outbox.deliver()
    assert desk.time.waits == [1.0, 1.25, 1.25]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_broken_slack_is_tried_again_at_the_next_round(desk: SlackDesk, status: int) -> None:
    desk.open_incident()
    desk.slack.fail_next("chat.postMessage", status=status)
    assert desk.outbox.deliver() == 0
    assert desk.outbox.deliver() == 1
    assert len(desk.slack.messages()) == 1


def test_a_lost_answer_repeats_at_most_once_and_under_the_same_client_msg_id(desk: SlackDesk) -> None:
    desk.open_incident()
    desk.slack.fail_next("chat.postMessage", lose_answer=True)
    assert desk.outbox.deliver() == 0
    assert desk.outbox.deliver() == 1
    ids = [sent["client_msg_id"] for sent in desk.slack.calls("chat.postMessage")]
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_a_channel_that_refuses_us_holds_everything_and_says_what_to_do(desk: SlackDesk) -> None:
    desk.open_incident()
    desk.slack.fail_next("chat.postMessage", "not_in_channel")
    assert desk.outbox.deliver() == 0
    assert desk.outbox.trouble == "Slack chat.postMessage: not_in_channel; invite the bot into the channel"
    assert desk.outbox.deliver() == 1


def test_one_message_that_slack_refuses_holds_up_no_other(desk: SlackDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open_incident()
    desk.incidents.open(diagnosis(isp="yahoo", title="Yahoo"), NOW)
    desk.slack.fail_next("chat.postMessage", "invalid_arguments")
    assert desk.outbox.deliver() == 1
    assert "INC-1" in desk.outbox.trouble
    assert "Yahoo" in desk.slack.messages()[0]["text"]
    desk.incidents.note(Note(2, NOW, "a line of Yahoo"))
    assert desk.outbox.deliver() == 1  # the refused one is not hammered
    monkeypatch.setattr("bot.slack.outbox.time.monotonic", lambda: 1e9)
    assert desk.outbox.deliver() == 1
    assert desk.outbox.trouble == ""
    assert len(desk.slack.messages()) == 2


def test_a_note_whose_thread_is_gone_goes_into_the_channel(desk: SlackDesk) -> None:
    desk.alert()
    desk.incidents.note(Note(1, NOW, "taken back"))
    desk.slack.fail_next("chat.postMessage", "thread_not_found")
    assert desk.outbox.deliver() == 1
    assert desk.slack.messages()[-1]["text"].startswith("`INC-1`")


def test_while_the_store_cannot_be_written_nothing_is_posted_twice(
    desk: SlackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open_incident()
    desk.incidents.note(Note(1, NOW, "opened"))

    refused: list[str] = []

    def may_refuse(name: str) -> None:
        write = getattr(desk.outbox_store, name)

        def guarded(*given: object) -> None:
            if name in refused:
                raise StoreError("could not remember what was posted: the disk is full")
            write(*given)

        monkeypatch.setattr(desk.outbox_store, name, guarded)

    for name in ("posted", "note_posted"):
        may_refuse(name)
        refused[:] = [name]
        for _ in range(3):
            with pytest.raises(StoreError):
                desk.outbox.deliver()
    refused.clear()
    assert desk.outbox.deliver() == 0
    assert len(desk.slack.calls("chat.postMessage")) == 2  # the alert and its line, each once
    assert desk.new_outbox().deliver() == 0


def test_a_restart_posts_nothing_twice(desk: SlackDesk) -> None:
    desk.alert()
    assert desk.new_outbox().deliver() == 0
    desk.incidents.move(newest(desk), diagnosis=diagnosis(advice="other"))
    assert desk.new_outbox().deliver() == 1
    assert len(desk.slack.messages()) == 1


def test_run_delivers_when_woken_and_ends_when_stopped(desk: SlackDesk) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=desk.outbox.run, args=(stop,), name="outbox")
    thread.start()
    desk.open_incident()
    desk.outbox.wake()
    desk.slack.wait_for(lambda: len(desk.slack.messages()) == 1)
    stop.set()
    desk.outbox.wake()
    thread.join(timeout=5)
    assert not thread.is_alive()
