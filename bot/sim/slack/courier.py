"""Carries what people do to the app, waits for its ack, and acts on what the ack says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.sim.slack import blocks as block_rules
from bot.sim.slack import interactions, people
from bot.sim.slack.content import Content
from bot.sim.slack.inputs import refused, values_of
from bot.sim.slack.messages import Message
from bot.sim.slack.people import Person
from bot.sim.slack.socket_mode import SocketHub
from bot.sim.slack.state import Workspace
from bot.sim.slack.tickets import Tickets
from bot.sim.slack.views import OpenView, ViewBook
from bot.sim.slack.wire import ApiRefusal, Json

NO_ANSWER = f"{people.BOT_NAME} did not respond in time. Nothing is known about what it did: look before you try again."
NO_SOCKET = f"{people.BOT_NAME} is not connected, so this reached nobody."
EVENT_RETRIES_S = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Delivered:
    """How the app took it. `payload`: what its ack carried; `errors`: block id -> sentence of a refused submission."""

    acked: bool
    payload: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.acked and not self.errors


class Courier:
    """Lives in the server's event loop. `base_url` ends with a slash."""

    def __init__(
        self,
        workspace: Workspace,
        views: ViewBook,
        tickets: Tickets,
        hub: SocketHub,
        content: Content,
        *,
        commands: tuple[str, ...],
        ack_deadline_s: float,
    ) -> None:
        self.base_url = ""
        self._workspace = workspace
        self._views = views
        self._tickets = tickets
        self._hub = hub
        self._content = content
        self._commands = commands
        self._deadline_s = ack_deadline_s
        self._retries: set[asyncio.Task[None]] = set()

    # ── what people do ──

    async def command(self, user: str, channel_id: str, words: str) -> Delivered:
        person, channel = self._workspace.person(user), self._workspace.channel(channel_id)
        name = words.strip().partition(" ")[0]
        if name not in self._commands:
            self._workspace.notify(user, f"{name} is not a valid command. Known here: {', '.join(self._commands)}.")
            return Delivered(acked=False)
        url = self._response_url(user, channel.id)
        typed = interactions.marked_up(words, self._everybody())
        payload = interactions.command(person, channel, typed, self._tickets.new_trigger(user), url)
        delivered = await self._deliver(user, "slash_commands", payload, accepts_payload=True)
        if delivered.payload:
            self._say(user, channel.id, delivered.payload)
        return delivered

    async def click_message(self, user: str, ts: str, block_id: str, action: Json) -> Delivered:
        """Raises: ApiRefusal `message_not_found`."""
        person, message = self._workspace.person(user), self._workspace.find_anywhere(ts)
        if message is None or message.ephemeral_to not in ("", user):
            raise ApiRefusal("message_not_found")
        channel = self._workspace.channel(message.channel)
        known = interactions.all_blocks(message)
        full = interactions.action_of(known, block_id, action, self._workspace.new_ts())
        thread_ts = message.thread_ts if message.is_reply else ""
        url = self._response_url(user, channel.id, message_ts=ts, thread_ts=thread_ts)
        trigger = self._tickets.new_trigger(user)
        payload = interactions.message_click(person, channel, message, full, trigger, url)
        return await self._deliver(user, "interactive", payload)

    async def click_view(self, user: str, view_id: str, block_id: str, action: Json, values: Json | None) -> Delivered:
        """Raises: ApiRefusal `not_found`."""
        person, view = self._workspace.person(user), self._own_view(user, view_id)
        if values is not None:
            self._views.fill_in(view, values, view.errors)
        full = interactions.action_of(view.source["blocks"], block_id, action, self._workspace.new_ts())
        trigger = self._tickets.new_trigger(user, view.id)
        return await self._deliver(user, "interactive", interactions.view_click(person, view, full, trigger))

    async def submit(self, user: str, view_id: str, values: Json) -> Delivered:
        """Raises: ApiRefusal `not_found`."""
        person, view = self._workspace.person(user), self._own_view(user, view_id)
        state = values_of(view.source["blocks"], values)
        errors = refused(view.source["blocks"], state)
        self._views.fill_in(view, state, errors)
        if errors:
            return Delivered(acked=True, errors=errors)
        payload = interactions.submission(person, view, self._tickets.new_trigger(user, view.id))
        delivered = await self._deliver(user, "interactive", payload, accepts_payload=True)
        return self._after_submission(view, delivered) if delivered.acked else delivered

    async def close(self, user: str, view_id: str) -> None:
        """Raises: ApiRefusal `not_found`."""
        person, view = self._workspace.person(user), self._own_view(user, view_id)
        cleared = bool(view.source.get("clear_on_close"))
        self._views.close(view, all_of_them=cleared)
        if view.source.get("notify_on_close"):
            await self._deliver(user, "interactive", interactions.closed(person, view, cleared=cleared))

    async def open_home(self, user: str) -> None:
        home = self._views.home(user)
        inner: Json = {
            "type": "app_home_opened",
            "user": self._workspace.person(user).id,
            "channel": self._workspace.direct(user).id,
            "tab": "home",
            "event_ts": self._workspace.new_ts(),
        }
        await self.event({**inner, "view": home.to_slack()} if home else inner)

    async def message(self, user: str, channel_id: str, text: str, thread_ts: str) -> Message:
        """A person writes; the bot hears of it where it is named or in a direct message."""
        channel = self._workspace.channel(channel_id)
        text = interactions.marked_up(text, self._everybody())
        ts = self._workspace.new_ts()
        author = self._workspace.person(user).id
        message = self._workspace.post(Message(channel.id, ts, author, text, thread_ts=thread_ts))
        inner: Json = {**message.to_slack(), "channel": channel.id, "event_ts": ts}
        if channel.user:
            await self.event({**inner, "type": "message", "channel_type": "im"})
        elif f"<@{people.BOT_USER}>" in text:
            await self.event({**inner, "type": "app_mention"})
        return message

    async def event(self, inner: Json) -> None:
        """Deliver an event; where nobody acks it Slack tries again at once, after 1 min and after 5 more."""
        payload = interactions.event(inner, self._workspace.now())
        if await self._send("events_api", payload, retry=0) is None:
            task = asyncio.get_running_loop().create_task(self._try_again(payload))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)

    async def stop(self) -> None:
        retries = list(self._retries)
        for task in retries:
            task.cancel()
        await asyncio.gather(*retries, return_exceptions=True)

    # ── how it gets there ──

    async def _try_again(self, payload: Json) -> None:
        for number, pause_s in enumerate(EVENT_RETRIES_S, 1):
            await asyncio.sleep(pause_s)
            if await self._send("events_api", payload, retry=number) is not None:
                return

    async def _send(self, kind: str, payload: Json, *, accepts_payload: bool = False, retry: int = 0) -> Json | None:
        return await self._hub.send(
            kind, payload, accepts_payload=accepts_payload, retry=retry, deadline_s=self._deadline_s
        )

    async def _deliver(self, user: str, kind: str, payload: Json, *, accepts_payload: bool = False) -> Delivered:
        connected = self._hub.open_sockets > 0
        answer = await self._send(kind, payload, accepts_payload=accepts_payload)
        if answer is None:
            self._workspace.notify(user, NO_ANSWER if connected else NO_SOCKET)
            return Delivered(acked=False)
        return Delivered(acked=True, payload=answer)

    def _everybody(self) -> list[Person]:
        return [*self._workspace.people.values(), people.bot_person()]

    def _response_url(self, user: str, channel: str, *, message_ts: str = "", thread_ts: str = "") -> str:
        key = self._tickets.new_response_url(user, channel, message_ts=message_ts, thread_ts=thread_ts)
        return f"{self.base_url}actions/{people.TEAM_ID}/{key}"

    def _own_view(self, user: str, view_id: str) -> OpenView:
        view = self._views.find(view_id)
        if view.user != user:
            raise ApiRefusal("not_found")
        return view

    # ── what the ack says ──

    def _say(self, user: str, channel: str, payload: Json) -> None:
        try:
            self._content.say(payload, channel, user, thread_ts="")
        except ApiRefusal as refusal:
            self._workspace.notify(user, f"{people.BOT_NAME} answered with something Slack refuses: {refusal.code}.")

    def _after_submission(self, view: OpenView, delivered: Delivered) -> Delivered:
        payload = delivered.payload
        kind = payload.get("response_action", "")
        if kind == "errors":
            return self._show_errors(view, payload)
        if kind == "clear":
            self._views.close(view, all_of_them=True)
        elif kind in {"update", "push"}:
            self._show_view(view, kind, payload.get("view"))
        else:
            self._views.close(view)
        return delivered

    def _show_errors(self, view: OpenView, payload: Json) -> Delivered:
        errors = {str(key): str(text) for key, text in payload.get("errors", {}).items()}
        inputs = {block["block_id"] for block in view.source["blocks"] if block["type"] == "input"}
        if not errors or not errors.keys() <= inputs:
            self._trouble(view.user, f"errors name {sorted(errors)}, the modal's inputs are {sorted(inputs)}")
        self._views.fill_in(view, view.values, errors)
        return Delivered(acked=True, payload=payload, errors=errors)

    def _show_view(self, view: OpenView, kind: str, source: object) -> None:
        if flaws := block_rules.check_view(source):
            self._trouble(view.user, str(flaws[0]))
        elif isinstance(source, dict) and kind == "update":
            self._views.update(view, source, "")
        elif isinstance(source, dict):
            self._views.push(view.user, source)

    def _trouble(self, user: str, why: str) -> None:
        self._workspace.notify(user, f"We had some trouble connecting. Try again? ({why})")
