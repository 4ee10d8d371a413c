"""Trigger ids, views and response URLs of the local Slack: how long they hold and in which order they stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.sim.slack.server import LocalSlack
from bot.sim.slack.wire import ApiRefusal
from tests.local_slack_bot import ANN, BO, ManualSeconds, client_of, connected, new_app, refused

MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Look"},
    "blocks": [{"type": "divider"}],
}
FORM = {
    **MODAL,
    "callback_id": "form",
    "submit": {"type": "plain_text", "text": "Next"},
    "blocks": [
        {
            "type": "input",
            "block_id": "choice",
            "optional": True,
            "label": {"type": "plain_text", "text": "Choice"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
HOME = {"type": "home", "blocks": [{"type": "divider"}]}
BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
BUTTONS = [{"type": "actions", "elements": [BUTTON]}]


@pytest.fixture
def clock() -> ManualSeconds:
    return ManualSeconds()


@pytest.fixture
def slack(clock: ManualSeconds) -> Iterator[LocalSlack]:
    slack = LocalSlack(people=[ANN, BO], clock=clock)
    slack.start()
    yield slack
    slack.stop()


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


def clicked(slack: LocalSlack, kind: str = "trigger_id") -> str:
    """A `trigger_id` (or `response_url`) from a real click, without using it."""
    app = new_app(slack)
    found: list[str] = []

    @app.action("go")
    def go(ack: object, body: dict[str, str]) -> None:
        found.append(body[kind])
        ack()  # type: ignore[operator]

    ts = app.client.chat_postMessage(channel="C0LOCAL", text="go", blocks=BUTTONS)["ts"]
    with connected(slack, app):
        assert slack.click(ANN.id, ts, "go").acked
    return found[0]


def test_a_trigger_opens_one_view_within_three_seconds(
    slack: LocalSlack, client: WebClient, clock: ManualSeconds
) -> None:
    trigger = clicked(slack)
    clock.at += 2.9
    view = client.views_open(trigger_id=trigger, view=MODAL)["view"]
    assert slack.views(ANN.id)[0]["id"] == view["id"]
    assert refused(client, "views.open", trigger_id=trigger, view=MODAL) == "exchanged_trigger_id"
    late = clicked(slack)
    clock.at += 3.1
    assert refused(client, "views.open", trigger_id=late, view=MODAL) == "expired_trigger_id"
    assert refused(client, "views.open", trigger_id="1.2.3", view=MODAL) == "invalid_trigger_id"


def test_views_are_updated_under_their_hash(slack: LocalSlack, client: WebClient) -> None:
    first = client.views_open(trigger_id=clicked(slack), view={**MODAL, "external_id": "e"})["view"]
    second = client.views_update(view_id=first["id"], view=MODAL, hash=first["hash"])["view"]
    assert second["id"] == first["id"]
    assert second["hash"] != first["hash"]
    stale = {"view_id": first["id"], "view": MODAL, "hash": first["hash"]}
    assert refused(client, "views.update", **stale) == "hash_conflict"
    assert refused(client, "views.update", view_id="V9", view=MODAL) == "not_found"
    assert refused(client, "views.update", view_id=first["id"], view=HOME) == "invalid_arguments"
    home = client.views_publish(user_id=ANN.id, view=HOME)["view"]
    client.views_publish(user_id=ANN.id, view=HOME, hash=home["hash"])
    assert refused(client, "views.publish", user_id=ANN.id, view=HOME, hash=home["hash"]) == "hash_conflict"


def test_modals_are_stacked_three_deep_by_pushing(slack: LocalSlack) -> None:
    app = new_app(slack)
    codes: list[str] = []

    @app.action("go")
    def go(ack: object, body: dict[str, object], client: WebClient) -> None:
        view = {**MODAL, "blocks": BUTTONS, "external_id": str(len(codes))}
        method = "views.push" if "view" in body else "views.open"
        try:
            client.api_call(method, json={"trigger_id": body["trigger_id"], "view": view})
            codes.append("ok")
        except SlackApiError as refusal:
            codes.append(str(refusal.response["error"]))
        ack()  # type: ignore[operator]

    ts = app.client.chat_postMessage(channel="C0LOCAL", text="go", blocks=BUTTONS)["ts"]
    with connected(slack, app):
        slack.click(ANN.id, ts, "go")
        for _ in range(3):
            slack.click_view(ANN.id, slack.views(ANN.id)[-1]["id"], "go")
    assert codes == ["ok", "ok", "ok", "push_limit_reached"]
    views = slack.views(ANN.id)
    assert [view["previous_view_id"] for view in views] == [None, views[0]["id"], views[1]["id"]]
    slack.close_view(ANN.id, views[2]["id"])
    assert len(slack.views(ANN.id)) == 2


def test_a_response_url_serves_five_times_in_half_an_hour(slack: LocalSlack, clock: ManualSeconds) -> None:
    url = clicked(slack, "response_url")
    hook = WebhookClient(url, retry_handlers=[])
    assert [hook.send(text=f"{number}").status_code for number in range(5)] == [200] * 5
    sixth = hook.send(text="6")
    assert (sixth.status_code, json.loads(sixth.body)["error"]) == (404, "used_url")
    late = WebhookClient(clicked(slack, "response_url"), retry_handlers=[])
    refused_blocks = late.send(text="x", blocks=[{"type": "section"}])
    assert (refused_blocks.status_code, json.loads(refused_blocks.body)["error"]) == (400, "invalid_blocks")
    assert json.loads(late.send(text="").body)["error"] == "no_text"
    clock.at += 30 * 60 + 1
    assert json.loads(late.send(text="x").body)["error"] == "expired_url"
    assert json.loads(WebhookClient(url + "x", retry_handlers=[]).send(text="x").body)["error"] == "invalid_token"
    assert [message["text"] for message in slack.ephemerals(ANN.id)] == ["0", "1", "2", "3", "4"]


def test_the_ack_of_a_submission_updates_pushes_or_clears(slack: LocalSlack) -> None:
    app = new_app(slack)
    answers: list[dict[str, object]] = [
        {"response_action": "update", "view": {**FORM, "title": {"type": "plain_text", "text": "Step 2"}}},
        {"response_action": "push", "view": {**FORM, "title": {"type": "plain_text", "text": "Sure?"}}},
        {"response_action": "errors", "errors": {"nosuch": "x"}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "clear"},
    ]

    @app.action("go")
    def go(ack: Ack, body: dict[str, str], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=FORM)
        ack()

    @app.view("form")
    def submitted(ack: Ack) -> None:
        ack(**answers.pop(0))  # type: ignore[arg-type]

    ts = app.client.chat_postMessage(channel="C0LOCAL", text="go", blocks=BUTTONS)["ts"]
    shown = []
    with connected(slack, app):
        slack.click(ANN.id, ts, "go")
        while answers:
            slack.submit(ANN.id, slack.views(ANN.id)[-1]["id"], {})
            shown.append([view["title"]["text"] for view in slack.views(ANN.id)])
    assert shown == [["Step 2"], ["Step 2", "Sure?"], ["Step 2", "Sure?"], ["Step 2", "Sure?"], []]
    assert [notice.split("(")[1][:12] for notice in slack.notices(ANN.id)] == ["errors name ", "missing requ"]


def test_buttons_in_attachments_and_ephemerals_answer_to_the_one_who_sees_them(slack: LocalSlack) -> None:
    app = new_app(slack)
    bodies: list[dict[str, Any]] = []

    @app.action("go")
    def go(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        bodies.append(body)
        respond(delete_original=True)
        ack()

    coloured: list[dict[str, Any]] = [{"color": "#a30200", "text": "old"}, {"color": "#2eb886", "blocks": BUTTONS}]
    ts = app.client.chat_postMessage(channel="C0LOCAL", text="go", attachments=coloured)["ts"]
    app.client.chat_postEphemeral(channel="C0LOCAL", user=ANN.id, text="psst", blocks=BUTTONS)
    private = slack.ephemerals(ANN.id)[0]["ts"]
    with connected(slack, app):
        with pytest.raises(ApiRefusal, match="message_not_found"):
            slack.click(BO.id, private, "go")
        assert slack.click(ANN.id, private, "go").ok
        assert slack.click(BO.id, ts, "go", value="stale").ok
    assert "message" not in bodies[0]
    assert bodies[0]["container"]["is_ephemeral"]
    assert bodies[1]["container"] == {
        "type": "message_attachment",
        "message_ts": ts,
        "channel_id": "C0LOCAL",
        "is_ephemeral": False,
        "attachment_id": 2,
        "is_app_unfurl": False,
    }
    assert bodies[1]["message"]["attachments"][1]["color"] == "2eb886"
    assert bodies[1]["actions"][0]["value"] == "stale"
    assert slack.message(ts) is None
    assert slack.ephemerals(ANN.id) == []
