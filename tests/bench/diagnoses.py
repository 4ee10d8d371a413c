"""What the answers people wait for cost where a thousand ISPs are above a floor at once."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from bot.core.breakdown import Of
from bot.core.model import Cell, JobCell, RollUp, Tally
from bot.core.reply import template
from bot.ports import NewRecords
from bot.store.engine import migrate, open_engine
from bot.store.fleet import SqlFleetStore
from bot.store.tallies import SqlTallyStore
from tests.bench.table import print_line, print_table
from tests.watch_rig import NOON, WatchRig, queue

ISPS = ("gmail", "microsoft", "yahoo", *(f"isp{n}.example" for n in range(1_000)))
A_MINUTE = 5_200
"""Cells of each of the last 60 minutes."""
IPS, HOSTS, KINDS = 50, 4, 18
_ROUNDS = 7
_REPLIES = (
    "smtp;421-4.7.0 [192.0.2.1 15] Our system has detected an unusual rate of unsolicited mail, case {}",
    "smtp;421-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery, case {}",
    "smtp;550 5.7.1 Service unavailable, client host [192.0.2.1] blocked, case {}",
)


def run(folder: Path) -> None:
    path = folder / "diagnoses.db"
    engine = open_engine(f"sqlite:///{path}")
    try:
        migrate(engine)
        tallies = SqlTallyStore(engine)
        for back in range(120):
            tallies.commit("mta1", _minute(int(NOON.timestamp()) - 60 * back, random.Random(back)))
        rig = WatchRig(hosts=tuple(f"mta{n}" for n in range(HOSTS)), tallies=tallies, fleet=SqlFleetStore(engine))
        for n in range(HOSTS):
            rig.queues(*(queue(f"vmta-{ip}", host=f"mta{n}", recipients=900) for ip in range(IPS)), host=f"mta{n}")
        with engine.connect() as connection:
            rows: int = connection.exec_driver_sql("SELECT count(*) FROM tally").scalar_one()
        lines = [_measured(name, ask, rig) for name, ask in _questions(rig)]
        print_table(
            f"Answers over {len(ISPS):,} ISPs above a floor and {rows:,} tally rows, CPU ms",
            ["answer", "first in a minute", "again"],
            lines,
        )
        print_line("The very first one of all also reads each ISP's replies once.")
    finally:
        engine.dispose()
        for file in folder.glob(f"{path.name}*"):
            file.unlink()


def _questions(rig: WatchRig) -> Iterator[tuple[str, Callable[[], object]]]:
    ask, views = rig.diagnose, rig.diagnose.breakdowns
    yield "all ISPs, nothing known yet", ask.overview
    yield "all ISPs", ask.overview
    yield "one ISP, large", lambda: ask.isp("gmail")
    yield "one ISP, small", lambda: ask.isp("isp900.example")
    yield "its source IPs", lambda: views.sources("gmail", Of.IP)
    yield "its VMTAs", lambda: views.sources("gmail", Of.VMTA)
    yield "its replies", lambda: views.replies("gmail")
    yield "one source IP at every ISP", lambda: views.place(Of.IP, "192.0.2.1")
    yield "one campaign at every ISP", lambda: views.place(Of.JOB, "campaign-1")


def _measured(name: str, ask: Callable[[], object], rig: WatchRig) -> list[str]:
    rig.clock.advance(timedelta(minutes=1))
    rig.see()
    taken = [_cpu_ms(ask) for _ in range(_ROUNDS)]
    return [name, f"{taken[0]:.0f}", f"{statistics.median(taken[1:]):.0f}"]


def _cpu_ms(ask: Callable[[], object]) -> float:
    began = time.process_time()
    ask()
    return 1_000 * (time.process_time() - began)


def _minute(minute: int, chance: random.Random) -> NewRecords:
    weights = [1 / (n + 1) ** 0.6 for n in range(len(ISPS))]
    cells: dict[Cell, Tally] = {}
    samples: dict[tuple[str, str], str] = {}
    for isp in chance.choices(ISPS, weights, k=A_MINUTE):
        ip, kind = chance.randrange(IPS), chance.randrange(2 * KINDS)
        text = _REPLIES[kind % len(_REPLIES)].format("abcdefghijklmnopqr"[kind % KINDS] * 3) if kind < KINDS else ""
        name = template(text) if text else ""
        cells[Cell(minute, isp, f"mta{ip % HOSTS}", f"192.0.2.{ip}", f"vmta-{ip}", name)] = (
            Tally(deferred=3) if text else Tally(5)
        )
        samples |= {(isp, name): text} if text else {}
    jobs = {JobCell(minute, isp, "mta0", f"campaign-{n}"): Tally(40, 4) for n, isp in enumerate(ISPS[:300])}
    return NewRecords(RollUp(cells=cells, jobs=jobs, samples=samples, rows=A_MINUTE), ())
