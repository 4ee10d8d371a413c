"""The state of an ISP or incident as mark, colour and word: never colour alone."""

from __future__ import annotations

from bot.core.diagnosis import LATELY, Diagnosis, OverviewLine
from bot.core.incident import Incident, IncidentState
from bot.core.tier import Tier
from bot.core.wilson import of_tally
from bot.slack.messages import texts

GREY = "#8a8f98"
LATELY_ATTEMPTS = 20
_TIERS: dict[Tier, tuple[str, str, str]] = {
    Tier.CLEAR: ("🟢", "#2e9e5b", "normal"),
    Tier.THROTTLE: ("🟡", "#d9a514", "throttled"),
    Tier.MIXED: ("🟠", "#e07b16", "mixed"),
    Tier.REPUTATION: ("🟠", "#e07b16", "reputation"),
    Tier.BLOCK: ("🔴", "#c9302c", "blocked"),
}
_PLAIN = {
    Tier.CLEAR: "",
    Tier.THROTTLE: "mild (throttle tier)",
    Tier.MIXED: "noticeable (mixed tier)",
    Tier.REPUTATION: "serious (reputation tier)",
    Tier.BLOCK: "severe (block tier)",
}
_PROBABLY = "probably "
_MITIGATING = ("🔵", "#2f6fde", "mitigating")
_RECOVERING = ("🔵", "#2f6fde", "recovering")
_RESOLVED = ("🟢", "#2e9e5b", "resolved")


def tier_mark(tier: Tier) -> str:
    return _TIERS[tier][0]


def tier_word(tier: Tier) -> str:
    return _TIERS[tier][2]


def tier_plain(tier: Tier) -> str:
    """How bad it is for somebody who does not know the tiers, and the tier's name for who does."""
    return _PLAIN[tier]


def incident_look(incident: Incident) -> tuple[str, str, str]:
    """(mark, colour, word) of an incident: by tier while open, by state afterwards."""
    if incident.state is IncidentState.RESOLVED:
        return _RESOLVED
    if incident.state is IncidentState.MITIGATING:
        return _MITIGATING
    if incident.state is IncidentState.RECOVERING:
        return _RECOVERING
    return _TIERS[incident.tier]


def name(diagnosis: Diagnosis | OverviewLine) -> str:
    """The ISP as people call it; may be a recipient's domain, so it is foreign text."""
    return texts.words(diagnosis.title)


def span(diagnosis: Diagnosis) -> str:
    return texts.window_words(diagnosis.window.length)


def rate_words(diagnosis: Diagnosis) -> str:
    """ "31 % deferred", or why there is no rate."""
    now = diagnosis.now
    if diagnosis.blind:
        return "rate not known, no fresh data"
    if not now.attempts and not diagnosis.by_refusal:
        return f"no attempts in {span(diagnosis)}"
    if not diagnosis.judged:
        return f"not enough mail to judge ({texts.count(now.attempts)} of {diagnosis.min_attempts} attempts)"
    return f"{texts.percent(diagnosis.told_rate)} {'refused' if diagnosis.by_refusal else 'deferred'}"


def lately(diagnosis: Diagnosis) -> str:
    """ "4 % in the last 10 min", "" where that is too little mail to tell or no news."""
    tally = diagnosis.lately
    if diagnosis.blind or diagnosis.by_refusal or tally.attempts < LATELY_ATTEMPTS or diagnosis.window.length <= LATELY:
        return ""
    return f"{texts.percent(tally.rate)} in the last {texts.window_words(LATELY)}"


def trend_words(diagnosis: Diagnosis) -> str:
    """ "was 6 % an hour ago, usually 4 % at this hour", as far as it is known; before it where the rate may lie, if
    little mail leaves that wide: "17–38 %, was 6 % an hour ago"."""
    if diagnosis.blind or not diagnosis.judged:
        return ""
    if diagnosis.by_refusal:
        return f"{texts.percent(diagnosis.now.rate)} deferred" if diagnosis.now.deferred else ""
    sure, before, usual = of_tally(diagnosis.now), diagnosis.before, diagnosis.usual
    parts = [texts.likely(*sure)] if sure.wide else []
    if before.attempts >= diagnosis.min_attempts:
        ago = "an hour ago" if diagnosis.window.length.total_seconds() == 3600 else f"{span(diagnosis)} ago"
        parts.append(f"was {texts.percent(before.rate)} {ago}")
    parts += [f"usually {texts.percent(usual.rate)} at this hour"] if usual is not None else []
    return ", ".join(parts)


def cause_words(diagnosis: Diagnosis) -> str:
    """ "IP reputation", "probably IP reputation" where it is not sure; "" where there is too little or too old data to
    name one."""
    if diagnosis.cause is None or not diagnosis.judged or diagnosis.blind:
        return ""
    return f"{_PROBABLY if diagnosis.causes.doubt else ''}{diagnosis.cause.words}"


def because(cause: str) -> str:
    """ ", because of IP reputation", ", probably because of IP reputation"; "" for no cause."""
    probably = _PROBABLY if cause.startswith(_PROBABLY) else ""
    return f", {probably}because of {cause.removeprefix(_PROBABLY)}" if cause else ""
