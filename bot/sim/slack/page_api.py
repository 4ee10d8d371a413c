"""What the web page talks to: state, events, what people do, the fleet strip, static files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path

from aiohttp import web

from bot.sim.slack import people
from bot.sim.slack.courier import Courier
from bot.sim.slack.files import UPLOAD_LIMIT, FileShelf
from bot.sim.slack.messages import Message
from bot.sim.slack.panel import FleetPanel
from bot.sim.slack.state import Workspace
from bot.sim.slack.views import ViewBook
from bot.sim.slack.wire import ApiRefusal, Json

PAGE = Path(__file__).parent / "page"
MESSAGES_SHOWN = 500
_KEEPALIVE_S = 15.0
# An uploaded SVG opened as a document must not run as a page of this server.
_FILE_HEADERS = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}


class PageApi:
    """Lives in the server's event loop."""

    def __init__(
        self, workspace: Workspace, views: ViewBook, courier: Courier, shelf: FileShelf, panel: FleetPanel | None
    ) -> None:
        self._workspace = workspace
        self._views = views
        self._courier = courier
        self._shelf = shelf
        self._panel = panel
        self._streams: set[asyncio.Event] = set()
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._index),
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get("/page/fleet", self._fleet),
            web.get("/page/{file}", self._static),
            web.get("/files/{id}/{name}", self._file),
            web.post("/upload/v1/{ticket}", self._upload),
            web.post("/page/command", self._command),
            web.post("/page/message", self._message),
            web.post("/page/action", self._action),
            web.post("/page/submit", self._submit),
            web.post("/page/close", self._close),
            web.post("/page/home", self._home),
            web.post("/page/scenario", self._scenario),
        ]

    def end_streams(self) -> None:
        """Let every event stream end, so that the server can stop."""
        self._closing = True
        for stream in self._streams:
            stream.set()

    # ── reading ──

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return _served("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return _served(request.match_info["file"])

    async def _state(self, request: web.Request) -> web.Response:
        try:
            # A page opened for the first time does not know the people yet: it gets the first one's view.
            user = request.query.get("user") or next(iter(self._workspace.people), "")
            return web.json_response(self.state(user))
        except ApiRefusal as refusal:
            return web.json_response(refusal.answer(), status=404)

    def state(self, user: str) -> Json:
        """Everything one person sees. Raises: ApiRefusal `user_not_found`."""
        with self._workspace.changed:
            person = self._workspace.person(user)
            home = self._views.home(person.id)
            direct = self._workspace.direct(person.id)
            return {
                "version": self._workspace.version,
                "me": person.id,
                "people": [people.page_person(each) for each in self._workspace.people.values()],
                "channel": {"id": self._workspace.main.id, "name": self._workspace.main.name},
                "messages": self._seen(self._workspace.main.id, person.id),
                "direct": {"id": direct.id, "messages": self._seen(direct.id, person.id)},
                "modals": [view.to_page() for view in self._views.stack(person.id)],
                "home": home.to_slack() if home else None,
                "notices": self._workspace.notices(person.id),
            }

    def _seen(self, channel: str, user: str) -> list[Json]:
        messages = self._workspace.messages(channel)[-MESSAGES_SHOWN:]
        counts: dict[str, int] = {}
        for message in messages:
            if message.is_reply and not message.ephemeral_to:
                counts[message.thread_ts] = counts.get(message.thread_ts, 0) + 1
        return [self._drawn(m, counts.get(m.ts, 0)) for m in messages if m.ephemeral_to in ("", user)]

    def _drawn(self, message: Message, reply_count: int) -> Json:
        shape = message.to_page(self._workspace.person(message.user).display, reply_count)
        for block in shape["blocks"]:
            # Slack's client turns the reference into the file's own address; so do we.
            if block.get("type") == "image" and self._shelf.known(block.get("slack_file")):
                block["image_url"] = self._shelf.get(block["slack_file"]["id"]).path
        return shape

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake(_version: int) -> None:
            loop.call_soon_threadsafe(changed.set)

        end = self._workspace.listen(wake)
        self._streams.add(changed)
        try:
            while not self._closing:
                changed.clear()
                await response.write(f"data: {json.dumps({'version': self._workspace.version})}\n\n".encode())
                await _wait(changed)
        except ConnectionError:
            pass  # the page was closed
        finally:
            end()
            self._streams.discard(changed)
        return response

    async def _file(self, request: web.Request) -> web.Response:
        try:
            stored = self._shelf.get(request.match_info["id"])
        except ApiRefusal as refusal:
            return web.json_response(refusal.answer(), status=404)
        return web.Response(body=stored.data, content_type=stored.mime, headers=_FILE_HEADERS)

    async def _upload(self, request: web.Request) -> web.Response:
        data = await request.read()
        if len(data) > UPLOAD_LIMIT or self._shelf.fill(request.match_info["ticket"], data) is None:
            return web.Response(status=400, text="unknown or used upload URL")
        return web.Response(text=f"OK - {len(data)}")

    # ── doing ──

    async def _command(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "text")
        channel = str(body.get("channel") or self._workspace.main.id)
        return await _answered(self._courier.command(body["user"], channel, body["text"]))

    async def _message(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "text")
        channel = str(body.get("channel") or self._workspace.main.id)
        thread_ts = str(body.get("thread_ts") or "")
        return await _answered(self._courier.message(body["user"], channel, body["text"], thread_ts))

    async def _action(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "container", "action")
        container, action = body["container"], body["action"]
        block_id = str(body.get("block_id") or "")
        if container.get("type") == "view":
            view_id = str(container.get("view_id"))
            return await _answered(self._courier.click_view(body["user"], view_id, block_id, action, _values(body)))
        ts = str(container.get("ts"))
        return await _answered(self._courier.click_message(body["user"], ts, block_id, action))

    async def _submit(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view_id")
        try:
            delivered = await self._courier.submit(body["user"], body["view_id"], _values(body) or {})
        except ApiRefusal as refusal:
            return web.json_response(refusal.answer(), status=404)
        return web.json_response({"ok": True} if delivered.ok else {"ok": False, "errors": delivered.errors})

    async def _close(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view_id")
        return await _answered(self._courier.close(body["user"], body["view_id"]))

    async def _home(self, request: web.Request) -> web.Response:
        body = await _body(request, "user")
        return await _answered(self._courier.open_home(body["user"]))

    # ── the fleet strip ──

    async def _fleet(self, _request: web.Request) -> web.Response:
        if self._panel is None:
            return web.json_response({"scenarios": [], "snapshot": None})
        scenarios = await asyncio.to_thread(self._panel.scenarios)
        snapshot = await asyncio.to_thread(self._panel.snapshot)
        return web.json_response({"scenarios": list(scenarios), "snapshot": snapshot})

    async def _scenario(self, request: web.Request) -> web.Response:
        body = await _body(request, "name")
        if self._panel is None:
            return web.json_response({"ok": False, "error": "no_fleet"}, status=404)
        try:
            await asyncio.to_thread(self._panel.start, body["name"])
        except KeyError:
            return web.json_response({"ok": False, "error": "unknown_scenario"}, status=404)
        return web.json_response({"ok": True})


def _served(name: str) -> web.StreamResponse:
    path = PAGE / name
    if "/" in name or name.startswith(".") or not path.is_file():
        raise web.HTTPNotFound(text=f"no such file: {name}")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def _wait(changed: asyncio.Event) -> None:
    """Until something changed, or long enough that a silent connection needs a sign of life."""
    try:
        await asyncio.wait_for(changed.wait(), _KEEPALIVE_S)
    except TimeoutError:
        return


async def _body(request: web.Request, *needed: str) -> Json:
    """The JSON body with `needed` in it: objects where the name says so (`container`, `action`), else texts.

    Only `application/json` is taken: a form on a foreign page cannot send it unasked.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        body = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text="the body is no JSON") from error
    wrong = [name for name in needed if not _fits(body, name)]
    if wrong:
        raise web.HTTPBadRequest(text=f"missing or of the wrong kind: {', '.join(wrong)}")
    return dict(body)


def _fits(body: object, name: str) -> bool:
    kind = dict if name in {"container", "action"} else str
    return isinstance(body, dict) and isinstance(body.get(name), kind)


def _values(body: Json) -> Json | None:
    """Input state as `{block_id: {action_id: …}}`, anything else left out; None where the body has none."""
    values = body.get("values")
    if not isinstance(values, dict):
        return None
    return {block: state for block, state in values.items() if isinstance(state, dict)}


async def _answered(work: Awaitable[object]) -> web.Response:
    try:
        await work
    except ApiRefusal as refusal:
        return web.json_response(refusal.answer(), status=404)
    return web.json_response({"ok": True})
