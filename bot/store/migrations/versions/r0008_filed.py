"""PMTA's own category of a reply."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reply", sa.Column("filed", sa.Text(), nullable=False, server_default=""))
