"""Brings to Slack what the store says and Slack has not been told: one message per subject (an incident, an outage),
its thread as log."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from slack_sdk import WebClient
from slackblocks.errors import InvalidUsageError

from bot.core.incident import Note
from bot.errors import ChatError
from bot.ports import Clock, PendingNote, Post
from bot.slack.chat import BLOCKS_REFUSED, NEXT_STEPS, call
from bot.slack.messages import texts
from bot.slack.messages.message import Json, Message
from bot.slack.pace import Pace
from bot.slack.subjects import Subject, Subjects

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
BATCH_FROM = 4
"""So many lines that wait for one thread are told together."""
CLOCK = 40
"""Characters that the time of a line takes."""

POST_ANEW = frozenset({"message_not_found", "edit_window_closed", "cant_update_message", "is_inactive"})
"""chat.update codes after which the message cannot be edited any more."""
THREAD_GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})

OF_ALL = frozenset(NEXT_STEPS) | {"no_permission", "ekm_access_denied", "team_access_not_granted", "access_denied"}
"""Refusals that blame the token or the channel: the next message would meet the same."""


_PEOPLE = ("U", "W")
"""What a user's id begins with."""
S = TypeVar("S", bound=Subject)


class Outbox:
    """The truth about (channel, ts, revision) is the store's; Slack is never read back.

    A crash between posting and storing may repeat that one message: the repeat carries the same `client_msg_id`. While
    the store cannot be written nothing is repeated: it is told what was sent before anything else is.
    """

    def __init__(
        self,
        client: WebClient,
        kinds: Sequence[Subjects[Any]],
        clock: Clock,
        channel: str,
        *,
        pace: Pace | None = None,
        aloud: bool = True,
    ) -> None:
        """`kinds` in the order in which they are shown where several wait. `channel`: its id, or a user's for what is
        told them directly. `aloud`: whether lines of a thread are shown in the channel as well, where they ask it."""
        self._client = client
        self._kinds = kinds
        self._clock = clock
        self._channel = channel
        self._aloud = aloud
        self._conversation = "" if channel.startswith(_PEOPLE) else channel
        self._pace = pace or Pace()
        self._roused = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._stuck_until: dict[str, float] = {}
        self._unsaved: list[Callable[[], None]] = []
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

        Raises: StoreError.
        """
        with self._one_at_a_time:
            self._save()
            self.trouble, before = "", self.trouble
            done = 0
            try:
                for kind in self._kinds:
                    for subject in self._waiting(kind):
                        done += self._one(f"{kind.name}-{subject.id}", partial(self._show, kind, subject))
                for kind in self._kinds:
                    for notes in _batches(kind.told.notes(self._channel)):
                        what = f"line {notes[0].id} of {kind.name}-{notes[0].note.subject}"
                        done += self._one(what, partial(self._tell, kind, notes))
            except ChatError as error:
                self._stumbled(error, before)
            return done

    def _waiting(self, kind: Subjects[S]) -> list[S]:
        """What this channel is to be shown, and what it was shown and has changed."""
        return [
            subject
            for subject in kind.told.pending(self._channel)
            if kind.shown_in(subject, self._channel) or kind.told.post_of(subject.id, self._channel) is not None
        ]

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

    def _show(self, kind: Subjects[S], subject: S) -> None:
        post = kind.told.post_of(subject.id, self._channel)
        ts = self._send(kind, subject, post)
        self._remember(partial(kind.told.posted, Post(subject.id, self._channel, ts, subject.revision)))

    def _send(self, kind: Subjects[S], subject: S, post: Post | None) -> str:
        """Edit or post, plainer and plainer while Slack refuses the blocks; the alert itself is never lost."""
        name = f"{kind.name}-{subject.id}"
        for drawing in kind.drawings(subject):
            message = drawing.message
            try:
                ts = self._put(message, name, post)
            except ChatError as error:
                if error.code not in BLOCKS_REFUSED:
                    raise
                log.warning("blocks refused", extra={"action": "blocks_refused", "error": str(error)})
                continue
            drawing.taken()
            return ts
        return self._put(Message(message.text, ()), name, post)

    def _put(self, message: Message, name: str, post: Post | None) -> str:
        payload = message.payload()
        if post is not None:
            self._turn(EDIT_EVERY_S)
            try:
                call(self._client.chat_update, channel=self._where(), ts=post.ts, **payload)
            except ChatError as error:
                if error.code not in POST_ANEW:
                    raise
            else:
                return post.ts
        seed = f"{self._channel}:{name}:{post.ts if post else 'first'}"
        return self._post(payload, seed)

    def _tell(self, kind: Subjects[S], batch: Sequence[PendingNote]) -> None:
        pending = batch[0]
        note = pending.note
        text = texts.clip("\n".join(self._line(each.note) for each in batch), NOTE_LIMIT)
        seed = f"{self._channel}:{kind.name}:note:{pending.id}"
        try:
            aloud = note.broadcast and self._aloud
            self._post({"text": text}, seed, thread_ts=pending.thread_ts, reply_broadcast=aloud)
        except ChatError as error:
            if error.code not in THREAD_GONE:
                raise
            self._post({"text": f"`{kind.name}-{note.subject}` {text}"}, seed)
        for each in batch:
            self._remember(partial(kind.told.note_posted, each.id, self._channel))

    def _line(self, note: Note) -> str:
        return f"{texts.at_time(note.at, self._clock.now())} {texts.spaced(note.text)}"

    def _where(self) -> str:
        """The id of the conversation; that with a person is opened first, which Slack answers the same every time."""
        if not self._conversation:
            opened = call(self._client.conversations_open, users=self._channel)
            self._conversation = str(opened["channel"]["id"])
        return self._conversation

    def _remember(self, write: Callable[[], None]) -> None:
        self._unsaved.append(write)
        self._save()

    def _save(self) -> None:
        """Tell the store what Slack took.

        Raises: StoreError; then the rest is told the next time.
        """
        while self._unsaved:
            self._unsaved[0]()
            del self._unsaved[0]

    def _post(self, payload: Json, seed: str, **where: str | bool) -> str:
        self._turn()
        response = call(
            self._client.chat_postMessage,
            channel=self._where(),
            client_msg_id=str(uuid.uuid5(uuid.NAMESPACE_URL, seed)),
            unfurl_links=False,
            unfurl_media=False,
            **payload,
            **where,
        )
        return str(response["ts"])


def _batches(notes: Sequence[PendingNote]) -> list[list[PendingNote]]:
    """The lines one by one; where many wait for one thread, as many as fit into a message: a storm says hundreds."""
    waiting = Counter(each.thread_ts for each in notes)
    batches: list[list[PendingNote]] = []
    for each in notes:
        many = waiting[each.thread_ts] >= BATCH_FROM and not each.note.broadcast
        last = batches[-1] if batches else []
        fits = sum(len(one.note.text) + CLOCK for one in last) + len(each.note.text) + CLOCK <= NOTE_LIMIT
        if many and last and last[0].thread_ts == each.thread_ts and not last[0].note.broadcast and fits:
            last.append(each)
        else:
            batches.append([each])
    return batches
