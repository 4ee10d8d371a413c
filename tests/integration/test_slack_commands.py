"""`/deferrals` through the real Bolt app and a local Slack."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import StoreError
from tests.diagnoses import HOSTILE, told
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk


def asked(desk: SlackDesk, text: str, user: str = ANN.id) -> dict[str, Any]:
    """The private answer to a command."""
    assert desk.slack.command(user, text).acked
    return desk.slack.wait_for(lambda: desk.private(user))[0]


def buttons_of(message: dict[str, Any]) -> dict[str, str]:
    """action_id -> label."""
    return {
        element["action_id"]: element.get("text", {}).get("text", "")
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    }


def test_one_isp_is_diagnosed_in_private(desk: SlackDesk) -> None:
    answer = asked(desk, "/deferrals gmail", BO.id)
    assert answer["text"] == "Gmail: 31 % deferred (was 6 % an hour ago), because of IP reputation."
    assert any(block["type"] == "table" for block in answer["blocks"])


@pytest.mark.parametrize("name", ["Gmail", "google", "gmail.com", "GMAIL 60m", "gmail 15m"])
def test_isps_answer_to_their_usual_names(desk: SlackDesk, name: str) -> None:
    assert asked(desk, f"/deferrals {name}")["text"].startswith("Gmail: 31 %")


@pytest.mark.parametrize("word", ["", "list", "status"])
def test_no_isp_means_all_of_them(desk: SlackDesk, word: str) -> None:
    answer = asked(desk, f"/deferrals {word}")
    assert answer["text"] == "2 ISPs above normal in the last 60 min, worst Gmail at 31 %."


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("gmail 24h", "gmail, last 24 h"),
        ("Gmail 7d", "last 7 d"),
        ("hosts", "2 of 4 hosts fresh"),
        ("campaigns", "3 campaigns, most deferrals: newsletter-1120"),
        ("campaigns gmail", "3 campaigns"),
        ("gmail campaigns", "3 campaigns"),
    ],
)
def test_other_questions(desk: SlackDesk, words: str, text: str) -> None:
    assert text in asked(desk, f"/deferrals {words}")["text"].replace("Gmail", "gmail")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("gmail ips", "gmail, 200 source IPs in the last 60 min"),
        ("24h ips google", "gmail, 200 source IPs in the last 24 h"),
        ("gmail vmtas 15m", "gmail, 200 VMTAs in the last 15 min"),
        ("gmail replies", "gmail, 40 different replies"),
        ("queues", "All ISPs: "),
        ("gmail queues", "gmail: "),
        ("jobs gmail 60m", "3 campaigns"),
        ("gmail history", "gmail, last 24 h"),
        ("ip 192.0.2.10", "IP 192.0.2.10, last 60 min: 48 % deferred"),
        ("192.0.2.10 24h", "IP 192.0.2.10, last 24 h"),
        ("vmta gmail-ip-1", "VMTA gmail-ip-1, last 60 min"),
        ("job campaign-981", "campaign campaign-981, last 60 min"),
        ("ip gmail", "gmail, 200 source IPs"),
        ("vmta gmail", "gmail, 200 VMTAs"),  # no VMTA is called so
        ("campaign gmail", "3 campaigns"),
        ("ips", "The ips of which ISP?"),
        ("ip 192.0.2.99", "No mail from IP 192.0.2.99 in the last 60 min. Did you mean 192.0.2.10?"),
        ("gmail rplies 24h", "No ISP called gmail rplies. Did you mean gmail replies 24h?"),
        ("gmal ips", "No ISP called gmal. Did you mean gmail ips?"),
    ],
)
def test_views_of_an_isp_and_places(desk: SlackDesk, words: str, text: str) -> None:
    assert text in asked(desk, f"/deferrals {words}")["text"].replace("Gmail", "gmail")


def test_a_suggestion_is_asked_with_its_button(desk: SlackDesk) -> None:
    answer = asked(desk, "/deferrals gmal ips 24h")
    desk.slack.click(ANN.id, answer["ts"], "isp_0")
    shown = desk.slack.wait_for(lambda: desk.private()[1:])[0]
    assert "200 source IPs in the last 24 h" in shown["text"]


def rows_of(message: dict[str, Any]) -> list[str]:
    """The first column of the table, without its heading."""
    (table,) = [block for block in message["blocks"] if block["type"] == "table"]
    return [row[0]["text"] for row in table["rows"][1:]]


def test_pages_are_turned_in_place(desk: SlackDesk) -> None:
    first = asked(desk, "/deferrals gmail ips 15m")
    assert (rows_of(first)[0], len(rows_of(first))) == ("192.0.2.0", 20)
    assert buttons_of(first)["page_1"] == "Next: 2 of 10"
    desk.slack.click(ANN.id, first["ts"], "page_1")
    desk.slack.wait_for(lambda: rows_of(desk.private()[-1])[0] == "192.0.2.20")
    (second,) = desk.private()  # in the place of the first
    assert buttons_of(second)["page_0"] == "Previous: 1 of 10"
    assert "15 min" in str(second["blocks"])


@pytest.mark.parametrize("value", ["nonsense", "ips:60:2", "<!channel>:1:1:gmail", "ips:60:2:" + "x" * 400])
def test_a_button_with_a_made_up_value_is_refused(desk: SlackDesk, value: str) -> None:
    first = asked(desk, "/deferrals gmail ips")
    desk.slack.click(ANN.id, first["ts"], "page_1", value=value)
    said = desk.slack.wait_for(lambda: [m for m in desk.private() if not m["text"].startswith(("gmail", "Gmail"))])
    assert "another version of the bot" in said[0]["text"] or "of which ISP?" in said[0]["text"]


def test_a_page_beyond_the_last_is_the_last(desk: SlackDesk) -> None:
    first = asked(desk, "/deferrals gmail ips")
    desk.slack.click(ANN.id, first["ts"], "page_1", value="ips:60:9999:gmail")
    desk.slack.wait_for(lambda: rows_of(desk.private()[-1])[-1] == "192.0.2.199")


def test_a_link_is_acknowledged_and_answers_nothing(desk: SlackDesk) -> None:
    desk.diagnose.found["gmail"] = told()
    answer = asked(desk, "/deferrals gmail")
    assert buttons_of(answer)["link_0"] == "Postmaster Tools"
    assert desk.slack.click(ANN.id, answer["ts"], "link_0").acked
    assert len(desk.private()) == 1


def test_a_view_from_the_diagnosis_is_a_message_of_its_own(desk: SlackDesk) -> None:
    answer = asked(desk, "/deferrals gmail")
    desk.slack.click(ANN.id, answer["ts"], "ask_2")
    shown = desk.slack.wait_for(lambda: desk.private()[1:])[0]
    assert "40 different replies" in shown["text"]


def test_the_history_leads_to_now_and_to_other_lengths(desk: SlackDesk) -> None:
    answer = asked(desk, "/deferrals gmail 24h")
    assert buttons_of(answer) == {"isp_0": "Diagnose Gmail", "isp_1": "7 days", "isp_2": "30 days"}
    assert sum(block["type"] == "data_visualization" for block in answer["blocks"]) == 1
    desk.slack.click(ANN.id, answer["ts"], "isp_1")
    assert "last 7 d" in desk.slack.wait_for(lambda: desk.private()[1:])[0]["text"]


def test_a_refused_chart_is_answered_as_a_line_of_bars(desk: SlackDesk) -> None:
    desk.slack.fail_next("response_url", "invalid_blocks")
    answer = asked(desk, "/deferrals gmail 24h")
    assert not any(block["type"] == "data_visualization" for block in answer["blocks"])
    assert "▂▂▂▂▂▂▂▂▂▂█▅  03:00 to 01:00 UTC" in str(answer["blocks"])


def test_a_misspelt_topic_is_met_with_the_right_one(desk: SlackDesk) -> None:
    answer = asked(desk, "/deferrals campains")
    assert "Did you mean campaigns?" in answer["text"]
    desk.slack.click(ANN.id, answer["ts"], "isp_0")
    assert desk.slack.wait_for(lambda: desk.private()[1:])[0]["text"].startswith("3 campaigns")


def test_help_names_who_may_apply(desk: SlackDesk) -> None:
    assert "people in @mail-oncall" in str(asked(desk, "/deferrals help")["blocks"])


def test_a_wrong_word_is_met_with_the_nearest_name_and_a_button_that_asks_it(desk: SlackDesk) -> None:
    answer = asked(desk, "/deferrals gmal")
    assert answer["text"] == "No ISP called gmal. Did you mean gmail?"
    assert buttons_of(answer) == {"isp_0": "gmail", "overview": "List"}
    desk.slack.click(ANN.id, answer["ts"], "isp_0")
    shown = desk.slack.wait_for(lambda: desk.private()[1:])[0]
    assert shown["text"].startswith("Gmail: 31 %")


def test_hostile_words_stay_inert(desk: SlackDesk) -> None:
    answer = asked(desk, f"/deferrals {HOSTILE[:60]}")
    assert "<!channel>" not in str(answer["blocks"])
    assert "&lt;!channel&gt;" in str(answer["blocks"])


def test_an_open_incident_brings_its_buttons_into_the_answer(desk: SlackDesk) -> None:
    desk.open_incident()
    answer = asked(desk, "/deferrals gmail")
    views = [f"ask_{n}" for n in range(6)]
    assert list(buttons_of(answer)) == ["apply_0", "acknowledge", "more", *views, "overview"]


def test_trouble_of_ours_is_said_as_a_sentence(desk: SlackDesk) -> None:
    desk.diagnose.error = StoreError("the database file is locked")
    assert asked(desk, "/deferrals gmail")["text"] == "That did not work: the database file is locked."


def test_a_failure_nobody_foresaw_has_an_id_that_is_in_the_log(
    desk: SlackDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.diagnose.error = ZeroDivisionError("boom")
    text = asked(desk, "/deferrals gmail")["text"]
    ids = [vars(record)["error_id"] for record in caplog.records if "error_id" in vars(record)]
    assert len(ids) == 1
    assert f"error `{ids[0]}`" in text
    assert "boom" not in text


def test_a_refused_table_is_answered_as_text(desk: SlackDesk) -> None:
    desk.slack.fail_next("response_url", "invalid_blocks")
    answer = asked(desk, "/deferrals gmail")
    assert not any(block["type"] == "table" for block in answer["blocks"])
    assert "```VMTA" in str(answer["blocks"])


def test_a_dead_response_url_is_replaced_by_an_ephemeral(desk: SlackDesk) -> None:
    desk.slack.fail_next("response_url", "used_url", times=2)
    assert asked(desk, "/deferrals help")["text"].startswith("How to ask")


def test_a_mention_is_answered_like_the_command(desk: SlackDesk) -> None:
    desk.slack.say(ANN.id, "@deferbot gmail")
    answer = desk.slack.wait_for(lambda: desk.private())[0]
    assert answer["text"].startswith("Gmail: 31 %")
    assert any(block["type"] == "table" for block in answer["blocks"])


def test_talk_in_the_channel_needs_nothing(desk: SlackDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk.slack.say(BO.id, "anybody awake?")
    assert asked(desk, "/deferrals help")["text"].startswith("How to ask")
    assert "Unhandled request" not in caplog.text


def test_a_listener_that_fails_says_so_too(desk: SlackDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk.pool.shutdown()
    text = asked(desk, "/deferrals gmail")["text"]
    ids = [vars(record)["error_id"] for record in caplog.records if "error_id" in vars(record)]
    assert f"error `{ids[0]}`" in text


def test_who_is_not_in_the_channel_is_answered_directly(desk: SlackDesk) -> None:
    desk.slack.fail_next("response_url", "expired_url", times=2)
    desk.slack.fail_next("chat.postEphemeral", "user_not_in_channel")
    desk.slack.command(ANN.id, "/deferrals help")
    direct = desk.slack.direct(ANN.id)
    assert desk.slack.wait_for(lambda: desk.slack.messages(direct))[0]["text"].startswith("How to ask")


def test_an_answer_that_nobody_takes_is_in_the_log(desk: SlackDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk.slack.fail_next("response_url", "expired_url", times=2)
    desk.slack.fail_next("chat.postEphemeral", "is_archived")
    desk.slack.command(ANN.id, "/deferrals help")
    desk.pool.shutdown()
    assert "answer not delivered" in caplog.text


def test_home_shows_fleet_incidents_and_changes(desk: SlackDesk) -> None:
    desk.slack.open_home(BO.id)
    view = desk.slack.wait_for(lambda: desk.slack.home(BO.id)) or {}
    assert "all 6 hosts fresh" in str(view["blocks"])
