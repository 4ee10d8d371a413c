"""`ports.OutageStore`, and `ports.OutboxStore` over outages: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.incident import Note
from bot.core.outage import DarkHost, Outage, OutageState
from bot.errors import StoreError
from bot.ports import PendingNote, Post
from bot.store.outages import SqlOutageStore
from bot.store.outbox import OUTAGES, SqlOutboxStore
from tests.fakes import MemoryOutageStore, MemoryOutboxStore
from tests.store_values import NOON, sqlite

OPS, LEADS = "C0OPS", "C0LEADS"
HOSTS = (
    DarkHost("mta1", NOON, "connection refused"),
    DarkHost("mta2", None, 'no "answer" \U0001f600', behind=True, back_at=NOON, dropped=True, earlier_s=9, gaps="a; b"),
)
NEW = Outage(0, OutageState.OPEN, NOON, 1, HOSTS, 20, NOON, 0.31)


@dataclass
class Stores:
    outages: MemoryOutageStore | SqlOutageStore
    outbox: MemoryOutboxStore[Outage] | SqlOutboxStore[Outage]

    def open(self) -> Outage:
        opened = self.outages.open(NEW)
        assert opened is not None
        return opened

    def resolve(self, outage: Outage) -> Outage:
        resolved = replace(outage, state=OutageState.RESOLVED, resolved_at=NOON + timedelta(hours=1))
        moved = self.outages.move(outage, resolved)
        assert moved is not None
        return moved


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    if request.param == "memory":
        outages = MemoryOutageStore()
        yield Stores(outages, MemoryOutboxStore(outages, "OUT"))
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield Stores(SqlOutageStore(engine), SqlOutboxStore(engine, OUTAGES))


def test_an_outage_comes_back_as_it_was_kept(stores: Stores) -> None:
    assert stores.outages.newest() is None
    opened = stores.open()
    assert opened == replace(NEW, id=1, revision=1)
    assert stores.outages.newest() == opened


def test_only_one_may_be_open(stores: Stores) -> None:
    first = stores.open()
    assert stores.outages.open(NEW) is None
    stores.resolve(first)
    second = stores.open()
    assert (second.id, stores.outages.newest()) == (2, second)
    # the first one cannot be opened again while another one is
    assert stores.outages.move(replace(first, revision=2), replace(first, state=OutageState.OPEN)) is None


def test_a_change_counts_once(stores: Stores) -> None:
    opened = stores.open()
    moved = stores.outages.move(opened, replace(opened, fleet=21, hosts=HOSTS[:1]))
    assert moved == replace(opened, fleet=21, hosts=HOSTS[:1], revision=2)
    assert stores.outages.move(opened, replace(opened, fleet=22)) is None
    assert stores.outages.newest() == moved


def test_what_is_over_can_be_opened_again(stores: Stores) -> None:
    resolved = stores.resolve(stores.open())
    assert resolved.resolved_at is not None
    again = stores.outages.move(resolved, replace(resolved, state=OutageState.OPEN, resolved_at=None))
    assert again is not None
    assert (again.id, again.revision, again.state) == (1, 3, OutageState.OPEN)
    assert stores.outages.newest() == again


def test_an_unknown_outage_cannot_be_moved_and_nothing_is_said_of_it(stores: Stores) -> None:
    assert stores.outages.move(replace(NEW, id=9), NEW, lines=_dark) is None


def test_a_change_and_its_lines_are_kept_together_or_not_at_all(stores: Stores) -> None:
    opened = stores.open()
    with pytest.raises(ZeroDivisionError):
        stores.outages.move(opened, replace(opened, fleet=99), lines=lambda _: [1 // 0])  # type: ignore[list-item]
    assert stores.outages.newest() == opened


def _dark(outage: Outage) -> tuple[Note, ...]:
    return (Note(outage.id, NOON, "`mta1` is dark", broadcast=True),)


def test_slack_is_told_every_revision_and_every_line_once(stores: Stores) -> None:
    opened = stores.outages.open(NEW, lines=_dark)
    assert opened is not None
    assert (stores.outbox.pending(OPS), stores.outbox.notes(OPS)) == ((opened,), ())
    stores.outbox.posted(Post(opened.id, OPS, "1.1", opened.revision))
    assert stores.outbox.pending(OPS) == ()
    assert stores.outbox.post_of(opened.id, OPS) == Post(opened.id, OPS, "1.1", 1)
    assert stores.outbox.notes(OPS) == (PendingNote(1, Note(1, NOON, "`mta1` is dark", broadcast=True), "1.1"),)
    stores.outbox.note_posted(1, OPS)
    assert stores.outbox.notes(OPS) == ()
    resolved = stores.resolve(opened)
    assert stores.outbox.pending(OPS) == (resolved,)
    assert stores.outbox.pending(LEADS) == ()  # over, and told elsewhere
    stores.outbox.posted(Post(opened.id, OPS, "1.1", resolved.revision))
    assert stores.outbox.pending(OPS) == ()


def test_an_outage_that_nobody_saw_is_told_as_over(stores: Stores) -> None:
    resolved = stores.resolve(stores.open())
    assert stores.outbox.pending(OPS) == (resolved,)


def test_a_post_of_an_unknown_outage_is_an_error(stores: Stores) -> None:
    with pytest.raises(StoreError, match="could not remember the post of OUT-9"):
        stores.outbox.posted(Post(9, OPS, "1.1", 1))
    with pytest.raises(StoreError, match="could not remember that timeline line 9 was posted"):
        stores.outbox.note_posted(9, OPS)


def test_outages_survive_a_restart(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        opened = SqlOutageStore(engine).open(NEW)
        SqlOutboxStore(engine, OUTAGES).posted(Post(1, OPS, "1.1", 1))
    with sqlite(tmp_path / "deferbot.db") as engine:
        assert SqlOutageStore(engine).newest() == opened
        assert SqlOutboxStore(engine, OUTAGES).pending(OPS) == ()
