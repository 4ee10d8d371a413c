"""Many hosts in one process, measured from within: `python -m tests.bench.hosts_worker WAY FOLDER ...`; prints JSON."""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli import COLLECT_AFTER
from bot.clock import SystemClock
from bot.core.model import FilePosition
from bot.pmta.columns import read_piece
from bot.pmta.files import FollowedFiles
from bot.pmta.ssh import HostLogin, SshFleet
from bot.ports import NewRecords
from bot.services.poll import Poll
from bot.store.engine import migrate, open_engine
from bot.store.fleet import SqlFleetStore
from bot.store.retention import Retention
from bot.store.tallies import SqlTallyStore
from tests.accounting_rows import HEADER
from tests.bench.rows import START
from tests.bench.table import print_line
from tests.bench.worker import ISPS

IDLE_S = 5.0
MINUTE_S = 60.0
AT_ONCE = 8
ROUNDS = 3


@dataclass
class Many:
    """`hosts` names for one server, each with a file of its own that gets `rows` with every round."""

    folder: Path
    login: HostLogin
    hosts: int
    rows: list[str]

    def run(self) -> dict[str, float]:
        names = [f"mta{number}" for number in range(self.hosts)]
        logins = [HostLogin(name, *_entry(self.login)) for name in names]
        engine = open_engine(f"sqlite:///{self.folder}/many.db")
        migrate(engine)
        fleet = SshFleet(logins, self.folder / "known_hosts")
        globs = {name: (str(self._path(name)),) for name in names}
        clock = SystemClock()
        poll = Poll(
            shell=fleet,
            reader=FollowedFiles(fleet, globs, ISPS, clock),
            tallies=SqlTallyStore(engine),
            fleet=SqlFleetStore(engine),
            clock=clock,
        )
        for name in names:
            self._path(name).write_text(HEADER + "\r\n", newline="")
        poll.host(names[0])
        base = rss_mb()
        found = self._measured(poll, names)
        found["rss_mb"] = rss_mb() - base
        fleet.close()
        engine.dispose()
        return found

    def _measured(self, poll: Poll, names: list[str]) -> dict[str, float]:
        self._round(poll, names)  # connects
        rounds = [self._round(poll, names) for _ in range(ROUNDS)]
        began = time.process_time()
        time.sleep(IDLE_S)
        idle = (time.process_time() - began) / IDLE_S
        cpu = statistics.median(cpu for cpu, _ in rounds)
        parsing = self._parsing() * len(names)
        times = sorted(seconds for _, each in rounds for seconds in each)
        return {
            "beside": (cpu - parsing + idle * MINUTE_S) / MINUTE_S,
            "parsing": parsing / MINUTE_S,
            "idle": idle,
            "poll_cpu_ms": (cpu - parsing) / len(names) * 1000,
            "p50_ms": statistics.median(times) * 1000,
            "p99_ms": statistics.quantiles(times, n=100)[98] * 1000,
        }

    def _round(self, poll: Poll, names: list[str]) -> tuple[float, list[float]]:
        """Seconds of CPU, and seconds of each poll."""
        for name in names:
            with self._path(name).open("a", newline="") as file:
                file.writelines(self.rows)
        began = time.process_time()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            times = list(pool.map(lambda name: _timed(poll, name), names))
        return time.process_time() - began, times

    def _parsing(self) -> float:
        data = "".join(self.rows).encode()
        began = time.process_time()
        for _ in range(50):
            read_piece(data, HEADER, host="mta1", isps=ISPS)
        return (time.process_time() - began) / 50

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.csv"


def _entry(login: HostLogin) -> tuple[str, int, str, Path | None, None, bool, None, str]:
    return login.address, login.port, login.user, login.key_file, None, False, None, login.pmta


def _timed(poll: Poll, name: str) -> float:
    began = time.perf_counter()
    health = poll.host(name)
    if health.error:
        raise RuntimeError(f"{name}: {health.error}")
    return time.perf_counter() - began


@dataclass
class Hour:
    """`hosts` hosts that log `rows` a poll, one poll every 10 simulated seconds, as long as `limit_s` allows."""

    folder: Path
    source: Path
    hosts: int
    rows: int
    limit_s: float
    keep: timedelta = timedelta(minutes=5)
    every_s: int = 10

    def run(self) -> dict[str, float]:
        engine = open_engine(f"sqlite:///{self.folder}/hour.db")
        migrate(engine)
        self._store = SqlTallyStore(engine)
        self._retention = Retention(engine, self.keep, timedelta(days=1))
        began, cpu, seen = time.perf_counter(), time.process_time(), [rss_mb()]
        with self.source.open("rb") as file:
            file.readline()
            for number, data in enumerate(_pieces(file.fileno(), file.tell(), self.rows)):
                self._round(number, data)
                seen.append(rss_mb())
                if time.perf_counter() - began > self.limit_s:
                    break
        engine.dispose()
        rounds = len(seen) - 1
        spent = time.process_time() - cpu
        return {
            "simulated_s": rounds * self.every_s,
            "cpu": spent / (rounds * self.every_s),
            "wall_s": time.perf_counter() - began,
            "rows": rounds * self.rows * self.hosts,
            "rss_quarter_mb": seen[max(1, rounds // 4)],
            "rss_mb": seen[-1],
            "database_mb": (self.folder / "hour.db").stat().st_size / 1e6,
        }

    def _round(self, number: int, data: bytes) -> None:
        for host in (f"mta{each}" for each in range(self.hosts)):
            part, used, header = read_piece(data, HEADER, host=host, isps=ISPS)
            position = FilePosition("/var/log/pmta/acct.csv", 1, (number + 1) * used, header)
            self._store.commit(host, NewRecords(part, (position,)))
        now = START + timedelta(seconds=(number + 1) * self.every_s)
        if number % 6 == 5:
            while self._retention.clean_up(now):
                pass


def _pieces(descriptor: int, start: int, rows: int) -> Iterator[bytes]:
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(start)
        while piece := b"".join(line for line, _ in zip(file, range(rows), strict=False)):
            yield piece


def rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status without VmRSS")


def main(way: str, folder: str, *words: str) -> dict[str, float]:
    if way == "many":
        port, user, key, pmta, hosts, source, rows = words
        login = HostLogin("server", "127.0.0.1", int(port), user, Path(key), pmta=pmta)
        with Path(source).open(newline="") as file:
            file.readline()
            lines = [file.readline().replace(f"{START:%Y-%m-%d %H}", _this_hour()) for _ in range(int(rows))]
        return Many(Path(folder), login, int(hosts), lines).run()
    source, hosts, rows, limit_s = words
    return Hour(Path(folder), Path(source), int(hosts), int(rows), float(limit_s)).run()


def _this_hour() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H}"


if __name__ == "__main__":
    gc.set_threshold(COLLECT_AFTER)  # as the command line does
    print_line(json.dumps(main(*sys.argv[1:])))
