"""The local Slack without a network: the bot's client and its listeners are called in this thread, on virtual time.

Envelopes carry no `response_url`, since nothing listens there: private answers come as `chat.postEphemeral`, the way
that the bot takes wherever the URL is gone.
"""

from __future__ import annotations

import json as codec
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.error import URLError

from slack_bolt import App, BoltRequest
from slack_bolt.middleware.authorization import SingleTeamAuthorization
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.sim.slack.faults import Fault
from bot.sim.slack.interactions import all_blocks, chosen
from bot.sim.slack.messages import Message, blocks_within, elements_of
from bot.sim.slack.parts import Habits, Parts
from bot.sim.slack.people import Person
from bot.sim.slack.rates import RateLimits
from bot.sim.slack.server import ALL_SCOPES
from bot.sim.slack.socket_mode import SocketHub
from bot.sim.slack.state import Channel, Workspace
from bot.sim.slack.views import OpenView
from bot.sim.slack.web_api import Tokens
from bot.sim.slack.wire import Call, Json

CHANNEL = "C0LOCAL"
TOKEN = "xoxb-local"
T = TypeVar("T")
R = TypeVar("R")
Told = Callable[[str, Json, Json], None]
"""Called with the method, arguments and answer of every call that Slack took."""


class Killed(BaseException):
    """The process ends here: nothing in the bot may catch it."""


class Inline(ThreadPoolExecutor):
    """A pool whose work is done before `submit` returns."""

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:  # noqa: ANN401
        done: Future[R] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # as a pool does
            done.set_exception(error)
        return done


class Hub(SocketHub):
    """Hands every envelope to the app at once, twice where `faults.duplicate` says so, or keeps it while `late`."""

    def __init__(self) -> None:
        super().__init__()
        self.app: App | None = None
        self.late = False
        self.kept: list[Json] = []

    @property
    def open_sockets(self) -> int:
        return int(self.app is not None)

    async def send(
        self, kind: str, payload: Json, *, accepts_payload: bool, retry: int, deadline_s: float
    ) -> Json | None:
        del kind, accepts_payload, retry, deadline_s
        if self.late:
            self.kept.append(payload)
            return None
        answers = [self.hand_over(payload) for _ in range(2 if self.faults.duplicate else 1)]
        return answers[0]

    def hand_over(self, payload: Json) -> Json | None:
        """The payload of the ack, None where there was none."""
        if self.app is None:
            return None
        body = {key: value for key, value in codec.loads(codec.dumps(payload)).items() if key != "response_url"}
        answer = self.app.dispatch(BoltRequest(mode="socket_mode", body=body))
        if answer.status != 200:
            return None
        found = codec.loads(answer.body) if answer.body.startswith("{") else {}
        return dict(found)


class HereClient(WebClient):
    """Calls the local Slack directly. `away`: no answer. `kill_after`: the process ends once Slack has taken a call
    of this method."""

    def __init__(self, parts: Parts, told: Told) -> None:
        super().__init__(TOKEN, retry_handlers=[])
        self._parts = parts
        self._told = told
        self.away = False
        self.kill_after = ""

    def api_call(
        self,
        api_method: str,
        *,
        http_verb: str = "POST",
        files: Json | None = None,
        data: Json | None = None,
        params: Json | None = None,
        json: Json | None = None,
        headers: Json | None = None,
        auth: Json | None = None,
    ) -> SlackResponse:
        del files, headers, auth
        if self.away:
            raise URLError("connection refused")
        args = codec.loads(codec.dumps({**(params or {}), **(data or {}), **(json or {})}))
        call = Call(api_method, {key: value for key, value in args.items() if key != "token"})
        fault, answer = self._parts.api.take(call, TOKEN)
        if answer.get("ok"):
            self._told(api_method, call.args, answer)
            if self.kill_after == api_method:
                self.kill_after = ""
                raise Killed
        if fault and fault.lose_answer:
            raise URLError("connection reset")
        response = SlackResponse(
            client=self,
            http_verb=http_verb,
            api_url=api_method,
            req_args={},
            data=answer or {"ok": False, "error": (fault.error if fault else "") or "upstream error"},
            headers={"Retry-After": str(fault.retry_after_s if fault else 1)},
            status_code=(fault.status if fault else 0) or 200,
        )
        response.validate()  # type: ignore[no-untyped-call]
        return response


class SlackHere:
    """One workspace with one channel. `now`: seconds since the epoch, of the story."""

    def __init__(self, people: Sequence[Person], now: Callable[[], float], told: Told) -> None:
        self.workspace = Workspace(people, Channel(CHANNEL, "mail-ops"), now)
        tokens = Tokens(TOKEN, "xapp-local", frozenset(ALL_SCOPES))
        # Whether the bot keeps to Slack's pace is tested elsewhere, with the seconds that its pace is counted in.
        limits = RateLimits(post_burst=100_000, per_minute=False)
        self.hub = Hub()
        habits = Habits(charts=True, groups=True, commands=("/deferrals",), limits=limits, ack_deadline_s=3.0)
        self.parts = Parts(self.workspace, tokens, habits, None, now, self.hub)
        self.client = HereClient(self.parts, told)
        self._values: dict[tuple[str, str], str] = {}

    def connect(self, app: App) -> None:
        """`app` gets the envelopes from now on."""
        app.listener_runner.listener_executor = Inline(1)
        for layer in app._middleware_list:  # Bolt would ask who it is through a client of its own making
            if isinstance(layer, SingleTeamAuthorization):
                layer.auth_test_result = self.client.auth_test()
        self.hub.app = app

    # ── what people do ──

    def command(self, user: str, text: str) -> None:
        finished(self.parts.courier.command(user, CHANNEL, text))

    def click(self, user: str, ts: str, action_id: str, label: str = "") -> None:
        """Also of a button that is there no more, as on a screen that was not drawn anew. `label`: a menu's entry."""
        message = self.workspace.find_anywhere(ts)
        blocks = all_blocks(message) if message else []
        over = {"selected_option": _option(blocks, action_id, label)} if label else {}
        if (ts, action_id) in self._values:
            over.setdefault("value", self._values[ts, action_id])
        finished(self.parts.courier.click_message(user, ts, "", chosen(blocks, action_id, over)))

    def submit(self, user: str, values: Json) -> dict[str, str]:
        """Submit the window in front; what is wrong with it."""
        return finished(self.parts.courier.submit(user, self.window(user).id, values)).errors

    def window(self, user: str) -> OpenView:
        stack = self.parts.views.stack(user)
        assert stack, f"{user} has no window open"
        return stack[-1]

    def remove(self, ts: str) -> None:
        message = self.workspace.find_anywhere(ts)
        assert message is not None, f"no message {ts}"
        self.workspace.remove(message)

    def twice(self, *, on: bool) -> None:
        self.hub.faults.duplicate = on

    def late(self) -> None:
        """What is done from now on arrives at `arrive`."""
        self.hub.late = True

    def arrive(self) -> None:
        self.hub.late = False
        kept, self.hub.kept = self.hub.kept, []
        for payload in kept:
            self.hub.hand_over(payload)

    def fail_next(self, method: str, fault: Fault, times: int = 1) -> None:
        self.parts.faults.add(method, fault, times)

    # ── what can be seen ──

    def roots(self) -> list[Message]:
        """The messages of the channel itself, in order."""
        return [m for m in self.workspace.messages(CHANNEL) if not m.ephemeral_to and not m.is_reply]

    def words_of_roots(self) -> list[str]:
        return [" · ".join(words_of(root.to_slack())) for root in self.roots()]

    def remember(self, ts: str) -> None:
        """The buttons that `ts` shows now may be clicked later, whatever it shows then."""
        message = self.workspace.find_anywhere(ts)
        for block in blocks_within(all_blocks(message) if message else []):
            for element in elements_of(block):
                if "action_id" in element and "value" in element:
                    self._values[ts, str(element["action_id"])] = str(element["value"])


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise AssertionError("something waited for a network")


def words_of(payload: object) -> Iterator[str]:
    """Every text in a message or view, in order."""
    if isinstance(payload, dict):
        for key, value in payload.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from words_of(value)
    elif isinstance(payload, list):
        for item in payload:
            yield from words_of(item)


def _option(blocks: list[Json], action_id: str, label: str) -> str:
    """The value of the entry of a menu that begins with `label`."""
    for block in blocks_within(blocks):
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                for option in element.get("options", []):
                    if str(option["text"]["text"]).startswith(label):
                        return str(option["value"])
    raise AssertionError(f"the menu has no entry {label!r}")
