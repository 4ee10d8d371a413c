"""Outages of hosts, their timelines and where they stand in Slack."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

_OPEN = sa.text("state <> 'resolved'")
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("one_open_outage", "outage", ["state"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_table(
        "outage_note",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("outage", _ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("broadcast", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outage.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outage_note_outage", "outage_note", ["outage"])
    op.create_table(
        "outage_post",
        sa.Column("outage", _ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outage.id"]),
        sa.PrimaryKeyConstraint("outage", "channel"),
    )
    op.create_table(
        "outage_note_post",
        sa.Column("note", _ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["note"], ["outage_note.id"]),
        sa.PrimaryKeyConstraint("note", "channel"),
    )
