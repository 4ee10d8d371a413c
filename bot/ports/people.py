"""What people are told, and what is asked about them and on their behalf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.core.classify import Verdict
from bot.core.incident import Note

Subject_co = TypeVar("Subject_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Post:
    """Where an incident or outage stands in Slack: the root message and the newest revision it shows."""

    subject: int
    channel: str
    ts: str
    revision: int


@dataclass(frozen=True, slots=True)
class PendingNote:
    """A timeline line that still has to reach the thread of the root message `thread_ts`."""

    id: int
    note: Note
    thread_ts: str


class OutboxStore(Protocol[Subject_co]):
    """What Slack has been told of one kind of subject (incidents, outages): something with an id, a revision and a
    timeline. Slack is never read back: this is the truth about (channel, ts, revision)."""

    def pending(self, channel: str) -> tuple[Subject_co, ...]:
        """Those whose newest revision `channel` has not been shown, oldest first."""
        ...

    def post_of(self, subject: int, channel: str) -> Post | None: ...

    def posted(self, post: Post) -> None:
        """Remember the root message and the revision it now shows (a new `ts` replaces the old one)."""
        ...

    def notes(self, channel: str) -> tuple[PendingNote, ...]:
        """Unposted timeline lines whose root message stands, in order."""
        ...

    def note_posted(self, note: int, channel: str) -> None: ...


class Meanings(Protocol):
    """What replies mean: `core.classify.Classifier`, or the rules in force by now. Thread-safe."""

    def classify(self, reply: str, isp: str) -> Verdict: ...


class Roles(Protocol):
    """Who may do what."""

    def is_operator(self, user: str) -> bool:
        """True where the Slack user `user` may apply changes.

        Raises: ChatError where a user group could not be read and no earlier answer is kept.
        """
        ...


Wake = Callable[[], None]
"""Tells the outbox that something new waits to be posted."""
