"""What an interaction hands out and how long it holds: trigger ids (3 s, one use), response URLs (30 min, 5 uses)."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sim.slack.wire import ApiRefusal

TRIGGER_LIFE_S = 3.0
RESPONSE_LIFE_S = 30 * 60.0
RESPONSE_USES = 5
KEPT = 10_000  # of each kind; the oldest go first


@dataclass
class Trigger:
    """`view_id` is the modal that the interaction came from, "" where it came from none."""

    user: str
    view_id: str
    ends: float
    used: bool = False


@dataclass
class ResponseUrl:
    """`message_ts` is the message that was clicked, "" for a command."""

    user: str
    channel: str
    message_ts: str
    thread_ts: str
    ends: float
    uses_left: int = RESPONSE_USES


class Tickets:
    """`clock` gives seconds that only rise. Not locked: used from the server's thread alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}
        self._numbers = itertools.count(1000)

    def new_trigger(self, user: str, view_id: str = "") -> str:
        key = f"{next(self._numbers)}.{next(self._numbers)}.{secrets.token_hex(16)}"
        self._triggers[key] = Trigger(user, view_id, self._clock() + TRIGGER_LIFE_S)
        if len(self._triggers) > KEPT:
            del self._triggers[next(iter(self._triggers))]
        return key

    def exchange(self, key: str) -> Trigger:
        """Use a trigger up.

        Raises: ApiRefusal `invalid_trigger_id`, `exchanged_trigger_id` (used before), `expired_trigger_id`.
        """
        trigger = self._triggers.get(key)
        if trigger is None:
            raise ApiRefusal("invalid_trigger_id")
        if trigger.used:
            raise ApiRefusal("exchanged_trigger_id")
        if self._clock() > trigger.ends:
            raise ApiRefusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, user: str, channel: str, *, message_ts: str = "", thread_ts: str = "") -> str:
        """The key at the end of the URL."""
        key = f"{next(self._numbers)}/{secrets.token_urlsafe(18)}"
        self._urls[key] = ResponseUrl(user, channel, message_ts, thread_ts, self._clock() + RESPONSE_LIFE_S)
        if len(self._urls) > KEPT:
            del self._urls[next(iter(self._urls))]
        return key

    def use_response_url(self, key: str) -> ResponseUrl:
        """Raises: ApiRefusal `invalid_token` (never issued), `expired_url`, `used_url`."""
        ticket = self._urls.get(key)
        if ticket is None:
            raise ApiRefusal("invalid_token")
        if self._clock() > ticket.ends:
            raise ApiRefusal("expired_url")
        if ticket.uses_left == 0:
            raise ApiRefusal("used_url")
        ticket.uses_left -= 1
        return ticket
