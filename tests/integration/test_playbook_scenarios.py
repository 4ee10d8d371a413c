"""From a provider's mood to a verified change and back, on the simulated fleet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.change import Outcome, Plan, Step
from bot.core.diagnosis import Diagnosis
from bot.core.judge import Counts, judge
from bot.core.model import QueueState, RollUp, Tally, Window
from bot.core.rollup import add_up
from bot.core.show import parse_queues_dom
from bot.core.tier import Tier, TierRule
from bot.playbook import commands
from bot.playbook.isps import load_isps
from bot.playbook.load import load_playbooks, load_rules
from bot.playbook.plan import PlanFacts, make_plan
from bot.playbook.readback import check, read_back_argv
from bot.playbook.recommend import offers
from bot.pmta.columns import roll_up_columns
from bot.sim.fleet.clock import StepClock
from bot.sim.fleet.fleet import Fleet
from tests.playbook_samples import PLAYBOOKS, RULES

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ISPS = load_isps(PLAYBOOKS / "isps.yaml")
CLASSIFIER = load_rules(RULES)
SHIPPED = {playbook.name: playbook for playbook in load_playbooks(PLAYBOOKS)}


class Seen:
    """A fleet 50 minutes into a scenario, and what the bot makes of one ISP there."""

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
        inside = {
            (cell.host, cell.source_ip, cell.vmta, cell.reply, cell.minute): tally
            for cell, tally in self._read.cells.items()
            if cell.isp == self.isp and self.window.start.timestamp() <= cell.minute < self.window.end.timestamp()
        }
        cells: dict[tuple[str, str, str, str], Tally] = {}
        for (*key, _), tally in inside.items():
            place = (key[0], key[1], key[2], key[3])
            cells[place] = cells.get(place, Tally()) + tally
        samples = {reply: raw for (isp, reply), raw in self._read.samples.items() if isp == self.isp}
        counts = Counts(cells, Tally(), {}, {}, {}, samples, self.queues(), ())
        self.facts = PlanFacts(_without_reply(cells), self.queues(), ISPS.title(self.isp))
        return judge(
            self.isp,
            ISPS.title(self.isp),
            self.window,
            counts,
            lambda text: CLASSIFIER.classify(text, self.isp),
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


def _states(queues: tuple[QueueState, ...]) -> list[tuple[str, str, bool, str]]:
    return [(queue.host, queue.name, queue.paused, queue.mode) for queue in queues]


@pytest.mark.parametrize(
    ("scenario", "isp", "recommended"),
    [
        ("gmail-reputation", "gmail", {"gmail-reputation", "gmail-block"}),  # by how far the rate has climbed
        ("microsoft-rp001", "microsoft", {"microsoft-rp001"}),
        ("microsoft-rp002", "microsoft", {"microsoft-rp002"}),
        ("yahoo-tss04", "yahoo", {"yahoo-tss04"}),
        ("blocklist", "comcast", {"blocklist"}),
    ],
)
def test_what_is_recommended_can_be_done_verified_and_taken_back(
    tmp_path: Path, scenario: str, isp: str, recommended: set[str]
) -> None:
    seen = Seen(tmp_path, scenario, isp)
    diagnosis = seen.diagnosis()
    found, advice = offers(diagnosis, tuple(SHIPPED.values()))
    assert found[0].playbook in recommended
    assert advice
    before = _states(seen.queues())
    for offer in found:
        plan = make_plan(SHIPPED[offer.playbook], diagnosis, 1, seen.facts)
        assert isinstance(plan, Plan), plan
        assert plan.title == offer.title
        assert seen.do(plan.steps, undo=False) == {Outcome.CONFIRMED}
        assert seen.do(plan.steps, undo=True) == {Outcome.CONFIRMED}
        assert _states(seen.queues()) == before


@pytest.mark.parametrize(
    ("scenario", "isp", "said"),
    [("gmail-throttle", "gmail", "do not raise connections"), ("isp-outage", "apple", "wait, nothing to change")],
)
def test_where_nothing_should_be_done_nothing_is_offered(tmp_path: Path, scenario: str, isp: str, said: str) -> None:
    diagnosis = Seen(tmp_path, scenario, isp).diagnosis()
    found, advice = offers(diagnosis, tuple(SHIPPED.values()))
    assert diagnosis.tier is not Tier.CLEAR
    assert found == ()
    assert said in advice
