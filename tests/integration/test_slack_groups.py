"""Several ISPs told as one in a local Slack: one message, one thread, edited to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.incident import IncidentState, Note
from bot.core.tier import Tier
from bot.sim.slack.server import LocalSlack
from tests.diagnoses import NOW, calm, diagnosis
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk


@pytest.fixture
def desk() -> Iterator[SlackDesk]:
    slack = LocalSlack(people=[ANN, BO])
    slack.start()
    try:
        yield SlackDesk(slack)
    finally:
        slack.stop()


def open_all(desk: SlackDesk, number: int) -> None:
    for n in range(number):
        name, tier = f"isp{n}.example", Tier.BLOCK if n == 1 else Tier.REPUTATION
        made = diagnosis(isp=name, title=name, tier=tier)
        lead = 1 if n else None
        opened = desk.incidents.open(made, NOW, lead=lead, lines=lambda one: (Note(one.id, NOW, f"{one.isp} opened"),))
        assert opened is not None


def test_a_storm_is_one_message_and_a_few_lines_in_its_thread(desk: SlackDesk) -> None:
    open_all(desk, 300)
    assert desk.outbox.deliver() < 12
    (message,) = desk.slack.messages()
    assert str(message["text"]).startswith("300 ISPs at once, worst isp1.example 31 % deferred.")
    thread = desk.slack.thread(str(message["ts"]))
    assert sum(str(reply["text"]).count(" opened") for reply in thread) == 300
    assert desk.outbox.deliver() == 0


def test_it_is_over_when_all_are(desk: SlackDesk) -> None:
    open_all(desk, 3)
    desk.outbox.deliver()
    for n in (1, 3, 2):
        now = desk.incidents.get(n)
        assert now is not None
        desk.incidents.move(now, state=IncidentState.RESOLVED, diagnosis=calm(), resolved_at=NOW)
        assert desk.outbox.deliver() == 1
        (message,) = desk.slack.messages()
        assert str(message["text"]).startswith("3 ISPs are back to normal") is (n == 2)


def test_what_stood_alone_says_where_it_is_told_now(desk: SlackDesk) -> None:
    first = desk.open_incident()
    second = desk.incidents.open(diagnosis(isp="yahoo", title="Yahoo"), NOW)
    assert desk.outbox.deliver() == 2
    assert second is not None
    desk.incidents.move(second, lead=first.id)
    assert desk.outbox.deliver() == 2
    texts = [str(message["text"]) for message in desk.slack.messages()]
    assert texts[0].startswith("2 ISPs at once")
    assert texts[1] == "Yahoo is told in INC-1 now, together with others."
