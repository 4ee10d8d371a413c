"""A real Bolt app, unchanged, against the local Slack: commands, clicks, modals, ephemerals, files, faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltContext, Respond
from slack_sdk import WebClient

from bot.sim.slack.server import LocalSlack
from tests.local_slack_bot import ANN, BO, client_of, connected, new_app, refused

BUTTON = {"type": "button", "action_id": "pause", "text": {"type": "plain_text", "text": "Pause…"}, "value": "7:1"}
MENU = {
    "type": "overflow",
    "action_id": "more",
    "options": [{"text": {"type": "plain_text", "text": "Why?"}, "value": "why"}],
}
BUTTONS = [{"type": "actions", "block_id": "do", "elements": [BUTTON, MENU]}]
REASON = {
    "type": "input",
    "block_id": "reason",
    "label": {"type": "plain_text", "text": "Reason"},
    "element": {"type": "plain_text_input", "action_id": "text", "min_length": 3},
}
NOTE = {**REASON, "block_id": "note", "optional": True}
MODAL = {
    "type": "modal",
    "callback_id": "pause",
    "title": {"type": "plain_text", "text": "Pause gmail"},
    "submit": {"type": "plain_text", "text": "Pause"},
    "private_metadata": "7",
    "blocks": [REASON, NOTE],
}


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    slack = LocalSlack(people=[ANN, BO], commands=("/deferrals", "/plain"))
    slack.start()
    yield slack
    slack.stop()


class Seen:
    """What the app heard, in order."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def last(self, kind: str) -> dict[str, Any]:
        return next(body for body in reversed(self.bodies) if kind in (body.get("type"), body.get("command")))


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


@pytest.fixture(scope="module")
def app(slack: LocalSlack, seen: Seen) -> App:
    app = new_app(slack)

    @app.command("/deferrals")
    def answer(ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
        seen.bodies.append(body)
        ack()
        respond(text=f"*{body['text']}* is fine", response_type="in_channel" if body["text"] == "all" else "ephemeral")

    @app.command("/plain")
    def plain(ack: Ack) -> None:
        ack("from the ack")

    @app.action("pause")
    def pause(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        seen.bodies.append(body)
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("more")
    def more(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        seen.bodies.append(body)
        ack()
        respond(text="replaced", replace_original=True)

    @app.view("pause")
    def submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        seen.bodies.append(body)
        reason = view["state"]["values"]["reason"]["text"]["value"]
        if reason == "because":
            ack(response_action="errors", errors={"reason": "Say why."})
        else:
            ack()

    @app.event("app_home_opened")
    def home(body: dict[str, Any], client: WebClient, context: BoltContext) -> None:
        seen.bodies.append(body)
        block = {"type": "section", "text": {"type": "mrkdwn", "text": "Fleet"}}
        client.views_publish(user_id=context.user_id or "", view={"type": "home", "blocks": [block]})

    @app.event("app_mention")
    def mentioned(event: dict[str, Any], client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], text="You called?", thread_ts=event["ts"])

    @app.event("message")
    def direct(event: dict[str, Any], client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], text=f"You wrote {event['text']}")

    return app


@pytest.fixture(scope="module")
def bot(slack: LocalSlack, app: App) -> Iterator[WebClient]:
    with connected(slack, app):
        yield app.client


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages]


def test_a_message_is_posted_edited_answered_and_removed(slack: LocalSlack, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C0LOCAL", text="first", blocks=BUTTONS)
    client.chat_update(channel="C0LOCAL", ts=posted["ts"], text="second")
    reply = client.chat_postMessage(channel="#mail-ops", text="reply", thread_ts=posted["ts"])
    assert posted["message"]["blocks"][0]["elements"][0]["value"] == "7:1"
    root = slack.message(posted["ts"])
    assert root is not None
    assert root["text"] == "second"
    assert root["edited"]["user"] == root["user"]
    assert "blocks" not in root, "text without blocks takes the blocks away"
    assert [(m["text"], m["thread_ts"]) for m in slack.thread(posted["ts"])] == [("reply", posted["ts"])]
    assert reply["ts"] not in [message["ts"] for message in slack.messages()]
    client.chat_delete(channel="C0LOCAL", ts=posted["ts"])
    assert slack.message(posted["ts"]) is None
    assert refused(client, "chat.update", channel="C0LOCAL", ts=posted["ts"], text="x") == "message_not_found"


@pytest.mark.usefixtures("bot")
def test_a_command_is_acked_and_answered_by_its_response_url(slack: LocalSlack, seen: Seen) -> None:
    assert slack.command(ANN.id, "/deferrals gmail 60m").acked
    slack.wait_for(lambda: "*gmail 60m* is fine" in texts(slack.ephemerals(ANN.id)))
    body = seen.last("/deferrals")
    assert (body["text"], body["user_id"], body["channel_id"]) == ("gmail 60m", ANN.id, "C0LOCAL")
    assert "*gmail 60m* is fine" not in texts(slack.ephemerals(BO.id) + slack.messages())
    slack.command(BO.id, "/deferrals <b> & @ann")
    assert seen.last("/deferrals")["text"] == "&lt;b&gt; &amp; <@U0ANN>"
    slack.command(BO.id, "/deferrals all")
    slack.wait_for(lambda: "*all* is fine" in texts(slack.messages()))


@pytest.mark.usefixtures("bot")
def test_the_text_of_an_ack_is_shown_to_the_one_who_asked(slack: LocalSlack) -> None:
    slack.command(BO.id, "/plain")
    assert slack.ephemerals(BO.id)[-1]["text"] == "from the ack"


def test_an_unknown_command_never_reaches_the_bot(slack: LocalSlack) -> None:
    assert not slack.command(BO.id, "/nosuch thing").acked
    assert slack.notices(BO.id)[-1].startswith("/nosuch is not a valid command")


@pytest.mark.usefixtures("bot")
def test_click_opens_a_modal_whose_submission_is_refused_at_a_field_then_accepted(
    slack: LocalSlack, client: WebClient, seen: Seen
) -> None:
    ts = client.chat_postMessage(channel="C0LOCAL", text="alert", blocks=BUTTONS)["ts"]
    assert slack.click(ANN.id, ts, "pause").ok
    view = slack.wait_for(lambda: slack.views(ANN.id))[-1]
    click = seen.last("block_actions")
    assert click["actions"][0]["value"] == "7:1"
    assert click["actions"][0]["block_id"] == "do"
    assert click["message"]["ts"] == ts
    assert click["container"] == {"type": "message", "message_ts": ts, "channel_id": "C0LOCAL", "is_ephemeral": False}
    assert slack.views(BO.id) == []

    assert "required" in slack.submit(ANN.id, view["id"], {}).errors["reason"]
    assert "at least 3" in slack.submit(ANN.id, view["id"], {"reason": {"text": "x"}}).errors["reason"]
    assert slack.submit(ANN.id, view["id"], {"reason": {"text": "because"}}).errors == {"reason": "Say why."}
    assert slack.views(ANN.id)[-1]["state"]["values"]["reason"]["text"]["value"] == "because"
    assert slack.submit(ANN.id, view["id"], {"reason": {"text": "spam wave"}}).ok
    assert slack.views(ANN.id) == []
    assert seen.last("view_submission")["view"]["state"]["values"] == {
        "reason": {"text": {"type": "plain_text_input", "value": "spam wave"}},
        "note": {"text": {"type": "plain_text_input", "value": None}},
    }
    assert seen.last("view_submission")["view"]["private_metadata"] == "7"


@pytest.mark.usefixtures("bot")
def test_a_menu_choice_replaces_the_message_by_its_response_url(
    slack: LocalSlack, client: WebClient, seen: Seen
) -> None:
    ts = client.chat_postMessage(channel="C0LOCAL", text="alert", blocks=BUTTONS)["ts"]
    slack.click(ANN.id, ts, "more", selected_option="why")
    slack.wait_for(lambda: (slack.message(ts) or {})["text"] == "replaced")
    action = seen.last("block_actions")["actions"][0]
    assert action["type"] == "overflow"
    assert action["selected_option"] == MENU["options"][0]


def test_an_ephemeral_message_is_seen_by_one_person_only(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postEphemeral(channel="C0LOCAL", user=BO.id, text="only Bo")
    assert slack.ephemerals(BO.id)[-1]["text"] == "only Bo"
    assert "only Bo" not in texts(slack.ephemerals(ANN.id) + slack.messages())


def test_no_ack_in_time_is_told_to_the_person() -> None:
    slack = LocalSlack(people=[ANN], ack_deadline_s=0.2)
    slack.start()
    app = new_app(slack)
    let_go = threading.Event()

    @app.command("/deferrals")
    def slow(ack: Ack) -> None:
        let_go.wait(10)
        ack()

    try:
        with connected(slack, app):
            assert not slack.command(ANN.id, "/deferrals").acked
            let_go.set()
    finally:
        slack.stop()
    assert "did not respond in time" in slack.notices(ANN.id)[-1]


@pytest.mark.usefixtures("bot")
def test_app_home_is_published_when_opened(slack: LocalSlack) -> None:
    slack.open_home(BO.id)
    home = slack.wait_for(lambda: slack.home(BO.id))
    assert home is not None
    assert home["type"] == "home"
    assert home["blocks"][0]["text"]["text"] == "Fleet"


@pytest.mark.usefixtures("bot")
def test_the_bot_hears_mentions_and_direct_messages(slack: LocalSlack) -> None:
    ts = slack.say(BO.id, "@deferbot hello")
    assert slack.wait_for(lambda: slack.thread(ts))[0]["text"] == "You called?"
    assert (slack.message(ts) or {})["text"] == "<@U0LOCALBOT> hello"
    direct = slack.direct(BO.id)
    slack.say(BO.id, "psst", channel=direct)
    assert slack.wait_for(lambda: slack.messages(direct)[1:])[0]["text"] == "You wrote psst"


def test_files_are_uploaded_in_three_steps_and_shared_in_a_thread(slack: LocalSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0LOCAL", text="with evidence")["ts"]
    done = client.files_upload_v2(
        content=b"\x89PNG...", filename="rate.png", title="Rate", channel="C0LOCAL", thread_ts=ts, initial_comment="See"
    )
    shared = slack.thread(ts)[0]
    assert (shared["text"], shared["files"][0]["title"]) == ("See", "Rate")
    assert shared["files"][0]["id"] == done["file"]["id"]
    picture = {"type": "image", "slack_file": {"id": done["file"]["id"]}, "alt_text": "rate"}
    client.chat_postMessage(channel="C0LOCAL", text="picture", blocks=[picture])
    gone = {**picture, "slack_file": {"id": "F999999"}}
    assert refused(client, "chat.postMessage", channel="C0LOCAL", text="x", blocks=[gone]) == "invalid_blocks"
