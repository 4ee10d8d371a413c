"""Incidents told as one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("lead", sa.BigInteger(), nullable=True))
    op.create_index("ix_incident_lead", "incident", ["lead"])
