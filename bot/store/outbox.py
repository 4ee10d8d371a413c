"""What Slack has been told, of incidents and of outages alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine, Row, Table, and_, exists, func, insert, or_, select, true, update

from bot.core.incident import Incident, Note
from bot.core.outage import Outage
from bot.ports import PendingNote, Post
from bot.store import tables
from bot.store.incidents import incident_of
from bot.store.outages import outage_of
from bot.store.transactions import reading, writing
from bot.store.upsert import upsert

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of thing that Slack is told of: its tables, and the column of `post` and `note` that names one.

    `name` is what stands before the number ("INC"); its `state` is "resolved" at the end.
    """

    name: str
    key: str
    root: Table
    post: Table
    note: Table
    note_post: Table
    value_of: Callable[[Row[Any]], T]


INCIDENTS: Kind[Incident] = Kind(
    "INC", "incident", tables.incident, tables.post, tables.note, tables.note_post, incident_of
)
OUTAGES: Kind[Outage] = Kind(
    "OUT", "outage", tables.outage, tables.outage_post, tables.outage_note, tables.outage_note_post, outage_of
)


class SqlOutboxStore(Generic[T]):
    """`ports.OutboxStore` of one kind."""

    def __init__(self, engine: Engine, kind: Kind[T]) -> None:
        self._engine = engine
        self._kind = kind
        self._of_post = kind.post.c[kind.key]

    def pending(self, channel: str) -> tuple[T, ...]:
        """As the port says. What was resolved before anybody saw it is pending once, as resolved; what another
        channel was shown is not posted anew here when it is over, so that a changed channel setting starts clean."""
        root, post = self._kind.root, self._kind.post
        here = and_(self._of_post == root.c.id, post.c.channel == channel)
        seen_anywhere = exists().where(post.alias("anywhere").c[self._kind.key] == root.c.id)
        fresh = or_(root.c.state != "resolved", ~seen_anywhere)
        own = root.c.lead.is_(None) if "lead" in root.c else true()  # else another one's message shows it
        behind = or_(root.c.revision > post.c.revision, and_(self._of_post.is_(None), fresh, own))
        query = select(root).select_from(root.outerjoin(post, here)).where(behind).order_by(root.c.id)
        with reading(self._engine, "read what Slack has not been told") as connection:
            return tuple(map(self._kind.value_of, connection.execute(query)))

    def post_of(self, subject: int, channel: str) -> Post | None:
        post = self._kind.post
        query = select(post.c.ts, post.c.revision).where(self._of_post == subject, post.c.channel == channel)
        with reading(self._engine, f"read where {self._kind.name}-{subject} was posted") as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Post(subject, channel, row.ts, row.revision)

    def posted(self, told: Post) -> None:
        """A revision older than the one remembered changes nothing."""
        post = self._kind.post
        here = and_(self._of_post == told.subject, post.c.channel == told.channel)
        row = {self._kind.key: told.subject, "channel": told.channel, "ts": told.ts, "revision": told.revision}
        with writing(self._engine, f"remember the post of {self._kind.name}-{told.subject}") as connection:
            if connection.execute(select(post.c.revision).where(here)).one_or_none() is None:
                connection.execute(insert(post).values(row))
            connection.execute(update(post).where(here, post.c.revision <= told.revision).values(row))

    def notes(self, channel: str) -> tuple[PendingNote, ...]:
        root, note, post, note_post = self._kind.root, self._kind.note, self._kind.post, self._kind.note_post
        subject = note.c[self._kind.key]
        done = exists().where(note_post.c.note == note.c.id, note_post.c.channel == channel)
        thread = func.coalesce(root.c.lead, root.c.id) if "lead" in root.c else root.c.id
        query = (
            select(note.c.id, subject.label("subject"), note.c.at, note.c.text, note.c.broadcast, post.c.ts)
            .join(root, root.c.id == subject)
            .join(post, and_(thread == self._of_post, post.c.channel == channel))
            .where(~done)
            .order_by(note.c.id)
        )
        with reading(self._engine, "read the timeline lines Slack has not been told") as connection:
            return tuple(
                PendingNote(row.id, Note(row.subject, row.at, row.text, row.broadcast), row.ts)
                for row in connection.execute(query)
            )

    def note_posted(self, note: int, channel: str) -> None:
        with writing(self._engine, f"remember that timeline line {note} was posted") as connection:
            connection.exec_driver_sql(upsert(connection, self._kind.note_post), (note, channel))
