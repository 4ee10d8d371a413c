"""What Slack has been told, in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from threading import Lock
from typing import Generic, Protocol, TypeVar

from bot.core.incident import Note
from bot.errors import StoreError
from bot.ports import PendingNote, Post


class Subject(Protocol):
    """An incident or an outage."""

    @property
    def id(self) -> int: ...
    @property
    def revision(self) -> int: ...
    @property
    def state(self) -> StrEnum: ...


S = TypeVar("S", bound=Subject)
S_co = TypeVar("S_co", bound=Subject, covariant=True)


class Subjects(Protocol[S_co]):
    """`MemoryIncidentStore` or `MemoryOutageStore`."""

    @property
    def notes(self) -> Sequence[Note]: ...
    def get(self, subject: int, /) -> S_co | None: ...
    def all(self) -> tuple[S_co, ...]: ...


class MemoryOutboxStore(Generic[S]):
    """`ports.OutboxStore` over what `subjects` keeps."""

    def __init__(self, subjects: Subjects[S], name: str = "INC") -> None:
        self._subjects = subjects
        self._name = name
        self._posts: dict[tuple[int, str], Post] = {}
        self._notes_posted: set[tuple[int, str]] = set()
        self._lock = Lock()

    def pending(self, channel: str) -> tuple[S, ...]:
        with self._lock:
            return tuple(subject for subject in self._subjects.all() if self._is_pending(subject, channel))

    def post_of(self, subject: int, channel: str) -> Post | None:
        return self._posts.get((subject, channel))

    def posted(self, post: Post) -> None:
        if self._subjects.get(post.subject) is None:
            what = f"{self._name}-{post.subject}"
            raise StoreError(f"could not remember the post of {what}: there is no such thing")
        with self._lock:
            kept = self._posts.get((post.subject, post.channel))
            if kept is None or kept.revision <= post.revision:
                self._posts[post.subject, post.channel] = post

    def notes(self, channel: str) -> tuple[PendingNote, ...]:
        with self._lock:
            return tuple(
                PendingNote(place, note, self._posts[self._thread(note.subject), channel].ts)
                for place, note in enumerate(self._subjects.notes, start=1)
                if (self._thread(note.subject), channel) in self._posts and (place, channel) not in self._notes_posted
            )

    def note_posted(self, note: int, channel: str) -> None:
        if not 1 <= note <= len(self._subjects.notes):
            raise StoreError(f"could not remember that timeline line {note} was posted: there is no such line")
        with self._lock:
            self._notes_posted.add((note, channel))

    def _is_pending(self, subject: S, channel: str) -> bool:
        post = self._posts.get((subject.id, channel))
        if post is not None:
            return subject.revision > post.revision
        seen = any(known == subject.id for known, _ in self._posts)
        if getattr(subject, "lead", None) is not None:
            return False
        return subject.state.value != "resolved" or not seen

    def _thread(self, subject: int) -> int:
        """Whose message the lines of `subject` stand under."""
        found = self._subjects.get(subject)
        return getattr(found, "lead", None) or subject
