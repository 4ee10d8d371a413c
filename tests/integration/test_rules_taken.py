"""A built bot takes rules that were adopted beside it, with its clean-up."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.core.category import Category
from bot.services.adopt import Choice
from bot.settings import Secrets, Settings, load_config
from bot.wiring import build
from tests.diagnoses import NOW
from tests.fakes import ManualClock
from tests.rule_desk import RuleDesk
from tests.unknown_replies import put

CONFIG = """\
hosts:
  - {name: mta1, address: 192.0.2.1, user: deferbot, key_file: id}
slack: {channel: C0LOCAL}
"""


def test_what_is_adopted_beside_a_bot_is_taken_with_the_next_clean_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "known_hosts").touch()
    secrets = Secrets(
        slack_bot_token="xoxb-1",
        slack_app_token="xapp-1",
        slack_api_url="http://127.0.0.1:9/api/",
        database_url=f"sqlite:///{tmp_path}/deferbot.db",
    )
    app = build(Settings(config=load_config(tmp_path / "config.yaml"), secrets=secrets), clock=ManualClock(NOW))
    try:
        typed = RuleDesk(ManualClock(NOW), tmp_path)
        put(typed.store)
        typed.adopt.adopt([typed.proposal("zorg")], Choice(Category.RATE_LIMIT), by="ann")
        with caplog.at_level(logging.INFO, "bot.services.rule_book"):
            app.jobs._clean_all()
        assert [record.message for record in caplog.records] == ["rules taken again"]
    finally:
        app.stop()
