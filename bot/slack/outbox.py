"""Brings to Slack what the store says and Slack has not been told: one message per incident, its thread as log."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial

from slack_sdk import WebClient
from slackblocks.errors import InvalidUsageError

from bot.core.incident import Incident
from bot.errors import ChatError
from bot.ports import ChangeStore, Clock, OutboxStore, PendingNote, Post
from bot.slack.charts import ChartForm, Charts, RuleOf, default_rule
from bot.slack.chat import BLOCKS_REFUSED, NEXT_STEPS, call
from bot.slack.messages import texts
from bot.slack.messages.incident import incident_message
from bot.slack.messages.message import Json, Message
from bot.slack.pace import Pace

log = logging.getLogger(__name__)

IDLE_S = 1.0
"""How often the store is asked when nobody calls `wake`."""
TROUBLE_PAUSE_S = 15.0
STUCK_S = 60.0
"""How long a message that cannot be sent is left alone before it is tried again."""
POST_EVERY_S = 1.0
EDIT_EVERY_S = 1.25
"""chat.update allows 50 calls a minute, chat.postMessage about one a second and channel."""
STOPPING = "stopping"
"""Our own code for a message that waits for the next start."""
NOTE_LIMIT = 2_900

POST_ANEW = frozenset({"message_not_found", "edit_window_closed", "cant_update_message", "is_inactive"})
"""chat.update codes after which the message cannot be edited any more."""
THREAD_GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})

OF_ALL = frozenset(NEXT_STEPS) | {"no_permission", "ekm_access_denied", "team_access_not_granted", "access_denied"}
"""Refusals that blame the token or the channel: the next message would meet the same."""


class Outbox:
    """The truth about (channel, ts, revision) is the store's; Slack is never read back.

    A crash between posting and storing may repeat that one message: the repeat carries the same `client_msg_id`.
    """

    def __init__(
        self,
        client: WebClient,
        outbox_store: OutboxStore,
        change_store: ChangeStore,
        clock: Clock,
        channel: str,
        *,
        rule_of: RuleOf = default_rule,
        pace: Pace | None = None,
    ) -> None:
        self._client = client
        self._outbox = outbox_store
        self._changes = change_store
        self._clock = clock
        self._channel = channel
        self._charts = Charts(client, rule_of)
        self._pace = pace or Pace()
        self._roused = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._stuck_until: dict[str, float] = {}
        self.trouble = ""
        """The last refusal or silence, "" while deliveries succeed."""

    def wake(self) -> None:
        """Something new waits; `run` looks at once."""
        self._roused.set()

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set."""
        self._pace.until(stop)
        while not stop.is_set():
            self._roused.clear()
            try:
                self.deliver()
            except Exception:
                log.exception("delivery failed", extra={"action": "outbox_failed"})
            self._roused.wait(IDLE_S)

    def deliver(self) -> int:
        """Show everything that waits, in order; return how many messages were posted or edited.

        The first transient failure, and one that blames token or channel, ends the round: what follows waits for the
        next one, so that order is kept. One message that Slack or we cannot take stops no other.
        """
        with self._one_at_a_time:
            self.trouble, before = "", self.trouble
            done = 0
            try:
                for incident in self._outbox.pending(self._channel):
                    done += self._one(f"INC-{incident.id}", partial(self._show, incident))
                for note in self._outbox.notes(self._channel):
                    done += self._one(f"line {note.id} of INC-{note.note.subject}", partial(self._tell, note))
            except ChatError as error:
                self._stumbled(error, before)
            return done

    def _one(self, what: str, send: Callable[[], None]) -> int:
        """Send one message. Where it alone is at fault it is left for a while, so that the others come through.

        Raises: ChatError where the next message would fare no better.
        """
        if time.monotonic() < self._stuck_until.get(what, 0.0):
            return 0
        try:
            send()
        except ChatError as error:
            if not error.permanent or error.code in OF_ALL:
                raise
            self._leave(what, error)
        except (InvalidUsageError, TypeError, ValueError, LookupError) as error:  # odd data, when a message is built
            self._leave(what, error)
        else:
            self._stuck_until.pop(what, None)
            return 1
        return 0

    def _leave(self, what: str, error: Exception) -> None:
        self.trouble = f"{what}: {error}"
        self._stuck_until[what] = time.monotonic() + STUCK_S
        extra = {"action": "outbox_stuck", "what": what, "error": repr(error)}
        log.error("message not sent", extra=extra, exc_info=None if isinstance(error, ChatError) else error)

    def _stumbled(self, error: ChatError, before: str) -> None:
        self._pace.hold(error.retry_after_s or (TROUBLE_PAUSE_S if error.permanent else IDLE_S))
        if str(error) != before and error.code != STOPPING:
            log.warning("Slack did not take a message", extra={"action": "outbox_held", "error": str(error)})
        self.trouble = str(error)

    def _turn(self, then_s: float = POST_EVERY_S) -> None:
        if not self._pace.take(then_s):
            raise ChatError(STOPPING, "stopped while waiting for a slot", permanent=False)

    def _show(self, incident: Incident) -> None:
        post = self._outbox.post_of(incident.id, self._channel)
        ts = self._send(incident, post)
        self._outbox.posted(Post(incident.id, self._channel, ts, incident.revision))

    def _send(self, incident: Incident, post: Post | None) -> str:
        """Edit or post, plainer and plainer while Slack refuses the blocks; the alert itself is never lost."""
        changes = self._changes.of_incident(incident.id)
        for form in [form for form in ChartForm if form >= self._charts.form]:
            chart = self._charts.blocks(incident, form)
            message = incident_message(incident, changes, now=self._clock.now(), chart=chart)
            try:
                ts = self._put(message, incident, post)
            except ChatError as error:
                if error.code not in BLOCKS_REFUSED:
                    raise
                log.warning("blocks refused", extra={"action": "blocks_refused", "error": str(error)})
                continue
            if form > self._charts.form:
                self._charts.refused(self._charts.form)
            return ts
        return self._put(Message(message.text, ()), incident, post)

    def _put(self, message: Message, incident: Incident, post: Post | None) -> str:
        payload = message.payload()
        if post is not None:
            self._turn(EDIT_EVERY_S)
            try:
                call(self._client.chat_update, channel=self._channel, ts=post.ts, **payload)
            except ChatError as error:
                if error.code not in POST_ANEW:
                    raise
            else:
                return post.ts
        seed = f"{self._channel}:INC-{incident.id}:{post.ts if post else 'first'}"
        return self._post(payload, seed)

    def _tell(self, pending: PendingNote) -> None:
        note = pending.note
        at = texts.at_time(note.at, self._clock.now())
        text = texts.clip(f"{at} {texts.spaced(note.text)}", NOTE_LIMIT)
        seed = f"{self._channel}:note:{pending.id}"
        try:
            self._post({"text": text}, seed, thread_ts=pending.thread_ts, reply_broadcast=note.broadcast)
        except ChatError as error:
            if error.code not in THREAD_GONE:
                raise
            self._post({"text": f"`INC-{note.subject}` {text}"}, seed)
        self._outbox.note_posted(pending.id, self._channel)

    def _post(self, payload: Json, seed: str, **where: str | bool) -> str:
        self._turn()
        response = call(
            self._client.chat_postMessage,
            channel=self._channel,
            client_msg_id=str(uuid.uuid5(uuid.NAMESPACE_URL, seed)),
            unfurl_links=False,
            unfurl_media=False,
            **payload,
            **where,
        )
        return str(response["ts"])
