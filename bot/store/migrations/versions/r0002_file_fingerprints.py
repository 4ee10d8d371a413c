"""What tells an accounting file from another one with its inode, and how far a packed one has been read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("file_position", sa.Column("fingerprint", sa.Text(), nullable=False, server_default=""))
    op.add_column("file_position", sa.Column("packed", sa.BigInteger(), nullable=False, server_default="0"))
