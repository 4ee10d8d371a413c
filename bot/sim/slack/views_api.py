"""The views.* methods and blocks.validate."""

from __future__ import annotations

import json

from bot.sim.slack import blocks as block_rules
from bot.sim.slack import limits
from bot.sim.slack.content import Content
from bot.sim.slack.probe import Flaw
from bot.sim.slack.rates import TIER_4
from bot.sim.slack.state import Workspace
from bot.sim.slack.tickets import Tickets
from bot.sim.slack.views import OpenView, ViewBook
from bot.sim.slack.wire import ApiRefusal, Call, Json, Method


class ViewsApi:
    """Raises in every method: ApiRefusal, with the code Slack has for the case."""

    def __init__(self, workspace: Workspace, views: ViewBook, tickets: Tickets, content: Content) -> None:
        self._workspace = workspace
        self._views = views
        self._tickets = tickets
        self._content = content

    def methods(self) -> dict[str, Method]:
        return {
            "views.open": Method(self.open, (), TIER_4),
            "views.push": Method(self.push, (), TIER_4),
            "views.update": Method(self.update, (), TIER_4),
            "views.publish": Method(self.publish, (), TIER_4),
            "blocks.validate": Method(self.validate, token="none"),
        }

    def open(self, call: Call) -> Json:
        source = _view(call, "modal")
        trigger = self._tickets.exchange(call.need("trigger_id"))
        return _answer(self._views.open(trigger.user, source))

    def push(self, call: Call) -> Json:
        source = _view(call, "modal")
        trigger = self._tickets.exchange(call.need("trigger_id"))
        if not trigger.view_id:
            raise ApiRefusal("not_found")
        return _answer(self._views.push(trigger.user, source))

    def update(self, call: Call) -> Json:
        view = self._views.find(call.text("view_id"), call.text("external_id"))
        source = _view(call, view.source["type"])
        return _answer(self._views.update(view, source, call.text("hash")))

    def publish(self, call: Call) -> Json:
        user = self._workspace.person(call.need("user_id")).id
        return _answer(self._views.publish(user, _view(call, "home"), call.text("hash")))

    def validate(self, call: Call) -> Json:
        given = [name for name in ("blocks", "view", "message") if call.args.get(name)]
        if len(given) != 1:
            sentence = "must provide exactly one of `blocks`, `view`, or `message`"
            raise ApiRefusal("invalid_arguments", response_metadata={"messages": [sentence]})
        name = given[0]
        payload = call.structure(name, "invalid_arguments")
        if flaws := self._flaws(name, payload):
            raise ApiRefusal(f"invalid_{name}", errors=[flaw.to_json() for flaw in flaws])
        return {"ok": True}

    def _flaws(self, name: str, payload: object) -> list[Flaw]:
        if name == "blocks":
            return block_rules.check_blocks(payload, charts=self._content.charts)
        if name == "view":
            return block_rules.check_view(payload, root="")
        if not isinstance(payload, dict):
            return [Flaw("", "must provide an object")]
        return block_rules.check_message(payload.get("blocks"), payload.get("attachments"), charts=self._content.charts)


def _view(call: Call, kind: str) -> Json:
    source = call.structure("view", "invalid_arguments")
    if source is None:
        raise ApiRefusal("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]})
    if len(json.dumps(source, ensure_ascii=False).encode()) > limits.VIEW_BYTES:
        raise ApiRefusal("view_too_large")
    flaws = block_rules.check_view(source)
    if not flaws and source["type"] != kind:
        flaws = [Flaw("/view/type", f"unsupported type: {source['type']}")]
    if flaws:
        messages = [f"[ERROR] {flaw}" for flaw in flaws]
        raise ApiRefusal("invalid_arguments", response_metadata={"messages": messages})
    return dict(source)


def _answer(view: OpenView) -> Json:
    return {"ok": True, "view": view.to_slack()}
