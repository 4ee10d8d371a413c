"""A database of an older deferbot is brought up to date with everything in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from bot.core.model import FilePosition
from bot.store.engine import MIGRATIONS, migrate, open_engine
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import writing


def test_positions_of_the_first_version_are_read_on_from(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/deferbot.db")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with writing(engine, "make the first version") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "r0001")
        connection.execute(
            text("INSERT INTO file_position VALUES ('mta1', '/var/log/pmta/acct-1.csv', '7', 99, 'type')")
        )
    migrate(engine)
    assert SqlTallyStore(engine).positions("mta1") == (FilePosition("/var/log/pmta/acct-1.csv", 7, 99, "type", "", 0),)
    engine.dispose()
