"""`deferbot run` as installed, against real OpenSSH with a `pmta` on its PATH: watch, alert, apply, undo, end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sim.fleet.fleet import Fleet
from bot.sim.fleet.runner import FleetRunner
from bot.sim.fleet.socket import FleetSocket, write_pmta_executable
from bot.sim.slack.people import Person
from bot.sim.slack.server import LocalSlack
from tests.sshd import Sshd, needs_sshd, running_sshd

pytestmark = pytest.mark.sshd

OPERATOR = Person("U0OPERATOR", "operator", "Operator", operator=True)
MINUTE = timedelta(minutes=1)
CHANNEL = "C0LOCAL"
LIMIT_S = 60.0


class LateClock:
    """Real time, `late` behind it: lets the fleet live through an evening and then go on in real time."""

    def __init__(self, late: timedelta) -> None:
        self.late = late

    def now(self) -> datetime:
        return datetime.now(UTC) - self.late


@dataclass
class Site:
    """Two hosts with half an hour of a Gmail incident in their files, a Slack, and a config for both."""

    fleet: Fleet
    slack: LocalSlack
    servers: dict[str, Sshd]
    config: Path

    def bot(self) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": f"sqlite:///{self.config.parent}/deferbot.db",
        }
        command = [sys.executable, "-m", "bot", "run", "--config", str(self.config)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def modes(self) -> dict[str, str]:
        hosts = self.fleet.snapshot()["hosts"]
        assert isinstance(hosts, list)
        return {queue["name"]: queue["mode"] for host in hosts for queue in host["queues"]}


@contextmanager
def site(root: Path) -> Iterator[Site]:
    needs_sshd()
    clock = LateClock(timedelta(minutes=30))
    fleet = Fleet(root / "f", clock)
    fleet.backfill(timedelta(hours=2))
    fleet.start_scenario("gmail-reputation")
    while clock.late > timedelta(0):
        clock.late = max(timedelta(0), clock.late - MINUTE)
        fleet.advance()
    with ExitStack() as stack:
        sockets = FleetSocket(fleet, root / "s")
        sockets.start()
        stack.callback(sockets.stop)
        servers = {}
        for host in fleet.hosts:
            write_pmta_executable(root / host / "bin", sockets.path(host))
            servers[host] = stack.enter_context(running_sshd(root / host / "ssh", root / host / "bin"))
        slack = LocalSlack(people=(OPERATOR,), channel_id=CHANNEL)
        slack.start()
        stack.callback(slack.stop)
        runner = FleetRunner(fleet)
        runner.start()
        stack.callback(runner.stop)
        yield Site(fleet, slack, servers, _config(root, fleet, servers))


def _config(root: Path, fleet: Fleet, servers: dict[str, Sshd]) -> Path:
    (root / "known_hosts").write_text("".join(server.known_hosts_lines() for server in servers.values()))
    lines = ["poll_every: 1s", "known_hosts: known_hosts", "hosts:"]
    for host, server in servers.items():
        login = server.login(host)
        globs = ", ".join(f'"{glob}"' for glob in fleet.accounting_globs(host))
        lines.append(
            f"  - {{name: {host}, address: 127.0.0.1, port: {server.port}, user: {login.user}, "
            f'key_file: "{login.key_file}", accounting: [{globs}], pmta: {root}/{host}/bin/pmta}}'
        )
    lines += [f"slack: {{channel: {CHANNEL}}}", 'roles: {operator: ["@mail-oncall"]}', ""]
    config = root / "config.yaml"
    config.write_text("\n".join(lines), encoding="utf-8")
    return config


@contextmanager
def running(here: Site) -> Iterator[subprocess.Popen[str]]:
    process = here.bot()
    watchdog = threading.Timer(LIMIT_S, process.kill)  # so that a silent bot ends a reader of its log
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def alerts(slack: LocalSlack) -> list[dict[str, object]]:
    return [m for m in slack.messages(CHANNEL) if m.get("thread_ts", m["ts"]) == m["ts"]]


def view_id(slack: LocalSlack, callback_id: str) -> str:
    """The operator's front view, once it is the one asked for."""

    def found() -> str | None:
        return next((str(v["id"]) for v in slack.views(OPERATOR.id) if v["callback_id"] == callback_id), None)

    shown = slack.wait_for(found, 10)
    assert shown is not None
    return shown


def test_the_installed_bot_over_real_openssh(tmp_path: Path) -> None:
    with site(tmp_path) as here, running(here) as process:
        slack = here.slack
        slack.wait_for(lambda: alerts(slack), 20)
        (alert,) = alerts(slack)
        assert "Gmail is deferring" in str(alert["text"])

        ts = str(alert["ts"])
        assert slack.click(OPERATOR.id, ts, "apply_0").ok
        assert slack.submit(OPERATOR.id, view_id(slack, "apply_change"), {"reason": {"reason": "rate doubled"}}).ok
        slack.wait_for(lambda: "backoff" in here.modes().values(), 10)
        slack.wait_for(lambda: any("read back" in str(m["text"]) for m in slack.thread(ts)), 10)

        assert slack.click(OPERATOR.id, ts, "undo").ok
        assert slack.submit(OPERATOR.id, view_id(slack, "undo_change"), {}).ok
        slack.wait_for(lambda: "backoff" not in here.modes().values(), 10)
        assert len(alerts(slack)) == 1

        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0


def test_a_host_with_another_key_is_refused_and_said(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        pins = (tmp_path / "known_hosts").read_text().splitlines()
        first, second = (line.split() for line in pins)
        (tmp_path / "known_hosts").write_text(f"{first[0]} {second[1]} {second[2]}\n{' '.join(second)}\n")
        with running(here) as process:
            assert process.stderr is not None
            said = next(line for line in process.stderr if "host not polled" in line)
            assert "host=mta1" in said
            assert "SHA256:" in said
            assert "known_hosts" in said
            next(line for line in process.stderr if "host is read" in line and "host=mta2" in line)
