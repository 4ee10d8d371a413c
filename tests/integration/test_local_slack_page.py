"""What the web page talks to: state, events, actions, the fleet strip, and who is turned away at the door."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from slack_bolt import Ack
from slack_sdk import WebClient

from bot.sim.slack.server import LocalSlack
from tests.local_slack_bot import ANN, BO, client_of, connected, new_app

BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "1:1"}
ALERT = [{"type": "actions", "block_id": "do", "elements": [BUTTON]}]
FIELD = {
    "type": "input",
    "block_id": "reason",
    "label": {"type": "plain_text", "text": "Reason"},
    "element": {"type": "plain_text_input", "action_id": "text"},
}
MODAL = {
    "type": "modal",
    "callback_id": "m",
    "title": {"type": "plain_text", "text": "Apply"},
    "submit": {"type": "plain_text", "text": "Apply"},
    "notify_on_close": True,
    "blocks": [FIELD],
}


class Strip:
    """A fleet panel with one scenario."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def scenarios(self) -> Sequence[Mapping[str, str]]:
        return [{"name": "calm", "title": "Calm"}]

    def start(self, name: str) -> None:
        if name != "calm":
            raise KeyError(name)
        self.started.append(name)

    def snapshot(self) -> Mapping[str, object]:
        return {"scenario": "calm", "hosts": []}


@pytest.fixture(scope="module")
def strip() -> Strip:
    return Strip()


@pytest.fixture(scope="module")
def slack(strip: Strip) -> Iterator[LocalSlack]:
    slack = LocalSlack(people=[ANN, BO], panel=strip)
    slack.start()
    yield slack
    slack.stop()


class Browser:
    """Plain HTTP requests to the server, as a page would send them."""

    def __init__(self, slack: LocalSlack) -> None:
        self.host = slack.url.removeprefix("http://").rstrip("/")

    def ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, Mapping[str, str]]:
        connection = http.client.HTTPConnection(self.host, timeout=5)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()

    def state(self, user: str) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.ask("GET", f"/page/state?user={user}")[1])
        return state

    def post(self, path: str, body: object) -> tuple[int, Any]:
        status, text, _ = self.ask("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return status, json.loads(text)


@pytest.fixture
def browser(slack: LocalSlack) -> Browser:
    return Browser(slack)


@pytest.fixture(scope="module")
def bot(slack: LocalSlack) -> Iterator[list[str]]:
    app = new_app(slack)
    heard: list[str] = []

    @app.command("/deferrals")
    def command(ack: Ack, body: dict[str, str]) -> None:
        ack(f"answer to {body['text']}")

    @app.action("go")
    def go(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        heard.append(body["actions"][0]["value"])
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        ack()

    @app.view("m")
    def submitted(ack: Ack, view: dict[str, Any]) -> None:
        if view["state"]["values"]["reason"]["text"]["value"] == "no":
            ack(response_action="errors", errors={"reason": "Why not?"})
        else:
            ack()

    @app.view_closed("m")
    def closed(ack: Ack) -> None:
        heard.append("closed")
        ack()

    @app.event("app_home_opened")
    def home(event: dict[str, str], client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "divider"}]})

    with connected(slack, app):
        yield heard


def test_the_state_holds_what_one_person_sees(slack: LocalSlack, browser: Browser) -> None:
    client = client_of(slack)
    root = client.chat_postMessage(
        channel="C0LOCAL", text="alert", attachments=[{"color": "#a30200", "text": "t", "blocks": ALERT}]
    )["ts"]
    client.chat_postMessage(channel="C0LOCAL", text="reply", thread_ts=root)
    client.chat_postEphemeral(channel="C0LOCAL", user=BO.id, text="only Bo")
    client.chat_update(channel="C0LOCAL", ts=root, text="alert, edited")
    ann, bo = browser.state(ANN.id), browser.state(BO.id)
    assert (ann["me"], ann["channel"]) == (ANN.id, {"id": "C0LOCAL", "name": "mail-ops"})
    assert ann["people"][0] == {"id": ANN.id, "name": "ann", "display": "Ann", "operator": True}
    shown = {message["text"]: message for message in bo["messages"]}
    assert shown["alert, edited"]["edited"]
    assert shown["alert, edited"]["reply_count"] == 1
    assert shown["alert, edited"]["username"] == "deferbot"
    assert shown["alert, edited"]["attachments"][0]["color"] == "#a30200"
    assert shown["alert, edited"]["attachments"][0]["blocks"][0]["elements"][0]["value"] == "1:1"
    assert shown["reply"]["thread_ts"] == root
    assert shown["only Bo"]["ephemeral"]
    assert "only Bo" not in [message["text"] for message in ann["messages"]]
    assert ann["version"] == bo["version"]
    assert browser.state("")["me"] == ANN.id


@pytest.mark.usefixtures("bot")
def test_a_command_a_message_and_home_from_the_page(slack: LocalSlack, browser: Browser) -> None:
    typed = {"user": ANN.id, "channel": "C0LOCAL", "text": "/deferrals gmail"}
    assert browser.post("/page/command", typed) == (200, {"ok": True})
    assert browser.state(ANN.id)["messages"][-1]["text"] == "answer to gmail"
    browser.post("/page/message", {"user": BO.id, "channel": "C0LOCAL", "text": "hello"})
    assert browser.state(ANN.id)["messages"][-1]["username"] == "Bo"
    assert browser.state(BO.id)["home"] is None
    browser.post("/page/home", {"user": BO.id})
    slack.wait_for(lambda: slack.home(BO.id))
    assert browser.state(BO.id)["home"]["type"] == "home"


def test_a_click_a_refused_field_and_a_submission_from_the_page(
    slack: LocalSlack, browser: Browser, bot: list[str]
) -> None:
    ts = client_of(slack).chat_postMessage(channel="C0LOCAL", text="alert", blocks=ALERT)["ts"]
    click = {
        "user": ANN.id,
        "container": {"type": "message", "ts": ts},
        "block_id": "do",
        "action": {"action_id": "go", "type": "button", "value": "1:1"},
    }
    assert browser.post("/page/action", click) == (200, {"ok": True})
    assert bot[-1] == "1:1"
    modal = browser.state(ANN.id)["modals"][0]

    def submit(text: str) -> object:
        values = {"reason": {"text": {"type": "plain_text_input", "value": text}}}
        return browser.post("/page/submit", {"user": ANN.id, "view_id": modal["view_id"], "values": values})[1]

    assert submit("no") == {"ok": False, "errors": {"reason": "Why not?"}}
    assert browser.state(ANN.id)["modals"][0]["errors"] == {"reason": "Why not?"}
    assert submit("spam wave") == {"ok": True}
    assert browser.state(ANN.id)["modals"] == []
    browser.post("/page/action", click)
    open_view = browser.state(ANN.id)["modals"][0]["view_id"]
    assert browser.post("/page/close", {"user": BO.id, "view_id": open_view})[0] == 404, "not Bo's modal"
    assert browser.post("/page/close", {"user": ANN.id, "view_id": open_view}) == (200, {"ok": True})
    assert bot[-1] == "closed"
    gone = {**click, "container": {"type": "message", "ts": "1.000001"}}
    assert browser.post("/page/action", gone) == (404, {"ok": False, "error": "message_not_found"})


def test_every_change_is_announced(slack: LocalSlack, browser: Browser) -> None:
    connection = http.client.HTTPConnection(browser.host, timeout=5)
    try:
        connection.request("GET", f"/page/events?user={ANN.id}")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"
        first = json.loads(answer.readline().removeprefix(b"data: "))["version"]
        assert answer.readline() == b"\n"
        client_of(slack).chat_postMessage(channel="C0LOCAL", text="news")
        assert json.loads(answer.readline().removeprefix(b"data: "))["version"] > first
    finally:
        connection.close()


def test_files_and_pictures_are_served_but_never_as_pages(slack: LocalSlack, browser: Browser) -> None:
    client = client_of(slack)
    done = client.files_upload_v2(content="<svg/>", filename="rate.svg", title="Rate", channel="C0LOCAL")
    picture = {"type": "image", "slack_file": {"id": done["file"]["id"]}, "alt_text": "rate"}
    client.chat_postMessage(channel="C0LOCAL", text="picture", blocks=[picture])
    shown = browser.state(ANN.id)["messages"]
    path = shown[-2]["files"][0]["url"]
    assert shown[-1]["blocks"][0]["image_url"] == path
    status, text, headers = browser.ask("GET", path)
    assert (status, text, headers["Content-Type"]) == (200, "<svg/>", "image/svg+xml")
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert browser.ask("GET", "/files/F9/x")[0] == 404


def test_the_fleet_strip(browser: Browser, strip: Strip) -> None:
    _, text, _ = browser.ask("GET", "/page/fleet")
    shown = json.loads(text)
    assert shown["scenarios"] == [{"name": "calm", "title": "Calm"}]
    assert shown["snapshot"]["scenario"] == "calm"
    assert browser.post("/page/scenario", {"name": "calm"}) == (200, {"ok": True})
    assert browser.post("/page/scenario", {"name": "storm"})[0] == 404
    assert strip.started == ["calm"]


def test_static_files_come_from_the_package_only(browser: Browser) -> None:
    assert browser.ask("GET", "/")[2]["Content-Type"].startswith("text/html")
    assert browser.ask("GET", "/page/nosuch.js")[0] == 404
    assert browser.ask("GET", "/page/..%2fserver.py")[0] == 404
    assert browser.ask("GET", "/page/.hidden")[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000"}, 200),  # any port: tunnels change it
        ({"Host": "127.0.0.1"}, 200),  # Slack's own client sends no port
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "evil.example"}, 421),  # DNS rebinding
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "127.0.0.1:80@evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),  # sandboxed frames
    ],
)
def test_foreign_pages_are_turned_away(browser: Browser, headers: Mapping[str, str], status: int) -> None:
    got, _, answered = browser.ask("GET", "/page/state", headers=headers)
    assert got == status
    assert "Access-Control-Allow-Origin" not in answered


def test_the_pages_own_origin_is_welcome_and_forms_are_not(browser: Browser) -> None:
    own = {"Origin": f"http://{browser.host}", "Content-Type": "application/json"}
    assert browser.ask("POST", "/page/scenario", '{"name": "calm"}', own)[0] == 200
    form = {"Content-Type": "text/plain"}
    assert browser.ask("POST", "/page/scenario", '{"name": "calm"}', form)[0] == 415
    assert browser.ask("POST", "/page/scenario", "{", own)[0] == 400
    for junk in ("{}", "[]", '{"name": 5}'):
        assert browser.ask("POST", "/page/scenario", junk, own)[0] == 400
    odd = {"user": ANN.id, "container": "x", "action": {}}
    assert browser.ask("POST", "/page/action", json.dumps(odd), own)[0] == 400
    odd = {"user": ANN.id, "view_id": "V9", "values": "x"}
    assert browser.ask("POST", "/page/submit", json.dumps(odd), own)[0] == 404


def test_pages_may_not_be_framed(browser: Browser) -> None:
    headers = browser.ask("GET", "/")[2]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
