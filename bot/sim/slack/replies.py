"""The response URLs of commands and clicks."""

from __future__ import annotations

import json

from aiohttp import web

from bot.sim.slack.content import Content
from bot.sim.slack.faults import FaultPlan
from bot.sim.slack.messages import Message
from bot.sim.slack.state import Workspace
from bot.sim.slack.tickets import ResponseUrl, Tickets
from bot.sim.slack.wire import ApiRefusal, Call, Json

_GONE = {"invalid_token", "expired_url", "used_url"}


class Replies:
    """Lives in the server's event loop. A fault for it is ordered under the method name `response_url`."""

    def __init__(self, workspace: Workspace, tickets: Tickets, content: Content, faults: FaultPlan) -> None:
        self._workspace = workspace
        self._tickets = tickets
        self._content = content
        self._faults = faults

    async def handle(self, request: web.Request) -> web.Response:
        if fault := self._faults.take("response_url"):
            return web.Response(status=fault.status or 500, text=fault.error or "upstream error")
        try:
            ticket = self._tickets.use_response_url(request.match_info["key"])
            self._apply(ticket, _payload(await request.text()))
        except ApiRefusal as refusal:
            return web.json_response(refusal.answer(), status=404 if refusal.code in _GONE else 400)
        return web.Response(text="ok")

    def _apply(self, ticket: ResponseUrl, payload: Json) -> None:
        """Raises: ApiRefusal `no_text`, `message_not_found` and those of `Content.read`."""
        original = self._workspace.find(ticket.channel, ticket.message_ts) if ticket.message_ts else None
        if payload.get("delete_original"):
            if original is None:
                raise ApiRefusal("message_not_found")
            self._workspace.remove(original)
        elif payload.get("replace_original") and original is not None:
            self._replace(original, payload)
        else:
            self._content.say(payload, ticket.channel, ticket.user, thread_ts=ticket.thread_ts)

    def _replace(self, message: Message, payload: Json) -> None:
        body = self._content.read(Call("respond", payload))
        if body.empty:
            raise ApiRefusal("no_text")
        self._workspace.rewrite(message, body.text, body.blocks or [], body.attachments or [])


def _payload(text: str) -> Json:
    try:
        payload = json.loads(text)
    except ValueError as error:
        raise ApiRefusal("invalid_payload") from error
    if not isinstance(payload, dict):
        raise ApiRefusal("invalid_payload")
    return payload
