"""How an incident's message tells its life, and what is said about silences."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.change import ChangeState
from bot.core.incident import Hush, Incident, IncidentState, Life, Mark
from bot.core.silence import About, Silence
from bot.core.tier import Tier
from bot.slack.messages import silences, states
from bot.slack.messages.home import home_view
from bot.slack.messages.incident import incident_message
from bot.slack.messages.message import Message
from tests.diagnoses import HOSTILE, NOW, change, incident, overview

HOUR = timedelta(hours=1)


def shown(message: Message) -> str:
    return json.dumps(message.payload(), ensure_ascii=False)


def alert(state: IncidentState, life: Life) -> str:
    return shown(incident_message(incident(state, life=life), (), now=NOW))


def test_one_that_recovers_says_since_when_and_asks_for_nothing() -> None:
    text = alert(IncidentState.RECOVERING, Life(calm_since=NOW - timedelta(minutes=3)))
    assert "· recovering ·" in text
    assert "Back to normal since <!date^" in text
    assert "nothing more; this closes by itself" in text


def test_one_that_is_taken_looks_as_bad_as_it_is_and_names_its_owner() -> None:
    taken = incident(IncidentState.ACKNOWLEDGED, owner="U0ANN")
    text = shown(incident_message(taken, (), now=NOW))
    assert "serious (reputation tier)" in text
    assert "<@U0ANN>" in text
    assert '"acknowledge"' not in text


@pytest.mark.parametrize(
    ("life", "line"),
    [
        (Life(reopened=1), "Came back 1 time after it was over."),
        (Life(turns=(NOW,) * 5, damped=True), "Went up and down 5 times in an hour: told here only"),
        (Life(hush=Hush(3, NOW + HOUR, "U0ANN", "list cleaning", HOUR)), "by <@U0ANN> (SIL-3): list cleaning."),
    ],
)
def test_what_it_has_been_through_is_in_small_print(life: Life, line: str) -> None:
    assert line in alert(IncidentState.OPEN, life)
    assert line not in alert(IncidentState.OPEN, Life())


def test_the_end_tells_how_much_was_held_up_and_that_it_came_back() -> None:
    text = alert(IncidentState.RESOLVED, Life(at_risk=28_577, reopened=2))
    assert "at most 28,577 recipients held up at a time · came back 2 times after it was over" in text


@pytest.mark.parametrize("state", IncidentState)
def test_every_state_has_a_look(state: IncidentState) -> None:
    found: Incident = replace(incident(), state=state, tier=Tier.BLOCK)
    mark, color, word = states.incident_look(found)
    assert mark
    assert color.startswith("#")
    assert word


def test_silences_are_listed_with_their_ends_and_reasons_and_a_hostile_one_does_no_harm() -> None:
    many = [Silence(n, About.HOST, f"mta{n}", "U0ANN", HOSTILE, NOW, NOW + HOUR) for n in range(1, 26)]
    message = silences.silences_message(many, now=NOW)
    assert message.text == "25 silences in force."
    assert "…and 13 more that end later" in shown(message)
    assert "<!channel>" not in shown(message)
    assert "host `mta1` until <!date^" in shown(message)


def test_the_end_tells_how_the_rate_went_after_each_change() -> None:
    applied = change(ChangeState.UNDONE)
    marks = (Mark(NOW - timedelta(minutes=2), 0.31), Mark(NOW + timedelta(minutes=15), 0.09))
    resolved = incident(IncidentState.RESOLVED, life=Life(marks=marks))
    assert "· 31 % before, 9 % after 15 min" in shown(incident_message(resolved, (applied,), now=NOW))
    assert "before," not in shown(incident_message(incident(IncidentState.RESOLVED), (applied,), now=NOW))


def test_home_lists_silences_where_there_are_any() -> None:
    one = Silence(1, About.ISP, "gmail", "U0ANN", "list cleaning", NOW, NOW + HOUR)
    assert "SIL-1" in json.dumps(home_view(overview(), [], [], [one], now=NOW))
    assert "Silenced" not in json.dumps(home_view(overview(), [], [], now=NOW))
