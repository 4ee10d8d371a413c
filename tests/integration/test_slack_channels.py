"""Several channels: who hears of what, and that one of them holds up no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.incident import IncidentState, Life, Note
from bot.core.routes import Route, Routes
from bot.core.tier import Tier
from bot.sim.slack.server import LocalSlack
from bot.slack.outboxes import Outboxes
from tests.diagnoses import NOW, calm, diagnosis
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk

LEADS, MICROSOFT = "C0LEADS", "C0MSFT"
ROUTES = (Route(MICROSOFT, frozenset({"microsoft"})), Route(LEADS, tier=Tier.BLOCK))


@pytest.fixture
def desk() -> Iterator[SlackDesk]:
    slack = LocalSlack(people=[ANN, BO])
    slack.start()
    for channel in (LEADS, MICROSOFT):
        slack.add_channel(channel, channel.lower())
    try:
        yield SlackDesk(slack)
    finally:
        slack.stop()


def outboxes(desk: SlackDesk, *also: str) -> Outboxes:
    default = desk.slack.channel_id
    routed = Routes(default, ROUTES).channels
    boxes = [desk.new_outbox(channel, ROUTES) for channel in routed]
    return Outboxes([*boxes, *(desk.new_outbox(channel, ROUTES, aloud=False) for channel in also)])


def texts(desk: SlackDesk, channel: str = "") -> list[str]:
    return [str(message["text"]).partition(" ")[0] for message in desk.slack.messages(channel)]


def test_the_first_route_that_fits_decides(desk: SlackDesk) -> None:
    desk.open_incident()
    desk.incidents.open(diagnosis(isp="microsoft", title="Microsoft", tier=Tier.BLOCK), NOW)
    desk.incidents.open(diagnosis(isp="yahoo", title="Yahoo", tier=Tier.BLOCK), NOW)
    assert outboxes(desk).deliver() == 3
    assert (texts(desk), texts(desk, MICROSOFT), texts(desk, LEADS)) == (["Gmail"], ["Microsoft"], ["Yahoo"])


def test_where_it_was_shown_it_stays_true_wherever_it_goes_later(desk: SlackDesk) -> None:
    opened = desk.open_incident()
    boxes = outboxes(desk)
    boxes.deliver()
    worse = desk.incidents.move(opened, tier=Tier.BLOCK, diagnosis=diagnosis(tier=Tier.BLOCK))
    assert worse is not None
    assert boxes.deliver() == 2
    assert (texts(desk), texts(desk, LEADS)) == (["Gmail"], ["Gmail"])
    desk.incidents.move(worse, state=IncidentState.RESOLVED, diagnosis=calm(), resolved_at=NOW)
    assert boxes.deliver() == 2
    assert all("is back to" in str(desk.slack.messages(c)[0]["text"]) for c in (desk.slack.channel_id, LEADS))


def test_a_person_is_told_directly_and_nothing_is_said_aloud_there(desk: SlackDesk) -> None:
    opened = desk.open_incident()
    boxes = outboxes(desk, BO.id)
    assert boxes.deliver() == 1
    told = replace(opened.life or Life(), also=(BO.id,))
    line = Note(opened.id, NOW, "nobody has taken this", broadcast=True)
    desk.incidents.move(opened, life=told, lines=lambda _: (line,))
    assert boxes.deliver() == 4  # an edit and a line here, a message and its line there
    direct = str(desk.client.conversations_open(users=BO.id)["channel"]["id"])
    assert texts(desk, direct) == ["Gmail"]
    ts = str(desk.slack.messages(direct)[0]["ts"])
    assert len(desk.slack.thread(ts, channel=direct)) == 1
    assert outboxes(desk, BO.id).deliver() == 0  # after a restart


def test_a_channel_that_refuses_holds_up_no_other(desk: SlackDesk) -> None:
    desk.open_incident()
    desk.incidents.open(diagnosis(isp="microsoft", title="Microsoft"), NOW)
    routes = (Route("C0GONE", frozenset({"microsoft"})),)
    gone, here = desk.new_outbox("C0GONE", routes), desk.new_outbox("", routes)
    assert Outboxes([gone, here]).deliver() == 1
    assert (texts(desk), gone.trouble != "", here.trouble) == (["Gmail"], True, "")


def test_several_told_as_one_are_shown_wherever_one_of_them_goes(desk: SlackDesk) -> None:
    first = desk.open_incident()
    desk.incidents.open(diagnosis(isp="yahoo", title="Yahoo", tier=Tier.BLOCK), NOW, lead=first.id)
    assert outboxes(desk).deliver() == 2
    assert (texts(desk), texts(desk, LEADS), texts(desk, MICROSOFT)) == (["2"], ["2"], [])
