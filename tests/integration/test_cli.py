"""The command line as a person meets it: one clear line for every mistake, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from bot.sim.slack.people import Person
from bot.sim.slack.server import LocalSlack

CONFIG = """\
hosts:
  - {name: mta1, address: 127.0.0.1, port: 9, user: deferbot, key_file: id}
slack: {channel: C0LOCAL}
"""


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    made = LocalSlack(people=[Person("U0OPERATOR", "operator", "Operator")], channel_id="C0LOCAL")
    made.start()
    yield made
    made.stop()


def deferbot(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    here = {"PATH": os.environ["PATH"], "TMPDIR": str(cwd), **environment}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=cwd,
        env=here,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_run_ends_with_one_line_where_slack_refuses_a_token(tmp_path: Path, slack: LocalSlack) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    ended = deferbot(
        "run",
        cwd=tmp_path,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN="xapp-other",
        SLACK_API_URL=slack.api_url,
    )
    assert (ended.returncode, ended.stderr) == (
        1,
        "Slack apps.connections.open: invalid_auth; check SLACK_APP_TOKEN\n",
    )


def test_run_ends_soon_though_a_host_takes_connections_and_says_nothing(tmp_path: Path, slack: LocalSlack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        paramiko.RSAKey.generate(2048).write_private_key_file(str(tmp_path / "id"))
        config = CONFIG.replace("port: 9", f"port: {mute.getsockname()[1]}")
        (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
        }
        process = subprocess.Popen([sys.executable, "-m", "bot", "run"], cwd=tmp_path, env=environment)
        try:
            mute.settimeout(30)
            connection, _ = mute.accept()  # the poll is under way and will hear nothing
            with connection:
                process.terminate()
                assert process.wait(timeout=10) == 0
        finally:
            process.kill()
            process.wait(timeout=10)


def test_demo_says_which_port_is_taken_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = deferbot("demo", "--port", str(port), cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == f"demo: --port: a free port expected, found {port} in use; --port 0 takes a free one\n"
    assert list(tmp_path.iterdir()) == []


def test_json_stays_json_and_doubts_go_to_stderr(tmp_path: Path) -> None:
    (tmp_path / "diag.csv").write_text(
        "type,timeLogged,queue\nt,2026-11-20 14:00:00+0000,gmail.com/vmta1\n", encoding="utf-8"
    )
    ended = deferbot("rates", "diag.csv", "--json", cwd=tmp_path)
    assert json.loads(ended.stdout)[0]["rate"] == 1.0
    assert "No `d` record was read" in ended.stderr


def test_a_row_in_a_pipe_is_one_line(tmp_path: Path) -> None:
    line = '"t",2026-11-20 14:00:00+0000,gmail.com/vmta1,"smtp;421 4.7.0 ' + "a long answer " * 9 + '"\n'
    (tmp_path / "diag.csv").write_text("type,timeLogged,queue,dsnDiag\n" + line * 60, encoding="utf-8")
    ended = deferbot("rates", "diag.csv", "--by", "reply", cwd=tmp_path)
    assert len([row for row in ended.stdout.splitlines() if "a long answer" in row]) == 1
