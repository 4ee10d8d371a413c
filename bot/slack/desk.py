"""Where listeners leave their work: one pool of ours, one frame that lets no failure go unsaid."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_bolt import Respond
from slack_sdk import WebClient

from bot.core.incident import Incident
from bot.errors import ChatError, DeferbotError
from bot.ports import Wake
from bot.slack.caller import Caller
from bot.slack.chat import BLOCKS_REFUSED, call
from bot.slack.lanes import SlowLane
from bot.slack.messages import buttons, refusals
from bot.slack.messages.message import Message
from bot.slack.messages.table import plainer
from bot.slack.services import SlackServices

log = logging.getLogger(__name__)

Job = Callable[[Caller], None]

SLOW_AT_ONCE = 4
"""Changes being applied or taken back at a time; the pool should be larger by two or more."""


class Desk:
    """Everything a listener may use. Holds no state of its own."""

    def __init__(
        self,
        client: WebClient,
        services: SlackServices,
        pool: ThreadPoolExecutor,
        wake: Wake,
        *,
        channel: str,
        operators: str,
    ) -> None:
        """`channel`: where alerts go; `operators`: who may apply changes, in words."""
        self._slow = SlowLane(pool, SLOW_AT_ONCE)
        self.client = client
        self.services = services
        self.wake = wake
        self.channel = channel
        self.operators = operators
        self._pool = pool

    def caller(self, body: dict[str, Any], respond: Respond | None = None) -> Caller:
        return Caller(self.client, body, respond, self.channel)

    def start(self, caller: Caller, job: Job) -> None:
        """Run `job` on the pool; whatever it raises becomes a private answer with an id that is in the log."""
        self._pool.submit(self.run, caller, job)

    def start_slow(self, caller: Caller, job: Job) -> None:
        """As `start`, for jobs that talk to hosts: they never take the last threads from quick answers."""
        self._slow.start(lambda: self.run(caller, job))

    def run(self, caller: Caller, job: Job) -> None:
        """The outermost frame of all slow work."""
        try:
            job(caller)
        except ChatError as error:
            log.warning("Slack refused", extra={"action": "slack_refused", "user": caller.user, "error": str(error)})
            late = error.code in ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id")
            self.tell(caller, refusals.slack_too_slow() if late else refusals.trouble(str(error)))
        except DeferbotError as error:
            log.warning("not done", extra={"action": "not_done", "user": caller.user, "error": str(error)})
            self.tell(caller, refusals.trouble(str(error)))
        except Exception as error:
            error_id = new_error_id()
            log.exception("listener failed", extra=failure(error_id, caller, error))
            self.tell(caller, refusals.broken(error_id))

    def tell(self, caller: Caller, sentence: str) -> None:
        caller.answer(refusals.said(sentence))

    def post(self, message: Message) -> None:
        """Show it to all, in the default channel. Raises: ChatError."""
        plain = plainer(message)
        try:
            call(self.client.chat_postMessage, channel=self.channel, unfurl_links=False, **message.payload())
        except ChatError as error:
            if error.code not in BLOCKS_REFUSED or plain == message:
                raise
            call(self.client.chat_postMessage, channel=self.channel, unfurl_links=False, **plain.payload())

    def zone_of(self, caller: Caller) -> tzinfo:
        """The time zone of who asks, as Slack knows it; UTC where it does not tell."""
        try:
            name = str(call(self.client.users_info, user=caller.user)["user"].get("tz") or "")
            return ZoneInfo(name) if name else UTC
        except (ChatError, ZoneInfoNotFoundError, KeyError, ValueError) as error:
            log.info("zone not known", extra={"action": "zone_unknown", "user": caller.user, "error": str(error)})
            return UTC

    def incident_of(self, caller: Caller, value: str) -> Incident | None:
        """What a button of an incident is about; None after having said why not."""
        asked = buttons.read_incident(value)
        incident = self.services.incidents.get(asked[0]) if asked else None
        if asked is None:
            self.tell(caller, refusals.unknown_button())
        elif incident is None:
            self.tell(caller, refusals.gone(asked[0]))
        return incident

    def may_apply(self, caller: Caller) -> bool:
        """False after having said why not."""
        try:
            if self.services.roles.is_operator(caller.user):
                return True
        except ChatError as error:
            self.tell(caller, refusals.roles_unknown(str(error)))
        else:
            self.tell(caller, refusals.not_an_operator(self.operators))
        return False


def new_error_id() -> str:
    """Short enough to be read out, long enough to be found in the log."""
    return secrets.token_hex(4)


def failure(error_id: str, caller: Caller, error: Exception) -> dict[str, str]:
    """The log fields of an unexpected failure."""
    return {"action": "listener_failed", "error_id": error_id, "user": caller.user, "error": repr(error)}
