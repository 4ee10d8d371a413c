"""Replies nobody understands: listed in Slack, a rule proposed, shown, adopted, through the real Bolt app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.core.category import Category
from bot.services.adopt import Choice
from bot.slack.messages import limits
from bot.slack.messages.message import Message
from tests.diagnoses import HOSTILE
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk, Workplace
from tests.unknown_replies import BLIP, UNDERSTOOD, ZORG, counted, put

CHOSEN = Choice(Category.RATE_LIMIT)
CHOICE = {
    "category": {"category": {"selected_option": {"value": "rate_limit"}}},
    "meaning": {"meaning": "Zorg holds  our mail."},
}


@pytest.fixture
def desk(workplace: Workplace) -> Iterator[SlackDesk]:
    with workplace.desk() as made:
        put(made.rules.store)
        yield made


def asked(desk: SlackDesk, text: str = "unknown", user: str = ANN.id) -> dict[str, Any]:
    assert desk.slack.command(user, f"/deferrals {text}").acked
    return desk.slack.wait_for(lambda: desk.private(user))[0]


def rows(message: dict[str, Any]) -> list[list[str]]:
    table = next(block for block in message["blocks"] if block["type"] == "table")
    return [[cell["text"] for cell in row] for row in table["rows"]]


def window(desk: SlackDesk, word: str, user: str = ANN.id) -> dict[str, Any]:
    return desk.slack.wait_for(lambda: [v for v in desk.slack.views(user) if word in str(v["blocks"])])[0]


def told(desk: SlackDesk, place: int, user: str = ANN.id) -> str:
    return str(desk.slack.wait_for(lambda: desk.private(user)[place : place + 1])[0]["text"])


def proposed(desk: SlackDesk) -> dict[str, Any]:
    """The window with the rule for `ZORG`."""
    desk.slack.click(ANN.id, asked(desk)["ts"], "propose_1")
    return window(desk, "zorg gateway parked")


@pytest.mark.parametrize("text", ["unknown", "replies unknown", "unknown 24h"])
def test_what_is_not_understood_is_a_table(desk: SlackDesk, text: str) -> None:
    answer = asked(desk, text, BO.id)
    assert answer["text"] == "3 kinds of reply of the last 24 h not understood: 54 of 554 replies."
    head, zorg, blip, sorry = rows(answer)
    assert head == [" ", "reply", "count", "share", "ISP", "decided by"]
    assert zorg[0] == "1"
    assert zorg[2:] == ["42", "7.6 %", "gmail +1", "its code alone"]
    assert (blip[4:], sorry[1]) == (["yahoo", "its status alone"], "421 sorry")
    assert "1 without words of their own" in str(answer["blocks"])


def test_one_isp_alone(desk: SlackDesk) -> None:
    assert len(rows(asked(desk, "unknown yahoo"))) == 3


def test_pages_and_a_button_for_every_rule(desk: SlackDesk) -> None:
    names = ("aaa", "bbbb", "ccccc", "dd", "eeee", "f", "gggg", "hh", "iiii", "jj", "kkk", "lll")
    put(desk.rules.store, counted(f"550 {name * 4} bastion {name * 3} closed" for name in names))
    answer = asked(desk)
    assert len(rows(answer)) == 11
    desk.slack.click(ANN.id, answer["ts"], "page_1")
    turned = desk.slack.wait_for(lambda: [m for m in desk.private() if "11–" in str(m["blocks"])])[0]
    assert rows(turned)[1][0] == "11"


def test_hostile_replies_stay_inside_slacks_limits(desk: SlackDesk) -> None:
    put(desk.rules.store, counted(f"550 {HOSTILE} {chr(0x202E)} {'x' * place}yz" for place in range(30)))
    answer = asked(desk)
    assert limits.check_message(Message(answer["text"], tuple(answer["blocks"]))) == []
    assert "<!channel>" not in answer["text"]


def test_a_rule_is_shown_chosen_and_adopted_once_although_everything_comes_twice(desk: SlackDesk) -> None:
    desk.slack.duplicate_envelopes()
    view = proposed(desk)
    assert limits.check_view(view) == []
    assert "…@example.org" in str(view["blocks"])
    assert desk.slack.submit(ANN.id, view["id"], CHOICE).ok
    assert "rate limit. 42 replies" in told(desk, 1)
    assert desk.rules.book.classify(ZORG, "gmail").category is Category.RATE_LIMIT
    assert "meaning: 'Zorg holds our mail.'" in desk.rules.file.read_text()
    (entry,) = desk.rules.audit.entries()
    assert (entry.actor, entry.action) == (ANN.id, "rule_adopted")


def test_a_second_window_on_the_same_rule_does_nothing_more(desk: SlackDesk) -> None:
    view = proposed(desk)
    desk.rules.adopt.adopt([desk.rules.proposal("zorg")], CHOSEN, by=BO.id)
    desk.slack.submit(ANN.id, view["id"], CHOICE)
    assert told(desk, 1).endswith("already; nothing more was done.")
    assert len(desk.rules.audit.entries()) == 1


def test_what_has_changed_since_it_was_shown_is_not_written(desk: SlackDesk) -> None:
    view = proposed(desk)
    put(desk.rules.store, {("gmail", "450 4.2.2 mailbox full says zorg gateway parked this delivery, shelf 3"): 1})
    desk.slack.submit(ANN.id, view["id"], CHOICE)
    assert told(desk, 1).startswith("The replies have changed since")
    assert not desk.rules.file.exists()


def test_without_a_category_the_window_stays(desk: SlackDesk) -> None:
    view = proposed(desk)
    answer = desk.slack.submit(ANN.id, view["id"], {"meaning": {"meaning": "x"}})
    assert not answer.ok or list(answer.errors) == ["category"]
    assert not desk.rules.file.exists()


def test_a_bystander_is_refused_and_sees_no_window(desk: SlackDesk) -> None:
    desk.slack.click(BO.id, asked(desk, user=BO.id)["ts"], "propose_1")
    assert told(desk, 1, BO.id).startswith("Only people in @mail-oncall can apply changes")
    assert desk.slack.views(BO.id) == []


def test_a_role_lost_between_window_and_submit_counts(desk: SlackDesk) -> None:
    view = proposed(desk)
    desk.roles._members = frozenset()
    desk.slack.submit(ANN.id, view["id"], CHOICE)
    assert told(desk, 1).startswith("Only people in @mail-oncall")
    assert not desk.rules.file.exists()


def test_a_file_with_faults_is_said_and_left_alone(desk: SlackDesk) -> None:
    view = proposed(desk)
    desk.rules.file.write_text("phrases: []\n")
    desk.slack.submit(ANN.id, view["id"], CHOICE)
    assert "a list of `- id: …` expected" in told(desk, 1)
    assert desk.rules.file.read_text() == "phrases: []\n"


@pytest.mark.parametrize(
    "value", ["", "x:24:", "0123abcd:0:", "0123abcd:9601:", f"0123abcd:24:{'f' * 17}", "０123abcd:24:"]
)
def test_a_value_that_is_not_ours_is_no_rule(desk: SlackDesk, value: str) -> None:
    desk.slack.click(ANN.id, asked(desk)["ts"], "propose_1", value=value)
    assert told(desk, 1).startswith("This button is from another version")


def test_nothing_unknown_is_good_news(workplace: Workplace) -> None:
    with workplace.desk() as desk:
        put(desk.rules.store, {("gmail", UNDERSTOOD): 3})
        assert asked(desk)["text"] == "Every reply of the last 24 h is understood."
        assert BLIP not in str(desk.private())
