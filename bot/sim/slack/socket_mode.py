"""Socket Mode's server side: one-use links, sockets, envelopes out, acks in."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import struct
import uuid
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sim.slack import people
from bot.sim.slack.rates import TIER_3
from bot.sim.slack.wire import Call, Json, Method

LIFE_S = 18_060  # what hello says about how long the connection will stand
MOST_SOCKETS = 10
CLOSE_TIMEOUT_S = 1.0


@dataclass(eq=False)
class _Socket:
    ws: web.WebSocketResponse
    request: web.Request


@dataclass
class SocketFaults:
    """`duplicate`: every envelope goes to all open sockets, or twice where only one is open. `dead_links`: so many
    of the next links lead nowhere."""

    duplicate: bool = False
    dead_links: int = 0


@dataclass
class Acks:
    """Envelopes on their way, and what was answered to each: the payload of the ack, {} where it had none."""

    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)

    def settle(self, envelope_id: str, payload: Json) -> None:
        future = self.waiting.get(envelope_id)
        if future is not None and not future.done():
            future.set_result(payload)


class SocketHub:
    """Lives in the server's event loop; `open_sockets` may be read from anywhere."""

    def __init__(self) -> None:
        self.base_url = ""
        self.faults = SocketFaults()
        self._links: set[str] = set()
        self._sockets: list[_Socket] = []
        self._retired: list[_Socket] = []
        self._closing: set[asyncio.Task[bool]] = set()
        self._acks = Acks()
        self._turn = itertools.count()

    @property
    def open_sockets(self) -> int:
        return len(self._sockets)

    def methods(self) -> dict[str, Method]:
        return {"apps.connections.open": Method(self.open, (), TIER_3, token="app")}

    def open(self, _call: Call) -> Json:
        """A link that admits one socket."""
        ticket = secrets.token_urlsafe(16)
        if self.faults.dead_links > 0:
            self.faults.dead_links -= 1
        else:
            self._links.add(ticket)
        link = f"{self.base_url}link/?ticket={ticket}&app_id={people.APP_ID}"
        return {"ok": True, "url": link.replace("http", "ws", 1)}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._links:
            return web.Response(status=404, text="link not found: open a new one with apps.connections.open")
        self._links.discard(ticket)
        if len(self._sockets) >= MOST_SOCKETS:
            return web.Response(status=408, text="too_many_websockets")
        ws = web.WebSocketResponse(compress=False, timeout=CLOSE_TIMEOUT_S)
        await ws.prepare(request)
        socket = _Socket(ws, request)
        self._sockets.append(socket)
        try:
            await ws.send_str(json.dumps(self._hello()))
            self._close_retired()
            await self._read(ws)
        finally:
            self._forget(socket)
        return ws

    async def send(
        self, kind: str, payload: Json, *, accepts_payload: bool, retry: int, deadline_s: float
    ) -> Json | None:
        """Deliver one envelope to any one socket; the ack's payload, or None where nobody acked in time."""
        envelope_id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": accepts_payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        future = asyncio.get_running_loop().create_future()
        self._acks.waiting[envelope_id] = future
        try:
            if not await self._spread(json.dumps(envelope)):
                return None
            return await asyncio.wait_for(future, deadline_s)
        except TimeoutError:
            return None
        finally:
            del self._acks.waiting[envelope_id]

    async def disconnect(self, reason: str) -> None:
        """Ask every client to fetch a new link, as Slack does before it closes a connection. But for a `warning`
        a socket gets no envelopes from then on; its acks still count until the next socket opens and it is closed."""
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}
        for socket in list(self._sockets):
            if reason != "warning":
                self._sockets.remove(socket)
                self._retired.append(socket)
            await _send(socket, json.dumps(frame))

    async def close_all(self) -> None:
        """Close every socket properly (with a close frame)."""
        for socket in self._sockets + self._retired:
            self._forget(socket)
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    def _close_retired(self) -> None:
        for socket in self._retired:
            task = asyncio.get_running_loop().create_task(socket.ws.close(code=WSCloseCode.GOING_AWAY))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def kill_all(self, *, reset: bool) -> None:
        """Cut every socket's TCP connection without a close frame, by a reset or by a mere end of stream."""
        for socket in list(self._sockets):
            self._forget(socket)
            transport = socket.request.transport
            if transport is None:
                continue
            if reset:
                wire = transport.get_extra_info("socket")
                wire.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    async def _read(self, ws: web.WebSocketResponse) -> None:
        async for frame in ws:
            if frame.type is not WSMsgType.TEXT or not frame.data.startswith("{"):
                continue
            answer = json.loads(frame.data)
            if "envelope_id" in answer:
                payload = answer.get("payload")
                self._acks.settle(answer["envelope_id"], payload if isinstance(payload, dict) else {})

    async def _spread(self, text: str) -> bool:
        sockets = list(self._sockets)
        if not sockets:
            return False
        if self.faults.duplicate:
            chosen = sockets if len(sockets) > 1 else sockets * 2
        else:
            chosen = [sockets[next(self._turn) % len(sockets)]]
        return any([await _send(socket, text) for socket in chosen])

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": LIFE_S},
            "connection_info": {"app_id": people.APP_ID},
        }

    def _forget(self, socket: _Socket) -> None:
        for sockets in (self._sockets, self._retired):
            if socket in sockets:
                sockets.remove(socket)


async def _send(socket: _Socket, text: str) -> bool:
    try:
        await socket.ws.send_str(text)
    except (ConnectionError, RuntimeError):  # the other side has gone; aiohttp raises either
        return False
    return True
