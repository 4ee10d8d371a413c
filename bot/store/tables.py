"""The schema, as SQLAlchemy sees it. A change here needs a revision in `migrations/versions` (a test compares)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.moment import Moment

metadata = MetaData()
_RowId = BigInteger().with_variant(Integer, "sqlite")
_NUMBERS = frozenset({"minute", "hour", "start", "reply_id"})
COUNTS = ("delivered", "deferred", "bounced", "queue_deferred")


def _key(*names: str) -> tuple[Column[Any], ...]:
    return tuple(Column(name, BigInteger if name in _NUMBERS else Text, nullable=False) for name in names)


def _tallies(name: str, *key: str) -> Table:
    """The four counts by `key`, clustered by it."""
    counts = [Column(count, BigInteger, nullable=False) for count in COUNTS]
    return Table(name, metadata, *_key(*key), *counts, PrimaryKeyConstraint(*key), sqlite_with_rowid=False)


tally = _tallies("tally", "minute", "isp", "host", "source_ip", "vmta", "reply_id")
"""Whole minutes, clustered by time first: a window is one stretch of the file. `reply_id` 0 is "no reply"."""

isp_tally = _tallies("isp_tally", "minute", "isp")
"""The sums of `tally` per minute and ISP: what the tiers, the overview and the charts ask for all the time."""

job_tally = _tallies("job_tally", "minute", "isp", "host", "job")

job_reply = _tallies("job_reply", "start", "isp", "job", "reply_id")
"""What campaigns were answered, per stretch of ten minutes: deliveries carry no reply, so they are not in it."""

hosted_tally = _tallies("hosted_tally", "minute", "isp")
"""The part of `isp_tally` that went to hosted domains: their ISP was told by the MX alone."""

recipient_sketch = Table(
    "recipient_sketch",
    metadata,
    *_key("start", "isp"),
    Column("sketch", LargeBinary, nullable=False),
    PrimaryKeyConstraint("start", "isp"),
    sqlite_with_rowid=False,
)
"""Whom deferred mail was for, per stretch of ten minutes, as `core.distinct` packs it: hashes, no addresses."""

isp_hour = _tallies("isp_hour", "hour", "isp")
"""Whole hours (`hour` is epoch seconds of the start), added up from the minutes: see `mark`."""

source_hour = _tallies("source_hour", "hour", "isp", "source_ip")

reply_hour = _tallies("reply_hour", "hour", "isp", "reply_id")

job_hour = _tallies("job_hour", "hour", "isp", "job")

mark = Table(
    "mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("minute", BigInteger, nullable=False),
)
"""How far something has come. "hours": minutes before it are in the hour tables; a later record of such a minute is
added to both, in the transaction that counts it."""

queue_size = Table(
    "queue_size",
    metadata,
    *_key("start", "host", "queue"),
    Column("recipients", BigInteger, nullable=False),
    PrimaryKeyConstraint("start", "host", "queue"),
    sqlite_with_rowid=False,
)
"""What waited at the first look at a host in each stretch of five minutes. The row with queue "" says that there was
a look; a queue without a row was empty or too small to matter."""

reply = Table(
    "reply",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("isp", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("sample", Text, nullable=False),
    Column("seen_day", BigInteger, nullable=False),
    Column("filed", Text, nullable=False, server_default=""),
    UniqueConstraint("isp", "template"),
    sqlite_autoincrement=True,
)
"""Reply templates by number. `seen_day` is the day (since 1970) of the newest minute it was counted in."""

file_position = Table(
    "file_position",
    metadata,
    Column("host", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("inode", Text, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("header", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, server_default=""),
    Column("packed", BigInteger, nullable=False, server_default="0"),
)
"""`inode` is text: some file systems use all 64 bits, which no signed integer column holds."""

snapshot = Table(
    "snapshot",
    metadata,
    Column("host", Text, primary_key=True),
    Column("document", Text, nullable=False),
)

health = Table(
    "health",
    metadata,
    Column("host", Text, primary_key=True),
    Column("document", Text, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("isp", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tier", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("peak_rate", Float, nullable=False),
    Column("diagnosis", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("resolved_at", Moment),
    Column("life", Text, nullable=False, server_default=""),
    Column("lead", BigInteger, index=True),
    sqlite_autoincrement=True,
)
Index(
    "one_unresolved_incident",
    incident.c.isp,
    unique=True,
    sqlite_where=text("state <> 'resolved'"),
    postgresql_where=text("state <> 'resolved'"),
)

outage = Table(
    "outage",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("state", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index(
    "one_open_outage",
    outage.c.state,
    unique=True,
    sqlite_where=text("state <> 'resolved'"),
    postgresql_where=text("state <> 'resolved'"),
)


silence = Table(
    "silence",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("about", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("ended_at", Moment),
    Column("ended_by", Text, nullable=False),
    sqlite_autoincrement=True,
)


def _told(of: str, prefix: str) -> tuple[Table, Table, Table]:
    """The timeline of the table `of`, where its subjects stand in each channel, and which lines were posted there."""
    lines = Table(
        f"{prefix}note",
        metadata,
        Column("id", _RowId, primary_key=True),
        Column(of, ForeignKey(f"{of}.id"), nullable=False, index=True),
        Column("at", Moment, nullable=False),
        Column("text", Text, nullable=False),
        Column("broadcast", Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    posts = Table(
        f"{prefix}post",
        metadata,
        Column(of, ForeignKey(f"{of}.id"), primary_key=True),
        Column("channel", Text, primary_key=True),
        Column("ts", Text, nullable=False),
        Column("revision", Integer, nullable=False),
    )
    lines_posted = Table(
        f"{prefix}note_post",
        metadata,
        Column("note", ForeignKey(f"{prefix}note.id"), primary_key=True),
        Column("channel", Text, primary_key=True),
    )
    return lines, posts, lines_posted


note, post, note_post = _told("incident", "")
outage_note, outage_post, outage_note_post = _told("outage", "outage_")

_ACTIVE = text("state IN ('applying', 'applied', 'undoing')")

change = Table(
    "change",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("incident", BigInteger, nullable=False, index=True),
    Column("playbook", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("planned_at", Moment, nullable=False),
    Column("planned_by", Text, nullable=False),
    Column("applied_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("applied_at", Moment),
    Column("ends_at", Moment),
    Column("ended_by", Text, nullable=False),
    Column("ended_at", Moment),
    sqlite_autoincrement=True,
)
Index(
    "one_active_change",
    change.c.incident,
    change.c.playbook,
    unique=True,
    sqlite_where=_ACTIVE,
    postgresql_where=_ACTIVE,
)

step_result = Table(
    "step_result",
    metadata,
    Column("change", ForeignKey("change.id"), primary_key=True),
    Column("undo", Boolean, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
"""Never changed, never deleted (triggers refuse). `hash` covers the entry and `previous`, so a gap shows."""
