"""How the schema came about. Alembic runs this folder through `bot.store.engine.migrate`."""
