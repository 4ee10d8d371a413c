"""Alembic's entry: runs the revisions on the connection (and in the transaction) that `migrate` opened."""

from __future__ import annotations

from alembic import context

from bot.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
