"""Incidents and their timelines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, select, update

from bot.core.diagnosis import Diagnosis
from bot.core.incident import NEW_LIFE, Incident, IncidentState, Life, Note, nothing
from bot.core.tier import Tier
from bot.ports.journals import Lines
from bot.store.documents import DIAGNOSIS, LIFE
from bot.store.tables import incident as table
from bot.store.tables import note as note_table
from bot.store.transactions import Conflict, reading, writing


class SqlIncidentStore:
    """`ports.IncidentStore`. The schema itself holds "one unresolved incident an ISP"."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(
        self,
        diagnosis: Diagnosis,
        at: datetime,
        life: Life = NEW_LIFE,
        *,
        lead: int | None = None,
        lines: Lines = nothing,
    ) -> Incident | None:
        row = {
            "isp": diagnosis.isp,
            "state": IncidentState.OPEN.value,
            "tier": diagnosis.tier.value,
            "opened_at": at,
            "revision": 1,
            "peak_rate": diagnosis.told_rate,
            "diagnosis": DIAGNOSIS.text(diagnosis),
            "owner": "",
            "life": LIFE.text(life),
            "lead": lead,
        }
        try:
            with writing(self._engine, f"open an incident for {diagnosis.isp}") as connection:
                key = connection.execute(insert(table).values(row)).inserted_primary_key
                return None if key is None else _told(connection, key[0], lines)
        except Conflict:
            return None

    def get(self, incident: int) -> Incident | None:
        with reading(self._engine, f"read INC-{incident}") as connection:
            return _get(connection, incident)

    def newest(self, isp: str) -> Incident | None:
        query = select(table).where(table.c.isp == isp).order_by(table.c.id.desc()).limit(1)
        with reading(self._engine, f"read the newest incident of {isp}") as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else incident_of(row)

    def unresolved(self) -> tuple[Incident, ...]:
        query = select(table).where(table.c.state != IncidentState.RESOLVED.value).order_by(table.c.id)
        with reading(self._engine, "read the unresolved incidents") as connection:
            return tuple(map(incident_of, connection.execute(query)))

    def since(self, at: datetime) -> tuple[Incident, ...]:
        stood = (table.c.state != IncidentState.RESOLVED.value) | (table.c.resolved_at >= at)
        with reading(self._engine, "read the incidents of the last hours") as connection:
            return tuple(map(incident_of, connection.execute(select(table).where(stood).order_by(table.c.id))))

    def members(self, lead: int) -> tuple[Incident, ...]:
        with reading(self._engine, f"read the incidents behind INC-{lead}") as connection:
            query = select(table).where(table.c.lead == lead).order_by(table.c.id)
            return tuple(map(incident_of, connection.execute(query)))

    def timeline(self, incident: int) -> tuple[Note, ...]:
        query = select(note_table).where(note_table.c.incident == incident).order_by(note_table.c.id)
        with reading(self._engine, f"read the timeline of INC-{incident}") as connection:
            return tuple(Note(r.incident, r.at, r.text, r.broadcast) for r in connection.execute(query))

    def move(
        self,
        incident: Incident,
        *,
        state: IncidentState | None = None,
        tier: Tier | None = None,
        diagnosis: Diagnosis | None = None,
        owner: str | None = None,
        resolved_at: datetime | None = None,
        life: Life | None = None,
        lead: int | None = None,
        lines: Lines = nothing,
    ) -> Incident | None:
        """As the port says. Another state after RESOLVED is refused like a lost race."""
        values: dict[str, object] = {"revision": table.c.revision + 1}
        here: list[ColumnElement[bool]] = [table.c.id == incident.id, table.c.revision == incident.revision]
        if state is not None:
            values["state"] = state.value
            here.append((table.c.state != IncidentState.RESOLVED.value) | (table.c.state == state.value))
        if tier is not None:
            values["tier"] = tier.value
        if diagnosis is not None:
            values["diagnosis"] = DIAGNOSIS.text(diagnosis)
            values["peak_rate"] = max(incident.peak_rate, diagnosis.told_rate)
        if owner is not None:
            values["owner"] = owner
        if resolved_at is not None:
            values["resolved_at"] = resolved_at
        if life is not None:
            values["life"] = LIFE.text(life)
        if lead is not None:
            values["lead"] = lead
        with writing(self._engine, f"change INC-{incident.id}") as connection:
            won = connection.execute(update(table).where(*here).values(values)).rowcount == 1
            return _told(connection, incident.id, lines) if won else None

    def reopen(
        self,
        incident: Incident,
        diagnosis: Diagnosis,
        *,
        state: IncidentState,
        life: Life,
        lines: Lines = nothing,
    ) -> Incident | None:
        values = {
            "revision": table.c.revision + 1,
            "state": state.value,
            "tier": diagnosis.tier.value,
            "diagnosis": DIAGNOSIS.text(diagnosis),
            "peak_rate": max(incident.peak_rate, diagnosis.told_rate),
            "owner": "",
            "resolved_at": None,
            "life": LIFE.text(life),
        }
        over = table.c.state == IncidentState.RESOLVED.value
        here = (table.c.id == incident.id, table.c.revision == incident.revision, over)
        try:
            with writing(self._engine, f"open INC-{incident.id} again") as connection:
                won = connection.execute(update(table).where(*here).values(values)).rowcount == 1
                return _told(connection, incident.id, lines) if won else None
        except Conflict:
            return None

    def note(self, note: Note) -> None:
        with writing(self._engine, f"note on INC-{note.subject}") as connection:
            _append(connection, [note])


def incident_of(row: Row[Any]) -> Incident:
    """An incident from a row that has all columns of the table."""
    return Incident(
        id=row.id,
        isp=row.isp,
        state=IncidentState(row.state),
        tier=Tier(row.tier),
        opened_at=row.opened_at,
        revision=row.revision,
        peak_rate=row.peak_rate,
        diagnosis=DIAGNOSIS.value(row.diagnosis),
        owner=row.owner,
        resolved_at=row.resolved_at,
        life=LIFE.value(row.life) if row.life else NEW_LIFE,
        lead=row.lead,
    )


def _told(connection: Connection, incident: int, lines: Lines) -> Incident | None:
    """The incident as it is written now, its lines beside it."""
    kept = _get(connection, incident)
    if kept is not None:
        _append(connection, lines(kept))
    if kept is not None and kept.lead is not None:  # whose message shows it
        shown = update(table).where(table.c.id == kept.lead).values(revision=table.c.revision + 1)
        connection.execute(shown)
    return kept


def _append(connection: Connection, notes: Sequence[Note]) -> None:
    for note in notes:
        row = {"incident": note.subject, "at": note.at, "text": note.text, "broadcast": note.broadcast}
        connection.execute(insert(note_table).values(row))


def _get(connection: Connection, incident: int) -> Incident | None:
    row = connection.execute(select(table).where(table.c.id == incident)).one_or_none()
    return None if row is None else incident_of(row)
