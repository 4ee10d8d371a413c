"""Thirty random days of a fleet of twenty hosts: the rules hold at every look."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.change import ACTIVE
from tests.stories.empty_store import EmptyStore
from tests.stories.month import Month
from tests.stories.month_rules import Rules

ASKED = (
    "open",
    "reopen",
    "rise",
    "resolve",
    "acknowledge",
    "repeat",
    "let_go",
    "nobody has taken it",
    "in force",
    "true",
)
"""Rules that a month without them would not show."""


@pytest.mark.parametrize("seed", [1])
def test_a_month(seed: int, store: EmptyStore, tmp_path: Path) -> None:
    rules = Rules()
    month = Month.on(tmp_path, store.fresh(), rules, seed=seed, days=30)
    month.play()
    print(f"seed {seed}: {month.looks} looks; {dict(month.done)}; {dict(rules.met)}")  # noqa: T201  # shown where it fails
    assert not month.bot.parts.incidents.unresolved()
    assert not month.bot.parts.changes.in_states(ACTIVE)
    assert all(queue.mode == "normal" and not queue.paused for queue in month.bot.queues())
    assert all(rules.met[rule] for rule in ASKED), rules.met
