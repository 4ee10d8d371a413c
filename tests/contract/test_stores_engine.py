"""Opening a database: what is accepted, what is refused and in which words; schema and restart."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from bot.core.change import ChangeState, Outcome, StepResult
from bot.core.incident import Note
from bot.core.model import Cell, Dim, FilePosition, HostSnapshot, RollUp, Tally
from bot.errors import ConfigError, StoreError
from bot.ports import NewRecords, Post
from bot.store.audit import SqlAuditLog
from bot.store.changes import SqlChangeStore
from bot.store.engine import migrate, open_engine
from bot.store.fleet import SqlFleetStore
from bot.store.incidents import SqlIncidentStore
from bot.store.moment import Moment
from bot.store.outbox import INCIDENTS, SqlOutboxStore
from bot.store.tables import incident, metadata
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import reading, writing
from tests.store_values import HOUR, NOON, diagnosis, plan, sqlite


def test_a_new_file_is_the_owners_alone_and_survives_a_power_cut(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine, reading(engine, "look") as connection:
        settings = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert settings == ["wal", 2, 1]  # 2 = FULL
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_relative_path_is_taken_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with sqlite(Path("deferbot.db")):
        assert (tmp_path / "deferbot.db").exists()


def make_text_file(folder: Path) -> str:
    (folder / "notes.txt").write_text("not a database")
    return f"sqlite:///{folder}/notes.txt"


def make_file_as_folder(folder: Path) -> str:
    (folder / "file").write_text("")
    return f"sqlite:///{folder}/file/deferbot.db"


def make_folder(folder: Path) -> str:
    path = folder / "deferbot.db"
    path.mkdir()
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (lambda _: "deferbot.db", "expected a URL such as sqlite:///deferbot.db, found 'deferbot.db'"),
        (lambda _: "mysql://u:secret@db.example/d", "expected sqlite:///PATH, found mysql://…"),
        (make_text_file, "notes.txt: expected an SQLite database or no file, found another kind of file"),
        (make_file_as_folder, "expected a file in an existing folder that can be written, found: Not a directory"),
        (make_folder, "deferbot.db: expected a file in an existing folder that can be written, found: Is a dir"),
        (lambda folder: f"sqlite:///{folder}/no/such.db", "no/such.db: expected a file in an existing folder"),
    ],
)
def test_what_cannot_be_a_store_is_refused_in_one_sentence(
    url: Callable[[Path], str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_engine(url(tmp_path))
    (fault,) = caught.value.faults
    assert fault.startswith("DATABASE_URL: ")
    assert says in fault
    assert "secret" not in fault


@contextmanager
def without_root() -> Iterator[None]:
    """Root may write everywhere: take another user's rights for a moment."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (False, "deferbot.db: expected a file in an existing folder that can be written, found: Permission denied"),
        (True, "expected a folder that can be written (SQLite's journal)"),  # the file alone is not enough
    ],
)
def test_a_folder_without_write_permission_is_refused(there: bool, says: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        if there:
            (folder / "deferbot.db").touch()
            (folder / "deferbot.db").chmod(0o666)
        folder.chmod(0o555)
        with without_root(), pytest.raises(ConfigError) as caught:
            open_engine(f"sqlite:///{folder}/deferbot.db")
        folder.chmod(0o700)
    assert says in str(caught.value)


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(ConfigError, match=r"other\.db: expected a deferbot store.*another program \(bookmarks…\)"):
        migrate(engine)
    with reading(engine, "look") as look:
        assert look.execute(text("SELECT name FROM sqlite_master")).scalars().all() == ["bookmarks"]
    engine.dispose()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        with writing(engine, "pretend") as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
        with pytest.raises(StoreError, match=r"expected schema revision r\d{4} or older, found r9999: a newer"):
            migrate(engine)


def test_a_damaged_file_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "deferbot.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="the file is damaged: restore a backup"):
        migrate(engine)
    engine.dispose()


def test_the_migrations_make_the_schema_the_code_expects(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        migrate(engine)  # again: nothing to do
        with reading(engine, "look") as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            partial = "SELECT name FROM sqlite_master WHERE sql LIKE '%WHERE state%' ORDER BY name"
            assert connection.execute(text(partial)).scalars().all() == [
                "one_active_change",
                "one_open_outage",
                "one_unresolved_incident",
            ]
            clustered = "SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%' ORDER BY name"
            assert connection.execute(text(clustered)).scalars().all() == [
                "hosted_tally",
                "isp_hour",
                "isp_tally",
                "job_hour",
                "job_reply",
                "job_tally",
                "queue_size",
                "recipient_sketch",
                "reply_hour",
                "source_hour",
                "tally",
            ]


def test_a_database_without_its_schema_says_so(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/deferbot.db")
    with pytest.raises(
        StoreError, match="could not read the unresolved incidents: no such table: incident; the schema"
    ):
        SqlIncidentStore(engine).unresolved()
    engine.dispose()


def test_a_stored_value_of_another_version_is_a_store_error(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlIncidentStore(engine)
        store.open(diagnosis(), NOON)
        with writing(engine, "pretend") as connection:
            connection.execute(update(incident).values(diagnosis='{"isp": 1}'))
        with pytest.raises(StoreError, match=r"stored Diagnosis, isp: .*Another version of deferbot wrote it"):
            store.get(1)


def test_what_the_driver_cannot_take_is_a_store_error(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlTallyStore(engine)
        for cell, tally in (
            (Cell(0, "\ud800", "", "", "", ""), Tally(1)),
            (Cell(0, "gmail", "", "", "", ""), Tally(2**70)),
        ):
            with pytest.raises(StoreError, match="could not commit 1 records of mta1"):
                store.commit("mta1", NewRecords(RollUp({cell: tally}, rows=1), ()))
        with pytest.raises(StoreError, match="expected an aware datetime"):
            SqlIncidentStore(engine).open(diagnosis(), NOON.replace(tzinfo=None))


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_moments_come_back_to_the_microsecond_in_utc(at: datetime, offset_min: int) -> None:
    moment = Moment()
    try:
        local = at.astimezone(timezone(timedelta(minutes=offset_min)))
    except OverflowError:
        local = at
    with open_engine("sqlite://").connect() as connection:
        back = moment.process_result_value(moment.process_bind_param(local, connection.dialect), connection.dialect)
    assert back == at
    assert back.tzinfo is UTC


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    cell = Cell(int(HOUR.start.timestamp()), "gmail", "mta1", "192.0.2.10", "v", "421 *")
    position = FilePosition("/var/log/pmta/acct.csv", 1, 2, "type")
    snapshot = HostSnapshot("mta1", NOON, diagnosis().queues, ())
    result = StepResult(0, Outcome.UNVERIFIED, "", NOON)
    with sqlite(tmp_path / "deferbot.db") as engine:
        roll_up = RollUp({cell: Tally(1, 2)}, samples={("gmail", "421 *"): "421 4.7.0"})
        SqlTallyStore(engine).commit("mta1", NewRecords(roll_up, (position,)))
        SqlFleetStore(engine).put_snapshot(snapshot)
        opened = SqlIncidentStore(engine).open(diagnosis(), NOON)
        SqlIncidentStore(engine).note(Note(1, NOON, "hello"))
        SqlChangeStore(engine).plan(plan(), by="U1", at=NOON)
        SqlChangeStore(engine).move(1, ChangeState.PLANNED, ChangeState.APPLYING, by="U1", at=NOON)
        SqlChangeStore(engine).record(1, result, undo=False)
        SqlOutboxStore(engine, INCIDENTS).posted(Post(1, "C0OPS", "1.1", 1))
        SqlAuditLog(engine).append(at=NOON, actor="U1", action="apply", subject="CHG-1", detail={})
        change, entries = SqlChangeStore(engine).get(1), SqlAuditLog(engine).entries()
    with sqlite(tmp_path / "deferbot.db") as engine:
        tallies, outbox = SqlTallyStore(engine), SqlOutboxStore(engine, INCIDENTS)
        assert tallies.positions("mta1") == (position,)
        assert tallies.totals(HOUR, (Dim.REPLY,)) == {("421 *",): Tally(1, 2)}
        assert tallies.samples("gmail") == {"421 *": "421 4.7.0"}
        assert SqlFleetStore(engine).snapshots() == (snapshot,)
        assert SqlIncidentStore(engine).unresolved() == (opened,)
        assert SqlChangeStore(engine).in_states({ChangeState.APPLYING}) == (change,)
        assert outbox.post_of(1, "C0OPS") == Post(1, "C0OPS", "1.1", 1)
        assert [pending.note.text for pending in outbox.notes("C0OPS")] == ["hello"]
        assert SqlAuditLog(engine).entries() == entries


def test_a_poll_that_found_nothing_new_writes_nothing(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlTallyStore(engine)
        nothing_new = NewRecords(RollUp(), (FilePosition("/var/log/pmta/acct.csv", 1, 2, "type"),))
        store.commit("mta1", nothing_new)
        size = (tmp_path / "deferbot.db-wal").stat().st_size
        store.commit("mta1", nothing_new)
        assert (tmp_path / "deferbot.db-wal").stat().st_size == size


def test_a_thousand_templates_are_numbered_in_one_commit(tmp_path: Path) -> None:
    cells = {Cell(0, isp, "mta1", "", "", f"t{n}"): Tally(0, 1) for isp in ("a", "b") for n in range(1_000)}
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlTallyStore(engine)
        for day in (0, 86_400 * 30):
            moved = {Cell(day, c.isp, c.host, "", "", c.reply): t for c, t in cells.items()}
            store.commit("mta1", NewRecords(RollUp(moved), ()))
        with reading(engine, "count") as connection:
            assert connection.execute(text("SELECT count(*), min(seen_day) FROM reply")).one() == (2_000, 30)
