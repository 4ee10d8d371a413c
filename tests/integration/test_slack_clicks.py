"""From a button to a changed fleet and back, through the real Bolt app and a local Slack."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.change import ChangeState, Refusal
from bot.core.incident import IncidentState
from bot.errors import StoreError
from tests.diagnoses import calm, diagnosis, offers
from tests.local_slack_bot import ANN, BO
from tests.slack_desk import SlackDesk

REASON = {"reason": {"reason": "rate doubled after the campaign"}}


def private(desk: SlackDesk, user: str = ANN.id) -> str:
    """The text of the first private answer."""
    return str(desk.slack.wait_for(lambda: desk.private(user))[0]["text"])


def window(desk: SlackDesk, callback: str, user: str = ANN.id) -> dict[str, Any]:
    """The modal once it is more than a loading one."""
    return desk.slack.wait_for(lambda: [v for v in desk.slack.views(user) if v["callback_id"] == callback])[0]


def closed_window(desk: SlackDesk, word: str) -> dict[str, Any]:
    return desk.slack.wait_for(lambda: [v for v in desk.slack.views(ANN.id) if word in str(v["blocks"])])[0]


def test_click_preview_confirm_applies_once_although_every_envelope_comes_twice(desk: SlackDesk) -> None:
    ts = desk.alert()
    desk.slack.duplicate_envelopes()
    desk.slack.click(ANN.id, ts, "apply_0")
    view = window(desk, "apply_change")
    assert desk.apply.previews == [(1, "gmail-slow-ips", ANN.id)]
    assert "pmta pause queue gmail.com/gmail-ip-1" in str(view["blocks"])
    assert view["private_metadata"] == "1"
    assert desk.slack.submit(ANN.id, view["id"], REASON).ok
    assert "3 steps done" in private(desk) or "0 of 3" in private(desk)
    assert desk.apply.applied == [(1, ANN.id, "rate doubled after the campaign")]
    assert desk.slack.views(ANN.id) == []
    assert desk.slack.notices(ANN.id) == []


@pytest.mark.parametrize("typed", ["", "   ", "ok", "  a b "])
def test_a_reason_too_short_is_said_at_its_field_and_nothing_is_applied(desk: SlackDesk, typed: str) -> None:
    desk.slack.click(ANN.id, desk.alert(), "apply_0")
    view = window(desk, "apply_change")
    answer = desk.slack.submit(ANN.id, view["id"], {"reason": {"reason": typed}})
    assert list(answer.errors) == ["reason"]
    assert desk.apply.applied == []
    assert desk.slack.submit(ANN.id, view["id"], REASON).ok


@pytest.mark.parametrize("action", ["apply_0", "undo"])
def test_a_bystander_is_refused_in_private_and_sees_no_window(desk: SlackDesk, action: str) -> None:
    ts = desk.alert()
    if action == "undo":
        desk.active_change()
        mitigating(desk)
    desk.slack.click(BO.id, ts, action)
    assert private(desk, BO.id) == (
        "Only people in @mail-oncall can apply changes, so nothing was done. You can still diagnose."
    )
    assert desk.slack.views(BO.id) == []
    assert desk.apply.previews == []
    assert desk.undo.undone == []


def mitigating(desk: SlackDesk) -> None:
    found = desk.incidents.get(1)
    assert found is not None
    desk.incidents.move(found, state=IncidentState.MITIGATING)
    assert desk.outbox.deliver() == 1


def test_a_role_lost_between_click_and_confirm_counts(desk: SlackDesk) -> None:
    desk.slack.click(ANN.id, desk.alert(), "apply_0")
    view = window(desk, "apply_change")
    desk.roles._members = frozenset()
    desk.slack.submit(ANN.id, view["id"], REASON)
    assert private(desk).startswith("Only people in @mail-oncall")
    assert desk.apply.applied == []


def test_a_refused_preview_replaces_the_loading_window(desk: SlackDesk) -> None:
    desk.apply.refusal = Refusal("resolved", "INC-1 is resolved: there is nothing left to change.")
    desk.slack.click(ANN.id, desk.alert(), "apply_0")
    view = closed_window(desk, "nothing left to change")
    assert view["submit"] is None


def test_a_failed_preview_never_leaves_the_window_loading(desk: SlackDesk) -> None:
    desk.apply.error = StoreError("the database file is locked")
    desk.slack.click(ANN.id, desk.alert(), "apply_0")
    closed_window(desk, "The preview failed on my side")
    assert "database file is locked" in private(desk)


def test_an_older_button_opens_the_fresh_preview_and_says_so(desk: SlackDesk) -> None:
    ts = desk.alert()
    found = desk.incidents.get(1)
    assert found is not None
    desk.incidents.move(found, diagnosis=diagnosis(offers=offers()[1:]))
    desk.slack.click(ANN.id, ts, "apply_0")
    assert "The facts have changed" in str(window(desk, "apply_change")["blocks"])


def test_a_button_that_is_still_offered_opens_its_preview_without_a_word(desk: SlackDesk) -> None:
    ts = desk.alert()
    found = desk.incidents.get(1)
    assert found is not None
    desk.incidents.move(found, diagnosis=found.diagnosis)
    desk.slack.click(ANN.id, ts, "apply_0")
    assert "The facts have changed" not in str(window(desk, "apply_change")["blocks"])


def test_a_second_confirmation_of_the_same_change_says_who_was_first(desk: SlackDesk) -> None:
    ts = desk.alert()
    desk.slack.click(ANN.id, ts, "apply_0")
    first = window(desk, "apply_change")
    desk.changes.move(1, ChangeState.PLANNED, ChangeState.APPLYING, by=BO.id)
    desk.slack.submit(ANN.id, first["id"], REASON)
    assert private(desk) == f"<@{BO.id}> applied CHG-1 already; nothing more was done."


@pytest.mark.parametrize("value", ["", "gmail", "1", "1:2", "1:x:p", "9" * 40 + ":1:p", "1:1:"])
def test_a_value_that_is_not_ours_does_nothing(desk: SlackDesk, value: str) -> None:
    desk.slack.click(ANN.id, desk.alert(), "apply_0", value=value or " ")
    assert private(desk).startswith("This button is from another version of the bot")
    assert desk.apply.previews == []


def test_an_expired_trigger_is_explained(desk: SlackDesk) -> None:
    desk.slack.fail_next("views.open", "expired_trigger_id")
    desk.slack.click(ANN.id, desk.alert(), "apply_0")
    assert private(desk).endswith("nothing was done. Please click again.")
    assert desk.apply.previews == []


def test_the_menu_previews_another_offer(desk: SlackDesk) -> None:
    desk.slack.click(ANN.id, desk.alert(), "more", selected_option={"value": "apply:1:1:gmail-pause-all"})
    window(desk, "apply_change")
    assert desk.apply.previews == [(1, "gmail-pause-all", ANN.id)]


def test_undo_shows_what_it_runs_and_then_runs_it(desk: SlackDesk) -> None:
    ts = desk.alert()
    change = desk.active_change()
    mitigating(desk)
    desk.slack.click(ANN.id, ts, "undo")
    view = window(desk, "undo_change")
    assert "pmta resume queue gmail.com/gmail-ip-1" in str(view["blocks"])
    assert desk.slack.submit(ANN.id, view["id"], {}).ok
    assert private(desk).endswith("is taken back.")
    assert desk.undo.undone == [(change, ANN.id)]
    desk.slack.click(ANN.id, ts, "undo")
    second = desk.slack.wait_for(lambda: desk.private()[1:])[0]["text"]
    assert "already" in second
    assert "nothing more was done" in second
    assert desk.undo.undone == [(change, ANN.id)]


def test_acknowledge_shows_the_owner_to_all(desk: SlackDesk) -> None:
    ts = desk.alert()
    desk.slack.click(BO.id, ts, "acknowledge")
    desk.slack.wait_for(lambda: desk.woken)
    desk.outbox.deliver()
    assert f"<@{BO.id}>" in str(desk.slack.message(ts))
    assert desk.private(BO.id) == []


def test_acknowledging_what_is_over_is_answered(desk: SlackDesk) -> None:
    ts = desk.alert()
    found = desk.incidents.get(1)
    assert found is not None
    desk.incidents.move(found, state=IncidentState.RESOLVED, diagnosis=calm(), resolved_at=desk.clock.now())
    desk.slack.click(ANN.id, ts, "acknowledge")
    assert private(desk) == "INC-1 is closed already: nothing to take."


def test_diagnose_is_for_everybody(desk: SlackDesk) -> None:
    desk.slack.click(BO.id, desk.alert(), "diagnose")
    assert private(desk, BO.id).startswith("Gmail: 31 %")


def test_unreadable_roles_refuse_with_the_reason_and_keep_the_last_good_answer(desk: SlackDesk) -> None:
    ts = desk.alert()
    desk.slack.fail_next("usergroups.list", "plan_upgrade_required")
    desk.slack.click(ANN.id, ts, "apply_0")
    said = private(desk)
    assert said.startswith("I could not check who you are, so nothing was done.")
    assert "list user ids under `roles.operator`" in said


def test_home_buttons_work_without_a_channel(desk: SlackDesk) -> None:
    desk.open_incident()
    desk.active_change()
    desk.slack.open_home(ANN.id)
    home = desk.slack.wait_for(lambda: desk.slack.home(ANN.id)) or {}
    desk.slack.click_view(ANN.id, home["id"], "acknowledge")
    desk.slack.wait_for(lambda: f"<@{ANN.id}> · since" in str(desk.slack.home(ANN.id)))
    desk.slack.click_view(ANN.id, home["id"], "undo")
    assert window(desk, "undo_change")["private_metadata"] == "1"


def test_every_click_is_acked_at_once_however_busy_the_hosts_are(desk: SlackDesk) -> None:
    ts = desk.alert()
    desk.apply.gate.clear()
    desk.slack.click(ANN.id, ts, "apply_0")
    view = window(desk, "apply_change")
    assert desk.slack.submit(ANN.id, view["id"], REASON).ok
    assert all(desk.slack.click(ANN.id, ts, "diagnose").acked for _ in range(8))
    desk.slack.wait_for(lambda: len(desk.private()) == 8)
    assert desk.apply.applied == []
    desk.apply.gate.set()
    desk.slack.wait_for(lambda: desk.apply.applied)
    assert desk.slack.notices(ANN.id) == []


def test_closing_the_window_needs_nothing(desk: SlackDesk) -> None:
    desk.slack.click(ANN.id, desk.alert(), "apply_0")
    desk.slack.close_view(ANN.id, window(desk, "apply_change")["id"])
    assert desk.apply.applied == []
    assert desk.slack.notices(ANN.id) == []
