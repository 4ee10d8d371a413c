"""The Web API's front: reads a call, checks token, scope, rate and ordered faults, then runs the method."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.sim.slack.faults import Fault, FaultPlan
from bot.sim.slack.rates import RateGate
from bot.sim.slack.wire import ApiRefusal, Call, Json, Method

_HTTP_TOO_MANY = 429
_SECRET_ARGS = {"token"}


@dataclass(frozen=True)
class Tokens:
    """What the app must show: the bot token for most methods, the app token for opening sockets."""

    bot: str
    app: str
    scopes: frozenset[str]


class WebApi:
    """Calls are recorded, token aside, so that tests can look at them."""

    def __init__(self, methods: Mapping[str, Method], tokens: Tokens, gate: RateGate, faults: FaultPlan) -> None:
        self._methods = methods
        self._tokens = tokens
        self._gate = gate
        self._faults = faults
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def calls(self, method: str) -> list[Json]:
        """Arguments of every call of `method` so far, refused ones included. Thread-safe."""
        with self._lock:
            return [dict(call.args) for call in self._calls if call.method == method]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        args = await _arguments(request)
        token = _token(request, args)
        call = Call(name, {key: value for key, value in args.items() if key not in _SECRET_ARGS})
        fault, answer = self.take(call, token)
        if fault and not fault.lose_answer:
            return _faulty(fault)
        if fault and request.transport is not None:
            request.transport.abort()
        return self._response(answer)

    def take(self, call: Call, token: str) -> tuple[Fault | None, Json]:
        """The fault that was ordered for it, and the answer; {} where the fault kept it from being carried out."""
        with self._lock:
            self._calls.append(call)
        fault = self._faults.take(call.method)
        return fault, {} if fault and not fault.lose_answer else self._answer(call, token)

    def _answer(self, call: Call, token: str) -> Json:
        method = self._methods.get(call.method)
        if method is None:
            return ApiRefusal("unknown_method", req_method=call.method).answer()
        try:
            self._check_token(method, token)
            self._check_rate(call.method, method.tier)
            return method.run(call)
        except ApiRefusal as refusal:
            return refusal.answer()

    def _check_rate(self, name: str, tier: int) -> None:
        if wait_s := self._gate.method(name, tier):
            raise ApiRefusal("ratelimited", retry_after=wait_s)

    def _check_token(self, method: Method, token: str) -> None:
        if method.token == "none":
            return
        if not token:
            raise ApiRefusal("not_authed")
        right, other = (
            (self._tokens.bot, self._tokens.app) if method.token == "bot" else (self._tokens.app, self._tokens.bot)
        )
        if token == other:
            raise ApiRefusal("not_allowed_token_type")
        if token != right:
            raise ApiRefusal("invalid_auth")
        if method.scope and not self._tokens.scopes.intersection(method.scope):
            provided = ",".join(sorted(self._tokens.scopes))
            raise ApiRefusal("missing_scope", needed=",".join(method.scope), provided=provided)

    def _response(self, answer: Json) -> web.Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._tokens.scopes))}
        if answer.get("error") == "ratelimited":
            headers["Retry-After"] = str(answer["retry_after"])
            return web.json_response({"ok": False, "error": "ratelimited"}, status=_HTTP_TOO_MANY, headers=headers)
        return web.json_response(answer, headers=headers)


async def _arguments(request: web.Request) -> Json:
    """Query, then form or JSON body over it; a body that is no JSON object counts as empty."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        return {**args, **body} if isinstance(body, dict) else args
    form = await request.post()
    return {**args, **{key: value for key, value in form.items() if isinstance(value, str)}}


def _token(request: web.Request, args: Json) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return str(args.get("token", ""))


def _faulty(fault: Fault) -> web.Response:
    if fault.error == "ratelimited" or fault.status == _HTTP_TOO_MANY:
        headers = {"Retry-After": str(fault.retry_after_s)}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=_HTTP_TOO_MANY, headers=headers)
    if fault.status:
        return web.Response(status=fault.status, text="upstream error")
    return web.json_response({"ok": False, "error": fault.error})
