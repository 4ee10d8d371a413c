"""What Slack has been told."""

from __future__ import annotations

from sqlalchemy import Engine, and_, exists, insert, or_, select, update

from bot.core.incident import Incident, IncidentState, Note
from bot.ports import PendingNote, Post
from bot.store.incidents import incident_of
from bot.store.tables import incident, note, note_post, post
from bot.store.transactions import reading, writing
from bot.store.upsert import upsert


class SqlOutboxStore:
    """`ports.OutboxStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pending(self, channel: str) -> tuple[Incident, ...]:
        """As the port says. An incident that was resolved before anybody saw it is pending once, as resolved; one
        that another channel was shown is not posted anew here, so that a changed channel setting starts clean."""
        here = and_(post.c.incident == incident.c.id, post.c.channel == channel)
        anywhere = post.alias("anywhere")
        seen_anywhere = exists().where(anywhere.c.incident == incident.c.id)
        fresh = or_(incident.c.state != IncidentState.RESOLVED.value, ~seen_anywhere)
        behind = or_(incident.c.revision > post.c.revision, and_(post.c.incident.is_(None), fresh))
        query = select(incident).select_from(incident.outerjoin(post, here)).where(behind).order_by(incident.c.id)
        with reading(self._engine, "read what Slack has not been told") as connection:
            return tuple(map(incident_of, connection.execute(query)))

    def post_of(self, incident: int, channel: str) -> Post | None:
        query = select(post).where(post.c.incident == incident, post.c.channel == channel)
        with reading(self._engine, f"read where INC-{incident} was posted") as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Post(row.incident, row.channel, row.ts, row.revision)

    def posted(self, told: Post) -> None:
        """A revision older than the one remembered changes nothing."""
        here = and_(post.c.incident == told.subject, post.c.channel == told.channel)
        row = {"incident": told.subject, "channel": told.channel, "ts": told.ts, "revision": told.revision}
        with writing(self._engine, f"remember the post of INC-{told.subject}") as connection:
            if connection.execute(select(post.c.revision).where(here)).one_or_none() is None:
                connection.execute(insert(post).values(row))
            connection.execute(update(post).where(here, post.c.revision <= told.revision).values(row))

    def notes(self, channel: str) -> tuple[PendingNote, ...]:
        done = exists().where(note_post.c.note == note.c.id, note_post.c.channel == channel)
        query = (
            select(note, post.c.ts)
            .join(post, and_(post.c.incident == note.c.incident, post.c.channel == channel))
            .where(~done)
            .order_by(note.c.id)
        )
        with reading(self._engine, "read the timeline lines Slack has not been told") as connection:
            return tuple(
                PendingNote(row.id, Note(row.incident, row.at, row.text, row.broadcast), row.ts)
                for row in connection.execute(query)
            )

    def note_posted(self, note: int, channel: str) -> None:
        with writing(self._engine, f"remember that timeline line {note} was posted") as connection:
            connection.exec_driver_sql(upsert(connection, note_post), (note, channel))
