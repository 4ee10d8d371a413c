"""Every message as JSON, against the recorded one. Set UPDATE_MESSAGES=1 to record anew, then read the diff."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.answers import last_hours
from bot.core.breakdown import Of
from bot.core.category import Category
from bot.core.change import ChangeState, Outcome, Refusal, StepResult
from bot.core.diagnosis import HostLine, Offer, QueueTrend, Share, Span, Untold, Usual
from bot.core.finding import Causes, Contrast, Elsewhere, Kind, Part
from bot.core.incident import Closed, IncidentState, Life, Note
from bot.core.model import Recipients, Tally
from bot.core.outage import DarkHost, Outage, OutageState
from bot.core.refused import Refused
from bot.core.shift import Shift
from bot.core.silence import About, Silence
from bot.core.tier import Tier, TierRule
from bot.slack.messages import after, chart, limits, preview, refusals
from bot.slack.messages.campaigns import campaigns_message
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.group import group_message, joined_message
from bot.slack.messages.handover import handover_message
from bot.slack.messages.help import QUESTIONS, help_message
from bot.slack.messages.history import history_message
from bot.slack.messages.home import home_view
from bot.slack.messages.hosts import hosts_message
from bot.slack.messages.incident import incident_message
from bot.slack.messages.incidents import incidents_message, story_message
from bot.slack.messages.message import Message
from bot.slack.messages.overview import overview_message
from bot.slack.messages.places import place_message
from bot.slack.messages.queues import queues_message
from bot.slack.messages.replies import replies_message
from bot.slack.messages.sources import sources_message
from bot.slack.messages.table import plainer
from bot.slack.words import Asked, Topic
from tests.answers import campaigns, history, host_reports
from tests.breakdowns import place, queues, replies, sources
from tests.diagnoses import (
    HOSTILE,
    NOW,
    calm,
    cause,
    causes,
    change,
    diagnosis,
    incident,
    offers,
    overview,
    plan,
    reply,
    series,
    tally,
    told,
)

RECORDED = Path(__file__).parents[1] / "data" / "messages"
RULE = TierRule()

applied = change(ChangeState.APPLIED)
undone = change(ChangeState.UNDONE, id=18)
partly = change(
    ChangeState.APPLIED,
    results=(
        StepResult(0, Outcome.CONFIRMED, "ok", NOW),
        StepResult(1, Outcome.UNVERIFIED, "done", NOW),
        StepResult(2, Outcome.FAILED, "mta2: `queue` not found <here>", NOW),
    ),
)
hostile = diagnosis(
    title="evil.example <!here>",
    replies=(reply(HOSTILE, code="", meaning="", category=Category.OTHER),),
    cause=Category.OTHER,
    evidence=("`mta` says <!channel>",),
)
throttled = diagnosis(
    now=tally(9000, 810),
    tier=Tier.THROTTLE,
    cause=Category.THROTTLE_NORMAL,
    replies=(reply("421-4.2.1 too quickly", count=810, code="421 4.2.1", meaning="Gmail is pacing us", check=""),),
    evidence=("all 12 IPs are deferred alike: not one IP's own standing",),
    advice="Nothing: this is normal pacing, do not raise connections.",
    offers=(),
    series=series([0.09] * 60),
)
blind = diagnosis(hosts=(HostLine("mta1", 310.0, "no answer for 5 min"), HostLine("mta2", None, "login refused")))
MINUTE = timedelta(minutes=1)
full = diagnosis(
    spans=(
        Span(5 * MINUTE, tally(3300, 1353)),
        Span(60 * MINUTE, diagnosis().now),
        Span(1440 * MINUTE, tally(900_000, 72_000)),
    ),
    usual=Usual(12, 0.04),
    recipients=Recipients(diagnosis().window, 7020, tally(39_752, 12_482)),
    hosted=tally(8745, 5585),
    waiting=QueueTrend("", "", 28_577, 21_000, 9_500),
    rising=(QueueTrend("mta1", "gmail.com/gmail-ip-1", 18_240, 14_000, 4_000),),
)
thin = diagnosis(
    now=Tally(delivered=56, deferred=20),
    before=tally(80, 5),
    aimed=20,
    ips=(Share("192.0.2.10", tally(40, 17)), Share("192.0.2.11", tally(36, 3))),
    vmtas=(),
    jobs=(),
    series=(),
    offers=(),
    evidence=("864 deferrals are 7 recipients, tried again and again: full or dead mailboxes, not a block",),
    untold=(Untold("vmta", tally(76, 20), ("mta1", "mta3")), Untold("jobId", tally(30, 2), ("mta3",))),
)
refusing = tuple(
    Refused(f"isp{n}.example", f"<isp{n}>.example", 1_000 - n, 1_200, Category.BLOCKLIST, code)
    for n, code in enumerate(("550 5.7.606", "", "550 5.7.1", "550"))
)
LISTED = "550 5.7.1 Messages from [192.0.2.41] weren't sent: part of its network is on our block list (S3150)."
refusal = cause(
    Category.BLOCKLIST, 0, 0.96, bounced=2800, severity=4, code="550 5.7.1 S3150", ips=(Part("192.0.2.41", 2800, 2830),)
)
refused = diagnosis(
    isp="microsoft",
    title="Microsoft",
    now=Tally(8_900, 260, 2_860),
    before=Tally(9_000, 240),
    aimed=260,
    refused=2_800,
    by_refusal=True,
    tier=Tier.MIXED,
    cause=Category.BLOCKLIST,
    causes=Causes((refusal,), refusal, refusal),
    replies=(
        reply(
            LISTED,
            count=2800,
            code="550 5.7.1 S3150",
            meaning="The IP or its network is on Microsoft's own block list.",
            category=Category.BLOCKLIST,
            filed="policy-related",
        ),
    ),
    ips=(Share("192.0.2.42", tally(6_360, 240)), Share("192.0.2.41", tally(30, 20, bounced=2_800))),
    vmtas=(),
    series=tuple(replace(point, tally=Tally(148, 4, 40 + place)) for place, point in enumerate(series([0.0] * 60))),
    evidence=("1 of 2 IPs carries 100 % of these replies", "the same IP is clean at Gmail"),
    offers=(Offer("microsoft-banned", "Disable the banned Microsoft IP for 4 h", "Until it is off the list.", True),),
)
busy = overview(
    lines=(replace(overview().lines[0], lately=tally(3300, 1353)), *overview().lines[1:]),
    rising=(
        QueueTrend("", "Gmail", 28_577, 21_000, 9_500),
        QueueTrend("", "Yahoo", 900, 20, 12),
        QueueTrend("", "example.org", 700, 300, None),
        QueueTrend("", "example.net", 600, 300, None),
    ),
)

over = incident(
    IncidentState.RESOLVED,
    id=41,
    owner="U0ANN",
    opened_at=NOW - timedelta(hours=3),
    resolved_at=NOW - timedelta(hours=2),
    life=Life(at_risk=812),
)
timeline = (
    Note(41, NOW - timedelta(hours=3), "*Gmail* 31% of 39,752 attempts deferred: tier *reputation*, incident opened"),
    Note(41, NOW - timedelta(hours=2), "*Gmail* 4% of 39,752 attempts deferred: back to normal, incident closed"),
)
dark = DarkHost("mta7", NOW - timedelta(hours=1), "no answer within 10 s")
shift = Shift(
    since=NOW - timedelta(hours=12),
    at=NOW,
    incidents=(incident(), over, incident(id=43, diagnosis=refused, isp="microsoft", owner="U0BO")),
    changes=(applied,),
    silences=(Silence(3, About.ISP, "yahoo", "U0BO", "list cleaning", NOW, NOW + timedelta(hours=1)),),
    outage=Outage(2, OutageState.OPEN, NOW - timedelta(hours=1), 1, (dark,), 20, NOW),
    overview=overview(),
)

storm = [
    incident(id=43, diagnosis=refused, isp="microsoft", owner="U0BO", tier=Tier.BLOCK),
    replace(over, id=44, lead=42),
]
many = [incident(id=n, isp=f"isp{n}", diagnosis=diagnosis(title=f"isp{n}")) for n in range(43, 60)]
same = diagnosis(contrast=Contrast(Kind.IPS, ips=("192.0.2.10", "192.0.2.11"), elsewhere=Elsewhere.BAD))

MESSAGES: dict[str, Callable[[], Message]] = {
    "alert-open": lambda: incident_message(incident(), (), now=NOW, chart=chart.native(diagnosis(), RULE)),
    "alert-block": lambda: incident_message(
        incident(tier=Tier.BLOCK, diagnosis=diagnosis(tier=Tier.BLOCK, offers=offers()[1:])), (), now=NOW
    ),
    "alert-refused": lambda: incident_message(
        incident(diagnosis=refused, isp="microsoft"), (), now=NOW, chart=chart.native(refused, RULE)
    ),
    "diagnosis-refused": lambda: diagnosis_message(refused, incident(diagnosis=refused, isp="microsoft")),
    "group": lambda: group_message(incident(), storm, now=NOW),
    "group-many": lambda: group_message(incident(), many, now=NOW),
    "group-same-ips": lambda: group_message(
        incident(diagnosis=same), [incident(id=43, diagnosis=replace(same, title="Yahoo"))], now=NOW
    ),
    "group-over": lambda: group_message(over, [replace(over, id=44)], now=NOW),
    "joined": lambda: joined_message(incident(lead=41)),
    "resolved-by-hand": lambda: incident_message(
        incident(IncidentState.RESOLVED, life=Life(closed=Closed("U0ANN", "their <outage>", Tier.MIXED))), (), now=NOW
    ),
    "incidents": lambda: incidents_message(shift.incidents, Asked(Topic.INCIDENTS), now=NOW),
    "incidents-none": lambda: incidents_message((), Asked(Topic.INCIDENTS), now=NOW),
    "story": lambda: story_message(shift.incidents[1], timeline, (undone,), now=NOW),
    "handover": lambda: handover_message(shift),
    "handover-shared": lambda: handover_message(shift, shared_by="U0ANN"),
    "handover-calm": lambda: handover_message(replace(shift, incidents=(), changes=(), silences=(), outage=None)),
    "alert-owned": lambda: incident_message(incident(owner="U0ANN"), (), now=NOW),
    "alert-hostile": lambda: incident_message(incident(diagnosis=hostile), (), now=NOW),
    "alert-blind": lambda: incident_message(incident(diagnosis=blind), (), now=NOW),
    "alert-mitigating": lambda: incident_message(
        incident(IncidentState.MITIGATING, owner="U0ANN"), (applied,), now=NOW, chart=chart.sparkline(diagnosis(), RULE)
    ),
    "alert-two-changes": lambda: incident_message(
        incident(IncidentState.MITIGATING), (applied, replace(applied, id=19)), now=NOW
    ),
    "resolved": lambda: incident_message(incident(IncidentState.RESOLVED, owner="U0ANN"), (undone,), now=NOW),
    "resolved-refused": lambda: incident_message(
        incident(IncidentState.RESOLVED, life=Life(refused=True)), (undone,), now=NOW
    ),
    "resolved-untouched": lambda: incident_message(incident(IncidentState.RESOLVED), (), now=NOW),
    "resolved-still-in-force": lambda: incident_message(incident(IncidentState.RESOLVED), (undone, applied), now=NOW),
    "diagnosis": lambda: diagnosis_message(diagnosis(), incident()),
    "diagnosis-full": lambda: diagnosis_message(full, incident(diagnosis=full)),
    "diagnosis-told": lambda: diagnosis_message(told(), incident(diagnosis=told())),
    "diagnosis-doubt": lambda: diagnosis_message(
        told(
            causes=causes("IP reputation (52%) and normal throttle (48%) are about as common"),
            evidence=("cannot tell where it sits: only one IP sends there",),
        ),
        None,
    ),
    "alert-danger": lambda: incident_message(incident(diagnosis=told()), (), now=NOW),
    "diagnosis-thin": lambda: diagnosis_message(thin, None),
    "alert-full": lambda: incident_message(incident(diagnosis=full), (), now=NOW, chart=chart.native(full, RULE)),
    "diagnosis-as-text": lambda: plainer(diagnosis_message(diagnosis(), incident())),
    "diagnosis-throttled": lambda: diagnosis_message(throttled, None),
    "diagnosis-few": lambda: diagnosis_message(diagnosis(now=Tally(28, 3), before=Tally(), series=()), None),
    "diagnosis-nothing": lambda: diagnosis_message(
        diagnosis(
            now=Tally(), before=Tally(), replies=(), ips=(), vmtas=(), jobs=(), queues=(), evidence=(), series=()
        ),
        None,
    ),
    "diagnosis-blind": lambda: diagnosis_message(blind, None),
    "overview": lambda: overview_message(overview()),
    "overview-blind": lambda: overview_message(overview(hosts=blind.hosts)),
    "overview-busy": lambda: overview_message(busy),
    "history-day": lambda: history_message(history()),
    "history-day-as-text": lambda: plainer(history_message(history())),
    "history-month": lambda: history_message(history(720, begins=NOW - 20 * 1440 * MINUTE, diluted=("mta3",))),
    "history-nothing": lambda: history_message(history(hours=(), begins=last_hours(NOW, 1440 * MINUTE).end)),
    "campaigns": lambda: campaigns_message(campaigns(), Asked(Topic.CAMPAIGNS, "gmail")),
    "campaigns-all-untold": lambda: campaigns_message(campaigns(isp="", title="", jobs=()), Asked(Topic.CAMPAIGNS)),
    "ips": lambda: sources_message(sources(), Asked(Topic.IPS, "gmail")),
    "ips-page-2": lambda: sources_message(sources(200), Asked(Topic.IPS, "gmail", page=2)),
    "ips-none": lambda: sources_message(
        sources(0, whole=tally(100, 3), untold=tally(100, 3)), Asked(Topic.IPS, "gmail")
    ),
    "vmtas": lambda: sources_message(sources(of=Of.VMTA), Asked(Topic.VMTAS, "gmail")),
    "replies": lambda: replies_message(replies(), Asked(Topic.REPLIES, "gmail")),
    "replies-none": lambda: replies_message(replies(0), Asked(Topic.REPLIES, "gmail")),
    "queues": lambda: queues_message(queues(), Asked(Topic.QUEUES, "gmail")),
    "queues-all-none": lambda: queues_message(queues(0, isp="", title=""), Asked(Topic.QUEUES)),
    "place-ip": lambda: place_message(place(), Asked(Topic.IP, "192.0.2.10")),
    "place-vmta": lambda: place_message(place(of=Of.VMTA), Asked(Topic.VMTA, "gmail-ip-1")),
    "place-job": lambda: place_message(
        place(of=Of.JOB, window=last_hours(NOW, 1440 * MINUTE)), Asked(Topic.JOB, "campaign-981")
    ),
    "place-none": lambda: place_message(
        place(key="192.0.2.99", lines=(), nearest="192.0.2.10"), Asked(Topic.IP, "192.0.2.99")
    ),
    "which-isp": lambda: refusals.which_isp(Asked(Topic.IPS)),
    "hosts": lambda: hosts_message(host_reports(), at=NOW),
    "hosts-one": lambda: hosts_message(host_reports(), at=NOW, asked="mta7"),
    "overview-calm": lambda: overview_message(overview(lines=overview().lines[2:], active_changes=0)),
    "overview-refused": lambda: overview_message(overview(lines=overview().lines[2:], refused=refusing)),
    "overview-refused-too": lambda: overview_message(overview(refused=refusing)),
    "overview-empty": lambda: overview_message(overview(lines=(), hosts=(), few=0, active_changes=0)),
    "help": lambda: help_message("people in @mail-oncall"),
    "applied": lambda: after.applied_message(applied, now=NOW),
    "applied-partly": lambda: after.applied_message(partly, now=NOW),
    "applied-not": lambda: after.applied_message(change(ChangeState.FAILED), now=NOW),
    "undone": lambda: after.undone_message(undone),
    "undone-not": lambda: after.undone_message(replace(partly, undo_results=partly.results)),
    "refusal": lambda: refusals.refusal_message(Refusal("x", "<@U0ANN> applied this 40 s ago; nothing more was done.")),
    "unknown-word": lambda: refusals.unknown_isp("campains", "campaigns"),
    "unknown-isp": lambda: refusals.unknown_isp("gmal", "gmail"),
    "unknown-view": lambda: refusals.unknown_isp("gmail rplies", "gmail replies"),
    "unknown-hostile": lambda: refusals.unknown_isp(HOSTILE, ""),
}

VIEWS: dict[str, Callable[[], dict[str, Any]]] = {
    "view-loading": preview.loading_view,
    "view-preview": lambda: preview.preview_view(change(), now=NOW, hint=refusals.facts_changed()),
    "view-preview-gentle": lambda: preview.preview_view(change(plan=plan(stops_mail=False, notes=())), now=NOW),
    "view-undo": lambda: preview.undo_view(applied, now=NOW),
    "view-refusal": lambda: preview.refusal_view("INC-42 is resolved: there is nothing left to change."),
    "view-home": lambda: home_view(overview(), [incident()], [applied], now=NOW),
    "view-home-blind": lambda: home_view(overview(hosts=blind.hosts), [], [], now=NOW),
    "view-home-busy": lambda: home_view(busy, [], [], now=NOW),
    "view-home-calm": lambda: home_view(overview(lines=(), hosts=()), [], [], now=NOW),
}


def recorded(name: str, shown: object) -> object:
    """The recorded JSON of `name`; recorded now where that is asked for."""
    path = RECORDED / f"{name}.json"
    if os.environ.get("UPDATE_MESSAGES"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reads_as_recorded(name: str) -> None:
    shown = MESSAGES[name]()
    assert shown.payload() == recorded(name, shown.payload())


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_as_recorded(name: str) -> None:
    assert VIEWS[name]() == recorded(name, VIEWS[name]())


@pytest.mark.parametrize("name", MESSAGES)
def test_the_fallback_is_a_sentence_without_markup(name: str) -> None:
    text = MESSAGES[name]().text
    assert len(text.split()) > 2
    assert text.rstrip()[-1] in ".?!"
    assert "*" not in text
    assert "`" not in text


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_within_slacks_limits(name: str) -> None:
    assert limits.check_message(MESSAGES[name]()) == []


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_within_slacks_limits(name: str) -> None:
    assert limits.check_view(VIEWS[name]()) == []


def test_the_same_values_make_the_same_message() -> None:
    assert MESSAGES["alert-open"]() == MESSAGES["alert-open"]()


def test_the_alerts_sentence_names_isp_rate_trend_cause_and_suggestion() -> None:
    assert MESSAGES["alert-open"]().text == (
        "Gmail is deferring 31 % of our mail (was 6 % an hour ago): IP reputation. Suggested: Slow Gmail down on 3 IPs."
    )


def test_a_resolved_sentence_says_duration_peak_and_what_was_done() -> None:
    assert MESSAGES["resolved"]().text == (
        "Gmail is back to 4 % deferred after 52 min (peak 34 %). Done: Pause these 3 IPs for Gmail."
    )
    assert MESSAGES["resolved-untouched"]().text.endswith("Nothing was changed by us.")


def elements(shown: Message) -> list[dict[str, Any]]:
    return [e for block in (*shown.blocks, *shown.tail) if block["type"] == "actions" for e in block["elements"]]


def test_an_open_alert_offers_the_recommended_action_first_and_at_most_three_buttons() -> None:
    ids = [element["action_id"] for element in elements(MESSAGES["alert-open"]())]
    assert ids == ["apply_0", "acknowledge", "diagnose", "more"]


def test_only_what_stops_mail_is_red() -> None:
    assert elements(MESSAGES["alert-open"]())[0]["style"] == "primary"
    assert elements(MESSAGES["alert-block"]())[0]["style"] == "danger"


def test_an_active_change_brings_undo_in_place_of_the_offer_and_leaves_its_playbook_out() -> None:
    shown = elements(MESSAGES["alert-mitigating"]())
    assert [element["action_id"] for element in shown] == ["undo", "diagnose", "more"]
    assert shown[0]["value"] == "17"
    assert [option["value"] for option in shown[-1]["options"]] == [
        "apply:42:3:gmail-slow-ips",
        "apply:42:3:gmail-pause-all",
        "silence:42:3",
        "resolve:42:3",
    ]


def test_a_second_active_change_is_undone_from_the_menu() -> None:
    shown = elements(MESSAGES["alert-two-changes"]())
    assert shown[0]["value"] == "19"
    assert shown[-1]["options"][0]["value"] == "undo:17"


def test_state_is_told_by_mark_word_and_colour() -> None:
    looks = {name: MESSAGES[name]() for name in ("alert-open", "alert-block", "alert-mitigating", "resolved")}
    marks = [shown.blocks[0]["text"]["text"][0] for shown in looks.values()]
    assert marks == ["🟠", "🔴", "🔵", "🟢"]
    assert len({shown.color for shown in looks.values()}) == 4
    assert "mitigating" in looks["alert-mitigating"].blocks[0]["text"]["text"]


def test_too_little_mail_is_said_instead_of_a_rate() -> None:
    head = MESSAGES["diagnosis-few"]().blocks[0]["text"]["text"]
    assert "not enough mail to judge (31 of 50 attempts)" in head


def test_stale_data_is_never_a_rate() -> None:
    head = MESSAGES["alert-blind"]().blocks[0]["text"]["text"]
    assert "rate not known, no fresh data" in head
    assert "*Gmail · 31 %" not in head


def test_stale_data_makes_nobody_normal() -> None:
    shown = MESSAGES["overview-blind"]()
    assert shown.text == "The last 60 min: rates not known, no fresh data; none of 2 hosts seen."
    assert "🟢" not in json.dumps(shown.payload(), ensure_ascii=False)
    rows = next(block["rows"] for block in shown.blocks if block["type"] == "table")
    assert {row[1]["text"] for row in rows[1:]} == {"–"}


def test_hostile_replies_stay_inert() -> None:
    shown = json.dumps(MESSAGES["alert-hostile"]().payload(), ensure_ascii=False)
    quotes = [block for block in MESSAGES["alert-hostile"]().blocks if block["type"] == "rich_text"]
    assert quotes[0]["elements"][0]["elements"][0]["text"].startswith("421 <!channel> *urgent*")
    assert shown.count("<!channel>") == 1  # in the rich text, which is never parsed
    assert "<!here>" not in shown


def test_calm_is_said_as_such() -> None:
    assert MESSAGES["overview-calm"]().text == "No ISP is above normal in the last 60 min; all 6 hosts fresh (≤ 12 s)."
    assert calm().tier is Tier.CLEAR


def test_the_six_questions_stand_in_the_help_and_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = json.dumps(MESSAGES["help"]().payload(), ensure_ascii=False)
    assert len(QUESTIONS) == 6
    for question in QUESTIONS:
        assert f"*{question.name}* `{question.ask}`" in shown
        assert f"**{question.name}** `{question.ask}`" in readme
        assert f"`{question.replaces}`" in readme
