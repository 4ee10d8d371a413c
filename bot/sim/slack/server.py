"""LocalSlack: a workspace that lives in this process, for the demo and the tests.

One thread runs its event loop; every public method may be called from any other thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from aiohttp import web

from bot.sim.slack.courier import Delivered
from bot.sim.slack.faults import Fault
from bot.sim.slack.interactions import all_blocks, chosen
from bot.sim.slack.panel import FleetPanel
from bot.sim.slack.parts import Habits, Parts
from bot.sim.slack.people import Person
from bot.sim.slack.rates import RateLimits
from bot.sim.slack.state import Channel, Workspace
from bot.sim.slack.web_api import Tokens
from bot.sim.slack.wire import Json

__all__ = ["Delivered", "FleetPanel", "LocalSlack", "Person", "RateLimits"]

ALL_SCOPES = (
    "app_mentions:read",
    "bookmarks:write",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:write",
    "groups:read",
    "im:history",
    "im:write",
    "metadata.message:read",
    "pins:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
_CALL_LIMIT_S = 30.0
T = TypeVar("T")


class LocalSlack:
    """Enough of Slack for a bot and for people with a browser, on 127.0.0.1.

    Args:
        charts: False refuses `data_visualization` blocks, as workspaces without the block do.
        groups: False answers `plan_upgrade_required` to usergroups methods, as free plans do.
        scopes: What the bot token may do; default: everything in the app's manifest.
        clock: Seconds that only rise, for triggers, response URLs and rate limits.
        wall: Seconds since the epoch, for the time stamps of messages.
    """

    def __init__(
        self,
        *,
        people: Sequence[Person],
        bot_token: str = "xoxb-local",
        app_token: str = "xapp-local",
        channel_id: str = "C0LOCAL",
        channel_name: str = "mail-ops",
        panel: FleetPanel | None = None,
        port: int = 0,
        charts: bool = True,
        groups: bool = True,
        scopes: Sequence[str] = ALL_SCOPES,
        commands: Sequence[str] = ("/deferrals",),
        limits: RateLimits | None = None,
        ack_deadline_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.channel_id = channel_id
        self.bot_token, self.app_token = bot_token, app_token
        self._port = port
        self._workspace = Workspace(people, Channel(channel_id, channel_name), wall)
        tokens = Tokens(bot_token, app_token, frozenset(scopes))
        habits = Habits(charts, groups, commands, limits or RateLimits(), ack_deadline_s)
        self._parts = Parts(self._workspace, tokens, habits, panel, clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runner: web.AppRunner | None = None

    # ── life ──

    def start(self) -> None:
        """Listen. Raises: OSError where the port is taken."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local-slack", daemon=True)
        self._thread.start()
        try:
            self._port = self._run(self._listen())
        except OSError:
            self._end_loop()
            raise
        self._parts.tell_address(self.url)

    def stop(self) -> None:
        """Close everything; harmless where it was never started."""
        if self._loop is None:
            return
        self._run(self._close())
        self._end_loop()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def api_url(self) -> str:
        """The Web API's `base_url`."""
        return f"{self.url}api/"

    async def _listen(self) -> int:
        self._runner = web.AppRunner(self._parts.app(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _close(self) -> None:
        await self._parts.close()
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.get_running_loop().shutdown_default_executor()

    def _end_loop(self) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("LocalSlack: not started. Call start() first.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_LIMIT_S)

    # ── what people do ──

    def command(self, user: str, text: str, *, channel: str = "") -> Delivered:
        """Type a slash command, "/deferrals gmail"; returns once it was acked, or not in time."""
        return self._run(self._parts.courier.command(user, channel or self.channel_id, text))

    def click(self, user: str, ts: str, action_id: str, *, block_id: str = "", **over: object) -> Delivered:
        """Use the element `action_id` of the message `ts`. `over` overrides what the element says of itself:
        `value=` for a button of an older version, `selected_option=` (its value suffices) for menus."""
        return self._run(self._parts.courier.click_message(user, ts, block_id, self._action(ts, action_id, over)))

    def click_view(self, user: str, view_id: str, action_id: str, *, block_id: str = "", **over: object) -> Delivered:
        """As `click`, in a modal or App Home."""
        source = self._parts.views.find(view_id).source["blocks"]
        action = chosen(source, action_id, over)
        return self._run(self._parts.courier.click_view(user, view_id, block_id, action, None))

    def submit(self, user: str, view_id: str, values: Json) -> Delivered:
        """Submit a modal. `values`: `{block_id: {action_id: text or option value or Slack's whole element}}`."""
        return self._run(self._parts.courier.submit(user, view_id, values))

    def close_view(self, user: str, view_id: str) -> None:
        self._run(self._parts.courier.close(user, view_id))

    def open_home(self, user: str) -> None:
        """Look at the App Home: fires `app_home_opened`."""
        self._run(self._parts.courier.open_home(user))

    def say(self, user: str, text: str, *, channel: str = "", thread_ts: str = "") -> str:
        """Write a message; returns its ts. "@deferbot" in it mentions the bot."""
        return self._run(self._parts.courier.message(user, channel or self.channel_id, text, thread_ts)).ts

    def send_event(self, inner: Json) -> None:
        """Send the bot any event, such as `{"type": "subteam_members_changed", …}`."""
        self._run(self._parts.courier.event(inner))

    def _action(self, ts: str, action_id: str, over: dict[str, object]) -> Json:
        message = self._workspace.find_anywhere(ts)
        return chosen(all_blocks(message) if message else [], action_id, over)

    # ── what can be seen ──

    def messages(self, channel: str = "") -> list[Json]:
        """Lasting messages of a channel in order, replies left out; Slack's own JSON."""
        listed = self._workspace.messages(channel or self.channel_id)
        return [m.to_slack() for m in listed if not m.ephemeral_to and (not m.is_reply or m.reply_broadcast)]

    def message(self, ts: str) -> Json | None:
        """One message, wherever it is."""
        found = self._workspace.find_anywhere(ts)
        return found.to_slack() if found else None

    def thread(self, ts: str, *, channel: str = "") -> list[Json]:
        """The replies to the message `ts`, in order, without the message itself."""
        return [reply.to_slack() for reply in self._workspace.replies(channel or self.channel_id, ts)]

    def ephemerals(self, user: str) -> list[Json]:
        """What only `user` sees, in order."""
        return [message.to_slack() for message in self._workspace.ephemerals(user)]

    def notices(self, user: str) -> list[str]:
        """What Slack itself told `user`, such as that the bot did not respond."""
        return [notice["text"] for notice in self._workspace.notices(user)]

    def views(self, user: str) -> list[Json]:
        """Open modals as Slack's view JSON, the one in front last."""
        return [view.to_slack() for view in self._parts.views.stack(user)]

    def home(self, user: str) -> Json | None:
        home = self._parts.views.home(user)
        return home.to_slack() if home else None

    def direct(self, user: str) -> str:
        """Channel id of the direct message between the bot and `user`."""
        return self._workspace.direct(user).id

    def calls(self, method: str) -> list[Json]:
        """Arguments of every call of a Web API method so far."""
        return self._parts.api.calls(method)

    def wait_for(self, predicate: Callable[[], T], timeout_s: float = 5.0) -> T:
        """The first truthy value of `predicate()`, tried again at every change.

        Raises: TimeoutError, with what the channel shows.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            version = self._workspace.version
            if value := predicate():
                return value
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError(f"LocalSlack: nothing came within {timeout_s} s. {self._summary()}")
            with self._workspace.changed:
                if self._workspace.version == version:
                    self._workspace.changed.wait(min(left, 0.05))  # sockets and calls change without a version

    def wait_connected(self, sockets: int = 1, timeout_s: float = 10.0) -> None:
        """Wait until so many sockets are open (or more)."""
        self.wait_for(lambda: self._parts.hub.open_sockets >= sockets, timeout_s)

    def _summary(self) -> str:
        texts = [message["text"][:80] for message in self.messages()[-5:]]
        return f"Open sockets: {self._parts.hub.open_sockets}. Last messages: {texts}"

    @property
    def open_sockets(self) -> int:
        return self._parts.hub.open_sockets

    # ── faults and changes of the world ──

    def fail_next(
        self,
        method: str,
        error: str = "",
        *,
        status: int = 0,
        retry_after_s: int = 1,
        lose_answer: bool = False,
        times: int = 1,
    ) -> None:
        """Make the next `times` calls of a Web API method (or "response_url") fail; see `Fault`."""
        self._parts.faults.add(method, Fault(error, status, retry_after_s, lose_answer), times)

    def duplicate_envelopes(self, on: bool = True) -> None:
        """Deliver every envelope to all open sockets, or twice where one is open; the trigger_id stays the same."""
        self._parts.hub.faults.duplicate = on

    def dead_links(self, count: int) -> None:
        """Let the next `count` links of apps.connections.open lead nowhere."""
        self._parts.hub.faults.dead_links = count

    def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Send every client a `disconnect` frame."""
        self._run(self._parts.hub.disconnect(reason))

    def close_sockets(self) -> None:
        """Close every socket with a close frame. Do this before closing a handler: it then ends at once."""
        self._run(self._parts.hub.close_all())

    def kill_sockets(self, *, reset: bool = True) -> None:
        """Cut every socket without a close frame. The SDK notices a reset at once and a mere end of stream
        (`reset=False`) only after five failed pings."""

        async def kill() -> None:
            self._parts.hub.kill_all(reset=reset)

        self._run(kill())

    def add_channel(self, channel_id: str, name: str, *, bot_is_member: bool = True) -> None:
        self._workspace.add_channel(Channel(channel_id, name, bot_is_member))
