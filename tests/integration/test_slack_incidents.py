"""Incidents by command and button through the real Bolt app: taken, let go, closed, listed, told, handed over."""

from __future__ import annotations

import pytest

from bot.core.incident import Incident, IncidentState
from tests.diagnoses import NOW, calm
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk


def said(desk: SlackDesk, text: str, user: str = ANN.id) -> str:
    """The private answer to a command."""
    before = len(desk.private(user))
    assert desk.slack.command(user, f"/deferrals {text}").acked
    return str(desk.slack.wait_for(lambda: desk.private(user)[before:])[0]["text"])


def newest(desk: SlackDesk, number: int = 1) -> Incident:
    found = desk.incidents.get(number)
    assert found is not None
    return found


def test_taken_and_let_go_by_its_isp_its_number_or_as_the_only_one(desk: SlackDesk) -> None:
    desk.open_incident()
    assert said(desk, "ack google", BO.id) == "INC-1 (Gmail) is yours."
    assert newest(desk).owner == BO.id
    assert "not yours: nothing to let go" in said(desk, "unack INC-1")
    assert said(desk, "unack inc-1", BO.id) == "INC-1 (Gmail) is nobody's now."
    assert said(desk, "ack") == "INC-1 (Gmail) is yours."
    assert [note.text for note in desk.incidents.notes] == [
        f"<@{BO.id}> has taken this",
        f"<@{BO.id}> has let this go: nobody has it now",
        f"<@{ANN.id}> has taken this",
    ]


def test_closed_by_hand_by_an_operator_with_a_reason(desk: SlackDesk) -> None:
    desk.open_incident()
    assert "Only people in @mail-oncall" in said(desk, "resolve gmail they said so", BO.id)
    assert newest(desk).state is IncidentState.OPEN
    answer = said(desk, "resolve gmail Google says <!channel> it is theirs")
    assert "INC-1 (Gmail) is closed. It is told again if it gets worse than reputation" in answer
    assert newest(desk).state is IncidentState.RESOLVED
    assert "<!channel>" not in desk.incidents.notes[-1].text
    assert said(desk, "resolve INC-1 once more") == "INC-1 is closed already; nothing was done."
    assert desk.outbox.deliver() == 2
    text = str(desk.slack.messages()[0])
    assert "closed by hand at 31 %" in text
    assert "<!channel>" not in text


def test_closed_by_the_menu_of_its_message(desk: SlackDesk) -> None:
    assert desk.slack.click(ANN.id, desk.alert(), "more", selected_option="resolve:1:1").ok
    window = desk.slack.wait_for(lambda: desk.slack.views(ANN.id))[-1]
    assert window["title"]["text"] == "Close this incident"
    assert list(desk.slack.submit(ANN.id, window["id"], {"reason": {"reason": " no "}}).errors) == ["reason"]
    assert desk.slack.submit(ANN.id, window["id"], {"reason": {"reason": "their own outage"}}).ok
    assert "INC-1 (Gmail) is closed." in str(desk.slack.wait_for(desk.private)[-1]["text"])
    assert newest(desk).life.closed is not None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ack gmal", "did you mean gmail? Nothing was done."),
        ("ack example.org", "example.org has no open incident. Nothing was done."),
        ("ack INC-77", "There is no INC-77."),
        ("resolve", "Expected which incident and why; found neither."),
        ("resolve gmail", "Write `/deferrals resolve gmail why`"),
        ("reslove gmail now then", "did you mean `/deferrals resolve`?"),
        ("INC-77", "There is no INC-77 any more"),
        ("incident 99999999", "There is no INC-99999999 any more"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_not_done(desk: SlackDesk, text: str, part: str) -> None:
    desk.open_incident()
    assert part in said(desk, text)
    assert newest(desk).revision == 1


def test_with_several_open_it_has_to_be_said_which(desk: SlackDesk) -> None:
    assert said(desk, "ack") == "No incident is open. Nothing was done."
    desk.open_incident()
    desk.open_incident(isp="microsoft")
    assert "2 are open: INC-1 (gmail), INC-2 (microsoft)" in said(desk, "ack")


def test_listed_and_told_one_by_one(desk: SlackDesk) -> None:
    assert said(desk, "incidents") == "No open incident."
    first = desk.open_incident()
    desk.open_incident(isp="microsoft")
    desk.incidents.move(first, state=IncidentState.RESOLVED, diagnosis=calm(), resolved_at=NOW)
    assert said(desk, "incidents") == "1 open incident, 1 more in the last 24 h."
    assert said(desk, "INC-2").startswith("INC-2, Gmail: 31 % deferred, open.")
    assert said(desk, "inc 1").startswith("INC-1, Gmail: over after")


def test_a_shift_is_handed_over_and_shown_to_all_by_an_operator(desk: SlackDesk) -> None:
    desk.open_incident()
    change = desk.active_change()
    assert said(desk, "handover").startswith("Handover of the last 12 h: 1 open, 0 over, 1 change in force.")
    assert said(desk, "handover 8h", BO.id).startswith("Handover of the last 8 h")
    private = str(desk.private(BO.id)[-1])
    assert f"CHG-{change}" in private
    assert "nobody has it" in private
    before = len(desk.slack.messages())
    desk.slack.click(BO.id, str(desk.private(BO.id)[-1]["ts"]), "share")
    desk.slack.wait_for(lambda: "Only people in @mail-oncall" in str(desk.private(BO.id)[-1]))
    assert len(desk.slack.messages()) == before
    desk.slack.click(ANN.id, str(desk.private()[-1]["ts"]), "share")
    desk.slack.wait_for(lambda: len(desk.slack.messages()) > before)
    assert "Handover of the last 12 h" in str(desk.slack.messages()[-1]["text"])
