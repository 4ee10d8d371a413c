"""From a provider's mood to a verified change and back, on the simulated fleet."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.change import Outcome, Plan
from bot.core.model import QueueState
from bot.core.tier import Tier
from bot.playbook.load import load_playbooks
from bot.playbook.plan import make_plan
from bot.playbook.recommend import offers
from tests.playbook_samples import PLAYBOOKS
from tests.seen_fleet import Seen

SHIPPED = {playbook.name: playbook for playbook in load_playbooks(PLAYBOOKS)}


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
        ("microsoft-block", "microsoft", {"microsoft-banned"}),
        ("blocklist", "microsoft", {"microsoft-banned"}),  # the commonest cause there is the IP's reputation
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
    [
        ("gmail-throttle", "gmail", "do not raise connections"),
        ("isp-outage", "apple", "wait, nothing to change"),
        ("gmail-authentication", "gmail", "Repair SPF and DKIM"),
        ("host-resolver", "apple", "Look at mta2 first"),
    ],
)
def test_where_nothing_should_be_done_nothing_is_offered(tmp_path: Path, scenario: str, isp: str, said: str) -> None:
    diagnosis = Seen(tmp_path, scenario, isp).diagnosis()
    found, advice = offers(diagnosis, tuple(SHIPPED.values()))
    assert diagnosis.tier is not Tier.CLEAR
    assert found == ()
    assert said in advice
