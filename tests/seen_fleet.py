"""What the bot makes of one ISP of the simulated fleet, without store and SSH: its files are read whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.change import Outcome, Step
from bot.core.diagnosis import Diagnosis
from bot.core.judge import Counts, judge
from bot.core.model import QueueState, RollUp, Tally, Window
from bot.core.rollup import add_up
from bot.core.show import parse_queues_dom
from bot.core.tier import Tier, TierRule
from bot.playbook import commands
from bot.playbook.isps import load_isps
from bot.playbook.plan import PlanFacts
from bot.playbook.readback import check, read_back_argv
from bot.pmta.columns import roll_up_columns
from bot.sim.fleet.clock import StepClock
from bot.sim.fleet.fleet import Fleet
from tests.looking import knowledge
from tests.playbook_samples import PLAYBOOKS

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ISPS = load_isps(PLAYBOOKS / "isps.yaml")


class Seen:
    """A fleet 50 minutes into a scenario."""

    def __init__(self, root: Path, scenario: str, isp: str) -> None:
        clock = StepClock(START)
        self.fleet = Fleet(root, clock)
        self.fleet.backfill(timedelta(minutes=70))
        self.fleet.start_scenario(scenario)
        for _ in range(50):
            clock.advance(timedelta(minutes=1))
            self.fleet.advance()
        self.isp = isp
        self.window = Window.ending(clock.now(), timedelta(hours=1))
        self._read = add_up(self._roll_ups())

    def diagnosis(self) -> Diagnosis:
        cells: dict[tuple[str, str, str, str], Tally] = {}
        elsewhere: dict[tuple[str, str], Tally] = {}
        for cell, tally in self._read.cells.items():
            if not self._inside(cell.minute):
                continue
            if cell.isp == self.isp:
                key = (cell.host, cell.source_ip, cell.vmta, cell.reply)
                cells[key] = cells.get(key, Tally()) + tally
            else:
                at = cell.source_ip, ISPS.title(cell.isp)
                elsewhere[at] = elsewhere.get(at, Tally()) + tally
        samples = {reply: raw for (isp, reply), raw in self._read.samples.items() if isp == self.isp}
        counts = Counts(cells, Tally(), elsewhere, {}, {}, samples, self.queues(), (), job_minutes=self._jobs())
        self.facts = PlanFacts(_without_reply(cells), self.queues(), ISPS.title(self.isp))
        return judge(
            self.isp,
            ISPS.title(self.isp),
            self.window,
            counts,
            lambda text: knowledge().classifier.classify(text, self.isp),
            Tier.CLEAR,
            TierRule(),
        )

    def queues(self) -> tuple[QueueState, ...]:
        return tuple(
            queue
            for host in self.fleet.hosts
            for queue in parse_queues_dom(self._run(host, commands.show_queues()), host)[0]
            if ISPS.of_queue(queue.name) == self.isp
        )

    def do(self, steps: Sequence[Step], *, undo: bool) -> set[Outcome]:
        """Run the steps (or take them back) and read each back."""
        found = set()
        for step in steps:
            self._run(step.host, step.undo_argv if undo else step.argv)
            output = self._run(step.host, read_back_argv(step))
            found.add(check(step.expect_undone if undo else step.expect, step, output, was_seen=undo).outcome)
        return found

    def _inside(self, minute: int) -> bool:
        return self.window.start.timestamp() <= minute < self.window.end.timestamp()

    def _jobs(self) -> dict[tuple[int, str], Tally]:
        sums: dict[tuple[int, str], Tally] = {}
        for cell, tally in self._read.jobs.items():
            if cell.isp == self.isp and self._inside(cell.minute):
                at = cell.minute, cell.job
                sums[at] = sums.get(at, Tally()) + tally
        return sums

    def _run(self, host: str, argv: tuple[str, ...]) -> str:
        answer = self.fleet.pmta(host, argv[1:])
        assert answer.status == 0, answer.stderr
        return answer.stdout

    def _roll_ups(self) -> list[RollUp]:
        found = []
        for host in self.fleet.hosts:
            for pattern in self.fleet.accounting_globs(host):
                for path in sorted(Path("/").glob(pattern.lstrip("/"))):
                    header, _, rest = path.read_bytes().partition(b"\n")
                    whole = rest[: rest.rfind(b"\n") + 1]
                    found.append(roll_up_columns(whole, header.decode().rstrip("\r"), host=host, isps=ISPS))
        return found


def _without_reply(cells: dict[tuple[str, str, str, str], Tally]) -> dict[tuple[str, str, str], Tally]:
    found: dict[tuple[str, str, str], Tally] = {}
    for (host, ip, vmta, _), tally in cells.items():
        found[host, ip, vmta] = found.get((host, ip, vmta), Tally()) + tally
    return found
