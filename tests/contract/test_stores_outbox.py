"""`ports.OutboxStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.incident import Incident, IncidentState, Note
from bot.errors import StoreError
from bot.ports import PendingNote, Post
from bot.ports.journals import Lines
from bot.store.incidents import SqlIncidentStore
from bot.store.outbox import INCIDENTS, SqlOutboxStore
from tests.fakes import MemoryIncidentStore, MemoryOutboxStore
from tests.store_values import NOON, diagnosis, sqlite

OPS, LEADS = "C0OPS", "C0LEADS"


@dataclass
class Stores:
    incidents: MemoryIncidentStore | SqlIncidentStore
    outbox: MemoryOutboxStore[Incident] | SqlOutboxStore[Incident]

    def open(self, isp: str = "gmail") -> Incident:
        incident = self.incidents.open(diagnosis(isp), NOON)
        assert incident is not None
        return incident

    def resolve(self, incident: Incident) -> Incident:
        moved = self.incidents.move(incident, state=IncidentState.RESOLVED, resolved_at=NOON)
        assert moved is not None
        return moved

    def post(self, incident: Incident, channel: str = OPS, ts: str = "1.1") -> None:
        self.outbox.posted(Post(incident.id, channel, ts, incident.revision))


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    if request.param == "memory":
        incidents = MemoryIncidentStore()
        yield Stores(incidents, MemoryOutboxStore(incidents))
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield Stores(SqlIncidentStore(engine), SqlOutboxStore(engine, INCIDENTS))


def test_what_was_never_posted_is_pending_oldest_first(stores: Stores) -> None:
    incidents = tuple(stores.open(isp) for isp in ("yahoo", "gmail", "apple"))
    assert stores.outbox.pending(OPS) == stores.outbox.pending(LEADS) == incidents


def test_what_was_posted_is_pending_again_with_its_next_revision(stores: Stores) -> None:
    incident = stores.open()
    stores.post(incident)
    assert stores.outbox.pending(OPS) == ()
    assert stores.outbox.pending(LEADS) == (incident,)
    moved = stores.incidents.move(incident, owner="U1")
    assert moved is not None
    assert stores.outbox.pending(OPS) == (moved,)
    stores.post(moved)
    assert stores.outbox.pending(OPS) == ()


def test_a_revision_that_came_while_posting_stays_pending(stores: Stores) -> None:
    incident = stores.open()
    moved = stores.incidents.move(incident)
    stores.post(incident)
    assert stores.outbox.pending(OPS) == (moved,)


def test_an_incident_resolved_before_it_was_posted_is_posted_once_as_resolved(stores: Stores) -> None:
    resolved = stores.resolve(stores.open())
    assert stores.outbox.pending(OPS) == (resolved,)
    stores.post(resolved)
    assert stores.outbox.pending(OPS) == ()


def test_an_incident_that_is_over_is_not_posted_anew_to_another_channel(stores: Stores) -> None:
    """The channel setting was changed: history stays where it was told, what is going on is told here."""
    over, going_on = stores.open(), stores.open("yahoo")
    stores.post(over)
    stores.post(going_on)
    resolved = stores.resolve(over)
    assert stores.outbox.pending(LEADS) == (going_on,)
    assert stores.outbox.pending(OPS) == (resolved,)


def test_the_post_is_remembered_per_channel_and_a_new_message_replaces_the_old(stores: Stores) -> None:
    incident = stores.open()
    assert stores.outbox.post_of(incident.id, OPS) is None
    stores.post(incident)
    stores.post(incident, LEADS, "2.2")
    stores.post(incident, OPS, "1.9")
    assert stores.outbox.post_of(incident.id, OPS) == Post(incident.id, OPS, "1.9", 1)
    assert stores.outbox.post_of(incident.id, LEADS) == Post(incident.id, LEADS, "2.2", 1)


def test_an_older_revision_never_replaces_a_newer_one(stores: Stores) -> None:
    incident = stores.open()
    moved = stores.incidents.move(incident)
    assert moved is not None
    stores.post(moved, ts="1.2")
    stores.post(incident, ts="1.1")
    assert stores.outbox.post_of(incident.id, OPS) == Post(incident.id, OPS, "1.2", 2)


def test_a_post_of_an_unknown_incident_is_an_error(stores: Stores) -> None:
    with pytest.raises(StoreError, match="could not remember the post of INC-9"):
        stores.outbox.posted(Post(9, OPS, "1.1", 1))


def test_notes_wait_for_their_root_message_and_come_in_order_once(stores: Stores) -> None:
    gmail, yahoo = stores.open(), stores.open("yahoo")
    notes = [
        Note(gmail.id, NOON, "<@U1> applied *Pause* & more"),
        Note(yahoo.id, NOON, "elsewhere"),
        Note(gmail.id, NOON, "tier *block*", broadcast=True),
    ]
    for note in notes:
        stores.incidents.note(note)
    assert stores.outbox.notes(OPS) == ()
    stores.post(gmail)
    assert stores.outbox.notes(OPS) == (PendingNote(1, notes[0], "1.1"), PendingNote(3, notes[2], "1.1"))
    stores.outbox.note_posted(1, OPS)
    stores.outbox.note_posted(1, OPS)
    assert stores.outbox.notes(OPS) == (PendingNote(3, notes[2], "1.1"),)
    stores.post(gmail, LEADS, "2.2")
    assert [note.id for note in stores.outbox.notes(LEADS)] == [1, 3]
    stores.post(yahoo)
    assert [note.id for note in stores.outbox.notes(OPS)] == [2, 3]


def test_an_unknown_note_is_an_error(stores: Stores) -> None:
    with pytest.raises(StoreError, match="could not remember that timeline line 9 was posted"):
        stores.outbox.note_posted(9, OPS)


def test_what_stood_lately_and_what_was_said_of_it(stores: Stores) -> None:
    old, late, standing = (stores.open(isp) for isp in ("yahoo", "apple", "gmail"))
    for incident, ago in ((old, 60), (late, 10)):
        at = NOON - timedelta(minutes=ago)
        stores.incidents.move(incident, state=IncidentState.RESOLVED, resolved_at=at, lines=saying("over"))
    found = stores.incidents.since(NOON - timedelta(minutes=30))
    assert [one.id for one in found] == [late.id, standing.id]
    stores.incidents.note(Note(late.id, NOON, "and done", broadcast=True))
    assert stores.incidents.timeline(late.id) == (Note(late.id, NOON, "over"), Note(late.id, NOON, "and done", True))
    assert stores.incidents.timeline(standing.id) == ()


def saying(text: str) -> Lines:
    return lambda kept: (Note(kept.id, NOON, text.format(kept)),)


def test_a_change_and_its_lines_are_kept_together_or_not_at_all(stores: Stores) -> None:
    opened = stores.incidents.open(
        diagnosis(), NOON, lines=lambda kept: (Note(kept.id, NOON, f"opened at {kept.revision}"),)
    )
    assert opened is not None
    moved = stores.incidents.move(
        opened, owner="U1", lines=lambda kept: (Note(kept.id, NOON, f"taken by {kept.owner}"),)
    )
    assert moved is not None
    lost = stores.incidents.move(opened, owner="U2", lines=saying("never"))
    with pytest.raises(ZeroDivisionError):
        stores.incidents.move(moved, owner="U3", lines=lambda _: [1 // 0])  # type: ignore[list-item]
    assert (lost, stores.incidents.get(opened.id)) == (None, moved)
    stores.post(moved)
    assert [each.note.text for each in stores.outbox.notes(OPS)] == ["opened at 1", "taken by U1"]
