"""Many hosts: a command on a kept connection, 500 hosts a minute, an hour of 100 busy hosts."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import paramiko

from bot.pmta.ssh import SshFleet
from tests.bench.rows import write_file
from tests.bench.table import print_line, print_table
from tests.sshd import SSHD, Sshd

MANY = 500
MANY_ROWS = 20
BUSY = 100
BUSY_ROWS = 2_000
BUSY_LIMIT_S = 200
HOUR_S = 3600
COMMANDS = 40
_SHOWN = Path(__file__).parents[1] / "data" / "pmta"
_PMTA = f"""#!/bin/sh
case "$*" in
  *queues*) exec cat {_SHOWN}/show_queues/topqueues-errors.dom ;;
  *vmtas*) exec cat {_SHOWN}/show_vmtas/two.dom ;;
  *) exec cat {_SHOWN}/show_status/v5.dom ;;
esac
"""


def run(path: Path) -> None:
    """`path` is a made accounting file; what else is needed is made beside it."""
    folder = path.parent / "hosts"
    folder.mkdir()
    if shutil.which(SSHD):
        server = Sshd(path.parent / "hosts-sshd")
        server.start()
        try:
            (folder / "known_hosts").write_text(server.known_hosts_lines())
            _commands(server, folder)
            _many(server, folder, path)
        finally:
            server.stop()
    else:
        print_line(f"\n{SSHD} is not installed: hosts over SSH are left out (Debian: apt-get install openssh-server).")
    _hour(folder)


def _commands(server: Sshd, folder: Path) -> None:
    fleet = SshFleet([server.login("mta1")], folder / "known_hosts")
    client = _as_it_comes(server)

    def plain() -> None:
        with client.exec_command("true")[1] as output:
            output.read()
            output.channel.recv_exit_status()

    try:
        ours, theirs = _medians_ms(lambda: fleet.run("mta1", ("true",), timeout_s=10), plain)
    finally:
        client.close()
        fleet.close()
    lines = [
        ["deferbot, ended with its connection", f"{ours:.2f}", "1.0"],
        ["paramiko as it comes", f"{theirs:.2f}", f"{theirs / ours:.1f}"],
    ]
    print_table("A command on a kept connection", [f"`true`, median of {COMMANDS}", "ms", "x deferbot"], lines)


def _as_it_comes(server: Sshd) -> paramiko.SSHClient:
    """paramiko's client without a setting of ours."""
    login = server.login("mta1")
    client = paramiko.SSHClient()
    client.load_host_keys(str(server.root.parent / "hosts" / "known_hosts"))
    client.connect(
        login.address, login.port, login.user, key_filename=str(login.key_file), allow_agent=False, look_for_keys=False
    )
    return client


def _medians_ms(*works: Callable[[], object]) -> list[float]:
    """In turns, so that other work on the machine meets all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(COMMANDS):
        for work, taken in zip(works, times, strict=True):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) * 1000 for taken in times]


def _many(server: Sshd, folder: Path, path: Path) -> None:
    pmta = folder / "pmta"
    pmta.write_text(_PMTA)
    pmta.chmod(0o755)
    login = server.login("mta1")
    found = _worker("many", folder, server.port, login.user, login.key_file, pmta, MANY, path, MANY_ROWS)
    lines = [
        ["CPU of a core beside the parsing, a poll a minute", f"{found['beside']:.1%}", "5 %"],
        ["of it connections that wait", f"{found['idle']:.1%}", ""],
        ["parsing", f"{found['parsing']:.1%}", ""],
        ["CPU of a poll beside the parsing, ms", f"{found['poll_cpu_ms']:.1f}", ""],
        ["a poll, p50 ms", f"{found['p50_ms']:.0f}", ""],
        ["a poll, p99 ms", f"{found['p99_ms']:.0f}", ""],
        ["memory over that of one host, MB", f"{found['rss_mb']:.0f}", "150"],
    ]
    print_table("Many hosts in one process", [f"{MANY} hosts, {MANY_ROWS} new rows each", "measured", "aim"], lines)


def _hour(folder: Path) -> None:
    source = folder / "hour.csv"
    write_file(source, BUSY_ROWS * HOUR_S // 10)
    found = _worker("hour", folder, source, BUSY, BUSY_ROWS, BUSY_LIMIT_S)
    source.unlink()
    minutes = found["simulated_s"] / 60
    lines = [
        ["simulated minutes", f"{minutes:.0f}", "60"],
        ["CPU of a core", f"{found['cpu']:.0%}", "100 %"],
        ["rows a second of CPU", f"{found['rows'] / found['simulated_s'] / found['cpu']:,.0f}", ""],
        ["memory after a quarter of it, MB", f"{found['rss_quarter_mb']:.0f}", ""],
        ["memory at its end, MB", f"{found['rss_mb']:.0f}", "600"],
        ["database, MB", f"{found['database_mb']:.0f}", ""],
    ]
    print_table("Busy hosts", [f"{BUSY} hosts, {BUSY_ROWS // 10} rows/s, polls of 10 s", "measured", "aim"], lines)
    if minutes < HOUR_S / 60:
        print_line(f"\nCut off after {found['wall_s']:.0f} s: {minutes:.0f} minutes stand for the hour.")


def _worker(*words: object) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.hosts_worker", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found
