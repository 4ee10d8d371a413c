"""What Slack has been told, in dictionaries."""

from __future__ import annotations

from threading import Lock

from bot.core.incident import Incident, IncidentState
from bot.errors import StoreError
from bot.ports import PendingNote, Post
from tests.memory.incidents import MemoryIncidentStore


class MemoryOutboxStore:
    """`ports.OutboxStore` over the incidents of `incidents`."""

    def __init__(self, incidents: MemoryIncidentStore) -> None:
        self._incidents = incidents
        self._posts: dict[tuple[int, str], Post] = {}
        self._notes_posted: set[tuple[int, str]] = set()
        self._lock = Lock()

    def pending(self, channel: str) -> tuple[Incident, ...]:
        with self._lock:
            return tuple(incident for incident in self._incidents.all() if self._is_pending(incident, channel))

    def post_of(self, incident: int, channel: str) -> Post | None:
        return self._posts.get((incident, channel))

    def posted(self, post: Post) -> None:
        if self._incidents.get(post.subject) is None:
            raise StoreError(f"could not remember the post of INC-{post.subject}: there is no such incident")
        with self._lock:
            kept = self._posts.get((post.subject, post.channel))
            if kept is None or kept.revision <= post.revision:
                self._posts[post.subject, post.channel] = post

    def notes(self, channel: str) -> tuple[PendingNote, ...]:
        with self._lock:
            return tuple(
                PendingNote(place, note, self._posts[note.subject, channel].ts)
                for place, note in enumerate(self._incidents.notes, start=1)
                if (note.subject, channel) in self._posts and (place, channel) not in self._notes_posted
            )

    def note_posted(self, note: int, channel: str) -> None:
        if not 1 <= note <= len(self._incidents.notes):
            raise StoreError(f"could not remember that timeline line {note} was posted: there is no such line")
        with self._lock:
            self._notes_posted.add((note, channel))

    def _is_pending(self, incident: Incident, channel: str) -> bool:
        post = self._posts.get((incident.id, channel))
        if post is not None:
            return incident.revision > post.revision
        seen = any(known == incident.id for known, _ in self._posts)
        return incident.state is not IncidentState.RESOLVED or not seen
