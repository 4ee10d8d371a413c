"""Hours, recipients, hosted mail and queue sizes; campaigns are counted with their host."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

_COUNTS = ("delivered", "deferred", "bounced", "queue_deferred")
_NUMBERS = ("minute", "hour", "start", "reply_id")


def upgrade() -> None:
    _campaigns_with_host()
    _table("hosted_tally", ("minute", "isp"))
    _table("recipient_sketch", ("start", "isp"), sa.Column("sketch", sa.LargeBinary(), nullable=False))
    for name, key in (("isp_hour", ""), ("source_hour", "source_ip"), ("reply_hour", "reply_id"), ("job_hour", "job")):
        _table(name, tuple(filter(None, ("hour", "isp", key))))
    op.create_table(
        "mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _table("queue_size", ("start", "host", "queue"), sa.Column("recipients", sa.BigInteger(), nullable=False))


def _campaigns_with_host() -> None:
    """What was counted before is of no known host."""
    _table("job_tally_by_host", ("minute", "isp", "host", "job"))
    counts = ", ".join(_COUNTS)
    op.execute(
        f"INSERT INTO job_tally_by_host (minute, isp, host, job, {counts}) "
        f"SELECT minute, isp, '', job, {counts} FROM job_tally"
    )
    op.drop_table("job_tally")
    op.rename_table("job_tally_by_host", "job_tally")


def _table(name: str, key: tuple[str, ...], *others: sa.Column[Any]) -> None:
    """A table clustered by its key, with the four counts where no other column is told."""
    counts = [sa.Column(count, sa.BigInteger(), nullable=False) for count in _COUNTS]
    op.create_table(
        name,
        *(sa.Column(part, sa.BigInteger() if part in _NUMBERS else sa.Text(), nullable=False) for part in key),
        *(others or counts),
        sa.PrimaryKeyConstraint(*key),
        sqlite_with_rowid=False,
    )
