"""Campaigns are compared with what ran beside them."""

from __future__ import annotations

import pytest

from bot.core.campaigns import level_rows
from bot.core.model import Tally


def test_a_campaign_that_only_began_with_the_trouble_is_as_good_as_the_rest() -> None:
    rows = level_rows(
        {
            (0, "old"): Tally(1000, 10),
            (0, "steady"): Tally(1000, 10),
            (3600, "new"): Tally(500, 500),
            (3600, "steady"): Tally(500, 500),
        }
    )
    assert [rows[job].rate for job in ("old", "steady", "new")] == pytest.approx([0.25] * 3, abs=0.01)
    assert sum(row.hits for row in rows.values()) == 1020


def test_a_campaign_that_is_worse_than_what_runs_beside_it_stays_worse() -> None:
    rows = level_rows({(0, "bad"): Tally(100, 900), (60, "good"): Tally(990, 10), (61, "good"): Tally(990, 10)})
    assert rows["bad"].rate > 0.8
    assert rows["good"].rate < 0.02


def test_mail_without_a_campaign_counts_for_its_time_but_is_no_row() -> None:
    rows = level_rows({(0, ""): Tally(0, 900), (0, "news"): Tally(100, 0)})
    assert set(rows) == {"news"}
    assert level_rows({}) == {}
    assert level_rows({(0, "news"): Tally(100, 0)}) == {}  # nothing to compare
