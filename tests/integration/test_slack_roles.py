"""Roles from a local Slack: ids, user groups, caching, what happens when Slack refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.errors import ChatError
from bot.sim.slack.server import LocalSlack
from bot.slack.roles import SlackRoles
from tests.diagnoses import NOW
from tests.fakes import ManualClock
from tests.local_slack_bot import ANN, BO, client_of


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    made = LocalSlack(people=[ANN, BO])
    made.start()
    yield made
    made.stop()


def roles(slack: LocalSlack, *operators: str) -> tuple[SlackRoles, ManualClock]:
    clock = ManualClock(NOW)
    return SlackRoles(client_of(slack), operators, clock), clock


def test_members_of_the_group_are_operators(slack: LocalSlack) -> None:
    asked, _ = roles(slack, "@mail-oncall")
    assert asked.is_operator(ANN.id)
    assert not asked.is_operator(BO.id)
    assert asked.words() == "people in @mail-oncall"


def test_ids_work_without_any_call(slack: LocalSlack) -> None:
    asked, _ = roles(slack, BO.id)
    assert asked.is_operator(BO.id)
    assert not asked.is_operator(ANN.id)
    assert slack.calls("usergroups.list") == []
    assert asked.words() == "1 named person"


def test_a_group_may_be_named_by_its_id(slack: LocalSlack) -> None:
    asked, _ = roles(slack, "S0ONCALL", BO.id)
    assert asked.is_operator(ANN.id)
    assert asked.is_operator(BO.id)


def test_nobody_is_an_operator_where_none_is_named(slack: LocalSlack) -> None:
    asked, _ = roles(slack)
    assert not asked.is_operator(ANN.id)
    assert "nobody yet" in asked.words()


def test_the_group_is_read_once_in_five_minutes(slack: LocalSlack) -> None:
    asked, clock = roles(slack, "@mail-oncall")
    for _ in range(3):
        asked.is_operator(ANN.id)
    assert len(slack.calls("usergroups.list")) == 1
    clock.advance(timedelta(minutes=5))
    asked.is_operator(ANN.id)
    asked.forget()
    asked.is_operator(ANN.id)
    assert len(slack.calls("usergroups.list")) == 3


def test_the_last_good_answer_stands_while_slack_fails(slack: LocalSlack) -> None:
    asked, clock = roles(slack, "@mail-oncall")
    assert asked.is_operator(ANN.id)
    clock.advance(timedelta(minutes=6))
    slack.fail_next("usergroups.list", status=503)
    assert asked.is_operator(ANN.id)
    assert not asked.is_operator(BO.id)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("plan_upgrade_required", "list user ids under `roles.operator`"),
        ("missing_scope", "add the scope in the app's settings"),
    ],
)
def test_a_refusal_before_the_first_answer_is_a_clear_sentence(slack: LocalSlack, code: str, advice: str) -> None:
    asked, clock = roles(slack, "@mail-oncall")
    slack.fail_next("usergroups.list", code)
    with pytest.raises(ChatError, match=advice):
        asked.is_operator(ANN.id)
    with pytest.raises(ChatError, match=advice):
        asked.is_operator(ANN.id)
    assert len(slack.calls("usergroups.list")) == 1  # not asked again at every click
    clock.advance(timedelta(seconds=31))
    assert asked.is_operator(ANN.id)


def test_an_unknown_group_is_named(slack: LocalSlack) -> None:
    asked, _ = roles(slack, "@mail-oncal")
    with pytest.raises(ChatError, match="found @mail-oncal"):
        asked.is_operator(ANN.id)
