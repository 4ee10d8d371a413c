"""The list of what nobody understands and the window of a rule: within Slack's limits for any reply."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Window
from bot.core.proposal import Known, Proposal, propose
from bot.core.unknown import Seen, Unknown, Why, clusters
from bot.slack.messages import limits
from bot.slack.messages.table import plainer
from bot.slack.messages.unknown import ROWS, Wanted, read_wanted, rule_view, seen_of, unknown_message
from bot.slack.words import Asked, Topic
from tests.diagnoses import HOSTILE, NOW

TEXTS = st.text(max_size=1000) | st.lists(
    st.sampled_from([HOSTILE, "&", "<@U1>", "word", "x" * 39, "`"]), max_size=40
).map(" ".join)
SEEN = st.builds(Seen, st.text(min_size=1, max_size=300), TEXTS, st.integers(1, 10**9), TEXTS, st.sampled_from(Why))


def unknown(found: list[Seen], isp: str = "", not_kept: int = 0) -> Unknown:
    kinds = clusters(found)
    replies = sum(kind.count for kind in kinds) + not_kept
    return Unknown(NOW, Window.ending(NOW, timedelta(hours=24)), isp, kinds, replies, not_kept)


def proposals(of: Unknown) -> tuple[Proposal, ...]:
    known = Known((), of.clusters)
    return tuple(propose(kind, known, ("gmail",), of.clusters) for kind in of.clusters)


@settings(max_examples=60)
@given(st.lists(SEEN, max_size=25), st.text(max_size=300), st.integers(0, 10**12), st.integers(1, 4))
def test_a_list_stays_inside_slacks_limits(found: list[Seen], isp: str, not_kept: int, page: int) -> None:
    of = unknown(found, isp, not_kept)
    shown = unknown_message(of, proposals(of), Asked(Topic.UNKNOWN, isp[:200], None, page))
    assert limits.check_message(shown) == []
    assert limits.check_message(plainer(shown)) == []


@settings(max_examples=60)
@given(st.lists(SEEN, min_size=1, max_size=6))
def test_a_window_stays_inside_slacks_limits_and_knows_its_rule(found: list[Seen]) -> None:
    for proposal in proposals(unknown(found)):
        view = rule_view(proposal, Wanted(proposal.cluster.id, 24))
        assert limits.check_view(view) == []
        assert read_wanted(view["private_metadata"]) == Wanted(proposal.cluster.id, 24, seen_of(proposal))


def test_a_page_has_a_button_for_each_of_its_rules() -> None:
    of = unknown([Seen("gmail", f"550 gateway {chr(97 + n) * 9} closed", n + 1) for n in range(ROWS + 3)])
    second = unknown_message(of, proposals(of), Asked(Topic.UNKNOWN, "", None, 2))
    actions = next(block for block in second.blocks if block["type"] == "actions")
    labels = [element["text"]["text"] for element in actions["elements"]]
    assert labels == ["Propose rule 11…", "Propose rule 12…", "Propose rule 13…", "Previous: 1 of 2"]


def test_nothing_unknown_is_one_sentence() -> None:
    shown = unknown_message(unknown([]), (), Asked(Topic.UNKNOWN))
    assert shown.text == "Every reply of the last 24 h is understood."
    assert not [block for block in shown.blocks if block["type"] in ("table", "actions")]


@pytest.mark.parametrize(("first", "same"), [("gmail", True), ("yahoo", False)])
def test_another_rule_is_another_hash(first: str, same: bool) -> None:
    one, other = (proposals(unknown([Seen(isp, "550 zorg gateway held it", 1)]))[0] for isp in ("gmail", first))
    assert (seen_of(one) == seen_of(other)) is same
