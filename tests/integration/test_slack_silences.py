"""Silences through the real Bolt app and a local Slack: asked for, listed, ended, refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.incident import Hush, Life
from bot.core.silence import About
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk


def said(desk: SlackDesk, text: str, user: str = ANN.id) -> str:
    """The private answer to a command."""
    before = len(desk.private(user))
    assert desk.slack.command(user, text).acked
    return str(desk.slack.wait_for(lambda: desk.private(user)[before:])[0]["text"])


def test_an_isp_is_silenced_listed_and_ended_early(desk: SlackDesk) -> None:
    answer = said(desk, "/deferrals silence Google 2h planned list cleaning")
    assert "`gmail` is silenced for 2 h" in answer
    assert "(SIL-1): planned list cleaning." in answer
    assert said(desk, "/deferrals silences", BO.id) == "1 silence in force."
    assert said(desk, "/deferrals unsilence 1") == "🔔 `gmail` is no longer silenced (SIL-1)."
    assert said(desk, "/deferrals silences") == "Nothing is silenced."
    assert said(desk, "/deferrals unsilence 1") == "SIL-1 is over already; nothing was done."


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("192.0.2.1 1h moving it", (About.IP, "192.0.2.1")),
        ("vmta gmail-ip-1 1h moving it", (About.VMTA, "gmail-ip-1")),
        ("MTA1 1h new kernel", (About.HOST, "mta1")),
        ("host mta1 1h new kernel", (About.HOST, "mta1")),
        ("isp example.org 1h their outage", (About.ISP, "example.org")),
    ],
)
def test_what_else_can_be_silenced(desk: SlackDesk, words: str, expected: tuple[About, str]) -> None:
    assert "is silenced for 1 h" in said(desk, f"/deferrals silence {words}")
    (silence,) = desk.silences.standing()
    assert (silence.about, silence.name, silence.author) == (*expected, ANN.id)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("silence gmal 2h planned", "did you mean gmail?"),
        ("silence host mta11 2h planned", "did you mean mta1?"),
        ("silence ip gmail 2h planned", "Expected an IP address"),
        ("silence gmail 9d planned", "Expected between 1m and 7d"),
        ("silence <!channel> 2h planned", "&lt;!channel&gt;"),
        ("slience gmail 2h planned", "did you mean `/deferrals silence`?"),
        ("unsilence 7", "There is no SIL-7"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_not_done(desk: SlackDesk, text: str, part: str) -> None:
    assert part in said(desk, f"/deferrals {text}")
    assert desk.silences.standing() == ()


def test_only_operators_silence_and_end(desk: SlackDesk) -> None:
    assert "Only people in @mail-oncall" in said(desk, "/deferrals silence gmail 2h planned", BO.id)
    assert desk.silences.standing() == ()
    said(desk, "/deferrals silence gmail 2h planned")
    assert "Only people in @mail-oncall" in said(desk, "/deferrals unsilence 1", BO.id)
    assert len(desk.silences.standing()) == 1


def window(desk: SlackDesk) -> str:
    """The id of the operator's window, once it is there."""
    return str(desk.slack.wait_for(lambda: desk.slack.views(ANN.id))[-1]["id"])


def filled(length: str, reason: str) -> dict[str, dict[str, str]]:
    return {"length": {"length": length}, "reason": {"reason": reason}}


def test_an_incident_s_isp_is_silenced_from_its_menu(desk: SlackDesk) -> None:
    assert desk.slack.click(ANN.id, desk.alert(), "more", selected_option="silence:1:1").ok
    answer = desk.slack.submit(ANN.id, window(desk), filled("4h", " no "))
    assert list(answer.errors) == ["reason"]
    assert desk.slack.submit(ANN.id, window(desk), filled("4h", "planned *list* cleaning")).ok
    said = str(desk.slack.wait_for(desk.private)[-1]["text"])
    assert "`gmail` is silenced for 4 h" in said
    (silence,) = desk.silences.standing()
    assert (silence.about, silence.name, silence.reason) == (About.ISP, "gmail", "planned *list* cleaning")


def test_a_bystander_sees_no_window(desk: SlackDesk) -> None:
    desk.slack.click(BO.id, desk.alert(), "more", selected_option="silence:1:1")
    assert "Only people in @mail-oncall" in str(desk.slack.wait_for(lambda: desk.private(BO.id))[-1]["text"])
    assert desk.slack.views(BO.id) == []


def test_what_is_silenced_is_not_offered_again(desk: SlackDesk) -> None:
    desk.alert()
    found = desk.incidents.get(1)
    assert found is not None
    assert "silence:1:1" in str(desk.slack.messages()[-1])
    hush = Hush(1, desk.clock.now() + timedelta(hours=1), ANN.id, "list cleaning", timedelta(hours=1))
    desk.incidents.move(found, life=Life(hush=hush))
    desk.outbox.deliver()
    shown = str(desk.slack.messages()[-1])
    assert "silence:1" not in shown
    assert "(SIL-1): list cleaning." in shown


def test_a_window_is_planned_in_the_zone_of_who_asks_listed_and_taken_back(desk: SlackDesk) -> None:
    answer = said(desk, "/deferrals maintenance host mta1 tomorrow 02:00 2h new kernel")
    assert answer.startswith("🔧 Maintenance of host `mta1` from ")
    (window,) = desk.silences.standing()
    tomorrow = (desk.clock.now() + timedelta(days=1)).date()
    assert (window.began_at.date(), window.began_at.hour, window.until - window.began_at) == (
        tomorrow,
        2,
        timedelta(hours=2),
    )
    assert said(desk, "/deferrals maintenance") == "1 to come."
    assert said(desk, "/deferrals unsilence 1") == "🔔 host `mta1` is no longer silenced (SIL-1)."
    assert desk.silences.standing() == ()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("host mta1 2h new kernel", "Expected when it begins, such as 22:00"),
        ("22:00 2h new kernel", "Expected a host, ISP, IP or VMTA before 22:00"),
        ("host mta1 22:00 new kernel", "Expected how long"),
        ("host mta1 2026-13-40 22:00 2h new kernel", "Expected a day such as"),
        ("host mta1 2020-01-01 22:00 2h new kernel", "That time is past. Nothing was planned."),
        ("host mta1 2099-01-01 22:00 2h new kernel", "A window begins within 30 days"),
        ("host mta11 22:00 2h new kernel", "did you mean mta1?"),
        ("host mta1 22:00 2h", "Write `/deferrals maintenance host mta1"),
    ],
)
def test_windows_that_cannot_be(desk: SlackDesk, text: str, part: str) -> None:
    assert part in said(desk, f"/deferrals maintenance {text}")
    assert desk.silences.standing() == ()


def end_at_home(desk: SlackDesk, user: str) -> str:
    """What somebody is told who clicks the first "End" of their home tab."""
    desk.slack.open_home(user)
    home = desk.slack.wait_for(lambda: desk.slack.home(user))
    assert home is not None
    before = len(desk.private(user))
    assert desk.slack.click_view(user, home["id"], "unsilence_0").acked
    return str(desk.slack.wait_for(lambda: desk.private(user)[before:])[0]["text"])


def test_one_is_ended_from_the_home_tab_by_an_operator(desk: SlackDesk) -> None:
    said(desk, "/deferrals silence gmail 2h planned cleaning")
    assert "Only people in @mail-oncall" in end_at_home(desk, BO.id)
    assert len(desk.silences.standing()) == 1
    assert end_at_home(desk, ANN.id) == "🔔 `gmail` is no longer silenced (SIL-1)."
    assert desk.silences.standing() == ()
