"""What campaigns were answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    counts = ("delivered", "deferred", "bounced", "queue_deferred")
    op.create_table(
        "job_reply",
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("isp", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("reply_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("start", "isp", "job", "reply_id"),
        sqlite_with_rowid=False,
    )
