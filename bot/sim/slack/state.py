"""The workspace: channels, messages, notices, and the version that rises with every change.

Written from the server's thread, read from any: every method takes the lock itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.sim.slack import people
from bot.sim.slack.messages import Message, Names
from bot.sim.slack.people import Person
from bot.sim.slack.wire import ApiRefusal, Json

NOTICES_KEPT = 20


@dataclass
class Channel:
    """A public channel, or a direct message with `user`."""

    id: str
    name: str
    bot_is_member: bool = True
    user: str = ""
    bookmarks: list[Json] = field(default_factory=list)


class Workspace:
    """`wall` gives seconds since the epoch: the clock on the messages."""

    def __init__(self, persons: Sequence[Person], channel: Channel, wall: Callable[[], float]) -> None:
        self.changed = threading.Condition()
        self.version = 0
        self.people = {person.id: person for person in persons}
        self.main = channel
        self.names = Names()
        self._channels = {channel.id: channel}
        self._messages: list[Message] = []
        self._notices: dict[str, list[Json]] = {}
        self._listeners: list[Callable[[int], None]] = []
        self._wall = wall
        self._last_micros = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock; on the way out raise the version and tell everybody who waits."""
        with self.changed:
            yield
            self.version += 1
            self.changed.notify_all()
            for listener in self._listeners:
                listener(self.version)

    def listen(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Call `listener` with every new version, from any thread; the result ends it."""
        with self.changed:
            self._listeners.append(listener)

        def end() -> None:
            with self.changed:
                self._listeners.remove(listener)

        return end

    def new_ts(self) -> str:
        """A message time stamp, later than every one before."""
        with self.changed:
            self._last_micros = max(self._last_micros + 1, int(self._wall() * 1_000_000))
            return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def now(self) -> float:
        return self._wall()

    # ── people and channels ──

    def person(self, user: str) -> Person:
        """Raises: ApiRefusal `user_not_found`."""
        if user == people.BOT_USER:
            return people.bot_person()
        if user not in self.people:
            raise ApiRefusal("user_not_found")
        return self.people[user]

    def operators(self) -> list[str]:
        return [person.id for person in self.people.values() if person.operator]

    def channel(self, key: str) -> Channel:
        """By id, `#name`, or a person's id (their direct message).

        Raises: ApiRefusal `channel_not_found`.
        """
        with self.changed:
            if key in self._channels:
                return self._channels[key]
            if key in self.people:
                return self.direct(key)
            for channel in self._channels.values():
                if key.removeprefix("#") == channel.name and not channel.user:
                    return channel
        raise ApiRefusal("channel_not_found")

    def channels(self) -> list[Channel]:
        with self.changed:
            return list(self._channels.values())

    def add_channel(self, channel: Channel) -> None:
        with self.changing():
            self._channels[channel.id] = channel

    def direct(self, user: str) -> Channel:
        """The direct message channel between the bot and a person, made on first use."""
        with self.changed:
            key = f"D{user.removeprefix('U')}"
            return self._channels.setdefault(key, Channel(key, "directmessage", user=user))

    # ── messages ──

    def post(self, message: Message) -> Message:
        with self.changing():
            message.blocks = self.names.fill(message.blocks)
            message.attachments = self.names.fill_attachments(message.attachments)
            self._messages.append(message)
            if message.is_reply and (root := self.find(message.channel, message.thread_ts)):
                root.thread_ts = root.ts
        return message

    def rewrite(self, message: Message, text: str, blocks: list[Json], attachments: list[Json] | None) -> None:
        """Replace what a message says; `attachments` None leaves those it has."""
        with self.changing():
            message.text = text
            message.blocks = self.names.fill(blocks)
            if attachments is not None:
                message.attachments = self.names.fill_attachments(attachments)
            message.edited_ts = self.new_ts()

    def find(self, channel: str, ts: str) -> Message | None:
        with self.changed:
            for message in reversed(self._messages):
                if message.ts == ts and message.channel == channel:
                    return message
        return None

    def find_anywhere(self, ts: str) -> Message | None:
        with self.changed:
            return next((message for message in reversed(self._messages) if message.ts == ts), None)

    def lasting(self, channel: str, ts: str) -> Message:
        """A message that is not ephemeral. Raises: ApiRefusal `message_not_found`."""
        message = self.find(channel, ts)
        if message is None or message.ephemeral_to:
            raise ApiRefusal("message_not_found")
        return message

    def remove(self, message: Message) -> None:
        with self.changing():
            self._messages.remove(message)

    def messages(self, channel: str) -> list[Message]:
        """Those of one channel in order of time, replies and ephemeral ones among them."""
        with self.changed:
            return [message for message in self._messages if message.channel == channel]

    def replies(self, channel: str, ts: str) -> list[Message]:
        """A thread without its root and without ephemeral ones."""
        return [m for m in self.messages(channel) if m.is_reply and m.thread_ts == ts and not m.ephemeral_to]

    def ephemerals(self, user: str) -> list[Message]:
        with self.changed:
            return [message for message in self._messages if message.ephemeral_to == user]

    # ── notices: what Slack itself tells one person ──

    def notify(self, user: str, text: str) -> None:
        with self.changing():
            notices = self._notices.setdefault(user, [])
            notices.append({"id": self.new_ts(), "text": text})
            del notices[:-NOTICES_KEPT]

    def notices(self, user: str) -> list[Json]:
        with self.changed:
            return [dict(notice) for notice in self._notices.get(user, [])]
