"""What the tests of the services share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.changes import SqlChangeStore
from bot.store.fleet import SqlFleetStore
from bot.store.tallies import SqlTallyStore
from tests.store_values import sqlite
from tests.watch_rig import WatchRig


@pytest.fixture(params=["memory", "sqlite"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WatchRig]:
    """The watch and what it looks at, over both kinds of stores."""
    if request.param == "memory":
        yield WatchRig()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield WatchRig(tallies=SqlTallyStore(engine), fleet=SqlFleetStore(engine), changes=SqlChangeStore(engine))
