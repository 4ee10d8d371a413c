"""What the page's tests stand on: a LocalSlack, a Bolt app that writes down what it hears, a browser looking at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.sim.slack.server import LocalSlack, RateLimits
from tests.browser import chromium, hook, seen, until
from tests.local_slack_bot import ANN, BO, client_of, connected, new_app

Json = dict[str, Any]
ANYTHING = re.compile(".*")


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: object) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id: str, text: str, **more: object) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": "42:1", **more}


def actions(*elements: Json, block_id: str = "do") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(block_id: str, label: str, **more: object) -> Json:
    element = {"type": "plain_text_input", "action_id": f"{block_id}_text", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def modal(*blocks: Json, title: str = "Pause gmail", **more: object) -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Pause"), "blocks": list(blocks), **more}


class FakePanel:
    """A fleet of one host and one queue; remembers which scenarios were started."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.paused = False

    def scenarios(self) -> list[dict[str, str]]:
        return [{"name": "calm", "title": "Calm"}, {"name": "gmail-reputation", "title": "Gmail: IP reputation"}]

    def start(self, name: str) -> None:
        self.started.append(name)

    def snapshot(self) -> Json:
        queue: Json = {"name": "gmail.com/gmail-ip-1", "recipients": 12480, "connections": 4}
        queue |= {"paused": self.paused, "mode": "normal", "disabled": ["192.0.2.14"]}
        return {
            "now": "2026-11-20T02:41:07+00:00",
            "speed": 30.0,
            "scenario": self.started[-1] if self.started else "calm",
            "hosts": [{"name": "mta1", "queues": [queue]}],
            "isps": [
                {"isp": "gmail", "title": "Gmail", "attempts": 1000, "deferred": 310, "rate": 0.31},
                {"isp": "apple", "title": "Apple", "attempts": 31, "deferred": 3, "rate": 0.1},
            ],
        }


class Stage:
    """`heard`: bodies of everything the app was sent, in order. `views`: what a button opens, by action_id.
    `refusals`: block id -> sentence that the next submission is answered with."""

    def __init__(self, slack: LocalSlack, app: App, driver: WebDriver, panel: FakePanel) -> None:
        self.slack, self.driver, self.panel = slack, driver, panel
        self.client: WebClient = client_of(slack)
        self.heard: list[Json] = []
        self.views: dict[str, Json] = {}
        self.refusals: dict[str, str] = {}
        app.action(ANYTHING)(self._acted)
        app.command(ANYTHING)(self._commanded)
        app.view(ANYTHING)(self._submitted)

    def _acted(self, ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        self.heard.append(body)
        if view := self.views.get(body["actions"][0]["action_id"]):
            opened = client.views_push if body.get("view") else client.views_open
            opened(trigger_id=body["trigger_id"], view=view)

    def _commanded(self, ack: Ack, body: Json) -> None:
        ack(f"heard {body['text']}")
        self.heard.append(body)

    def _submitted(self, ack: Ack, body: Json) -> None:
        self.heard.append(body)
        if self.refusals:
            refusals, self.refusals = self.refusals, {}
            ack(response_action="errors", errors=refusals)
        else:
            ack()

    def post(self, text: str = "A message.", **more: object) -> str:
        """Post as the bot and wait until the page shows it; returns its ts."""
        told = {"channel": self.slack.channel_id, "text": text, **more}
        ts = str(self.client.api_call("chat.postMessage", json=told)["ts"])
        if "thread_ts" not in more:
            self.row(ts)
        return ts

    def row(self, ts: str) -> WebElement:
        return seen(self.driver, f"message-{ts}")

    def inside(self, ts: str, testid: str) -> WebElement:
        """The first element with this hook inside the message `ts`, once it is there."""
        found = until(self.driver, lambda _: self.row(ts).find_element(*hook(testid)), f"{testid} in message {ts}")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        return found

    def last_action(self, action_id: str) -> Json:
        """The newest action of this name that the app heard; waits for it."""

        def newest() -> Json | None:
            bodies = [body for body in self.heard if body.get("actions", [{}])[0].get("action_id") == action_id]
            return bodies[-1]["actions"][0] if bodies else None

        found = self.slack.wait_for(newest)
        assert found is not None
        return found

    def look(self, user: str = ANN.id) -> None:
        """Open the page afresh as `user`."""
        self.driver.get(f"{self.slack.url}?user={user}")
        seen(self.driver, "composer")

    def switch_to(self, user: str) -> None:
        seen(self.driver, f"person-{user}").click()
        until(
            self.driver,
            lambda page: page.find_element(*hook(f"person-{user}")).get_attribute("aria-checked") == "true",
            f"the page as {user}",
        )

    def script(self, code: str, *arguments: object) -> object:
        return self.driver.execute_script(code, *arguments)


@contextmanager
def stage() -> Iterator[Stage]:
    """Everything up and the page open as Ann, who is on call; Bo is the other person."""
    with chromium() as driver:
        panel = FakePanel()
        # The page is under test here, not Slack's rate limits.
        limits = RateLimits(posts_per_s=100, post_burst=1000, per_minute=False)
        slack = LocalSlack(people=[ANN, BO], panel=panel, limits=limits)
        slack.start()
        try:
            app = new_app(slack)
            with connected(slack, app):
                made = Stage(slack, app, driver, panel)
                made.look()
                yield made
                driver.get("about:blank")
        finally:
            slack.stop()
