"""The whole bot as wired, over real SSH: a server that stops answering is one message, and its return is its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import Config, Secrets, Settings
from bot.sim.fleet.clock import SimClock
from bot.sim.fleet.fleet import Fleet
from bot.sim.slack.people import Person
from bot.sim.slack.server import LocalSlack
from bot.sim.sshd import SimSshd, fleet_commands
from bot.store.fleet import SqlFleetStore
from bot.wiring import build

CHANNEL = "C0LOCAL"
OPERATOR = Person("U0OPERATOR", "operator", "Operator", operator=True)
WAIT_S = 30.0


@dataclass
class Place:
    slack: LocalSlack
    servers: dict[str, SimSshd]
    fleet: SqlFleetStore

    def wait_until_read(self) -> None:
        """Every host has been read once."""
        end, pause = time.monotonic() + WAIT_S, threading.Event()
        while {health.host for health in self.fleet.health() if health.polled_at} != set(self.servers):
            assert time.monotonic() < end, "hosts were not read"
            pause.wait(0.05)

    def shown(self) -> list[str]:
        """The fallback texts of the channel's root messages."""
        messages: list[dict[str, Any]] = self.slack.messages(CHANNEL)
        return [str(m["text"]) for m in messages if m.get("thread_ts", m["ts"]) == m["ts"]]

    def wait_for(self, words: str) -> str:
        """The message with these words, once it is there."""
        found = self.slack.wait_for(lambda: next((text for text in self.shown() if words in text), None), WAIT_S)
        assert found is not None
        return found


@contextmanager
def running(root: Path) -> Iterator[Place]:
    """Two calm hosts, polled every half second, dark after three seconds."""
    clock = SimClock(datetime.now(UTC), 1.0)
    fleet = Fleet(root / "fleet", clock)
    fleet.backfill(timedelta(hours=1))
    slack = LocalSlack(people=(OPERATOR,), channel_id=CHANNEL)
    slack.start()
    servers = {name: SimSshd(name, fleet_commands(fleet, name), root=root / "ssh" / name) for name in fleet.hosts}
    hosts = [
        {
            "name": name,
            "address": "127.0.0.1",
            "port": server.start(),
            "user": "deferbot",
            "key_file": str(server.client_key_file),
            "accounting": list(fleet.accounting_globs(name)),
        }
        for name, server in servers.items()
    ]
    pins = "".join(f"{server.known_hosts_line().rstrip()}\n" for server in servers.values())
    (root / "known_hosts").write_text(pins, encoding="utf-8")
    config = Config.model_validate(
        {
            "poll_every": timedelta(seconds=0.5),
            "known_hosts": str(root / "known_hosts"),
            "hosts": hosts,
            "slack": {"channel": CHANNEL},
            "alerts": {"stale_after": timedelta(seconds=3), "refresh": timedelta(minutes=1)},
        }
    )
    secrets = Secrets(
        slack_bot_token=SecretStr("xoxb-local"),
        slack_app_token=SecretStr("xapp-local"),
        slack_api_url=slack.api_url,
        database_url=f"sqlite:///{root / 'deferbot.db'}",
    )
    app = build(Settings(config=config, secrets=secrets), clock=clock)
    app.start()
    try:
        yield Place(slack, servers, SqlFleetStore(app.engine))
    finally:
        app.stop()
        for server in servers.values():
            server.stop()
        slack.stop()


def test_a_host_that_stops_answering_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.breaker.FIRST_PAUSE", timedelta(seconds=1))
    monkeypatch.setattr("bot.core.breaker.LONGEST_PAUSE", timedelta(seconds=2))
    with running(tmp_path) as place:
        first, second = place.servers.values()
        place.wait_until_read()
        second.stop()
        alarm = place.wait_for("mta2: no data for")
        assert "(connection refused)" in alarm
        first.stop()
        assert "No rate is true until a host is read again" in place.wait_for("I see none of 2 hosts")
        first.start()
        place.wait_for("mta2: no data for")
        second.start()
        end = place.wait_for("Both hosts are read again")
        assert "everything their files hold from that time has been counted" in end
        assert len(place.shown()) == 1
