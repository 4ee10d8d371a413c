"""What is new in an incident, as a line for its timeline, and whether the channel hears it. Pure."""

from __future__ import annotations

from bot.core.diagnosis import Diagnosis
from bot.core.durations import duration_words
from bot.core.foreign import inert
from bot.core.incident import Incident, IncidentState, Move
from bot.core.life import Decision
from bot.core.tier import Tier

_UPS_AND_DOWNS = (Move.RISE, Move.FALL, Move.RECOVER, Move.RELAPSE)


def news(before: Incident | None, decision: Decision, after: Incident) -> list[tuple[str, bool]]:
    """(Slack mrkdwn, in the channel as well) of each thing to say; none where only numbers moved."""
    lines = []
    text = _text(before, decision, after)
    if text and not (_muted(before, decision) and decision.move in _UPS_AND_DOWNS):
        lines.append((f"{rate_words(after.diagnosis)}: {text}", _aloud(before, decision)))
    if after.life.hush is None:
        lines += [(line, False) for line in _damping(before, after)]
    return lines + _hush(before, after)


def _text(before: Incident | None, decision: Decision, after: Incident) -> str:
    move, tier = decision.move, f"*{decision.tier.name.lower()}*"
    if move is Move.OPEN:
        return f"tier {tier}, incident opened"
    if before is None:
        return ""
    if move is Move.REOPEN:
        ended = before.resolved_at or after.diagnosis.at
        ago = duration_words(after.diagnosis.at - ended)
        return f"tier {tier} again {ago} after it was over, the same incident goes on{_had(before)}"
    if move in (Move.RISE, Move.FALL):
        return f"tier *{before.tier.name.lower()}* → {tier}"
    if move is Move.RECOVER:
        return "back to normal; it closes once that has lasted"
    if move is Move.RELAPSE:
        return f"no longer back to normal, tier {tier}"
    return _over(after) if move is Move.RESOLVE else ""


def _had(before: Incident) -> str:
    return f" (<@{before.owner}> had it; now nobody has)" if before.owner else ""


def _over(after: Incident) -> str:
    why = "back to normal" if after.diagnosis.judged else "hardly any mail is left to judge"
    if after.resolved_at is None:
        return f"{why}, incident closed"
    took = duration_words(after.resolved_at - after.opened_at)
    held_up = f", at most {after.life.at_risk:,} recipients held up at a time" if after.life.at_risk else ""
    return f"{why}, incident closed after {took} (peak {after.peak_rate:.0%}{held_up})"


def _damping(before: Incident | None, after: Incident) -> list[str]:
    was = before is not None and before.life.damped
    if after.life.damped and not was:
        times = len(after.life.turns)
        return [
            f"went up and down {times} times in an hour: from now on only the message is kept true, until this is "
            f"steadier. A tier worse than *{after.life.worst.name.lower()}* is still told."
        ]
    return ["steadier again: ups and downs are told again"] if was and not after.life.damped else []


def _hush(before: Incident | None, after: Incident) -> list[tuple[str, bool]]:
    """A silence that began, and one that is over: where the trouble is not, the channel hears of it again."""
    was, now = before.life.hush if before else None, after.life.hush
    if was == now:
        return []
    if now is not None:
        lasts = duration_words(now.lasts)
        why = inert(now.reason)
        return [(f"<@{now.by}> silenced this for {lasts} (SIL-{now.silence}): {why}", False)]
    stands = after.state not in (IncidentState.RECOVERING, IncidentState.RESOLVED)
    still = f", tier *{after.tier.name.lower()}* still stands" if stands else ""
    return [(f"the silence SIL-{was.silence if was else 0} is over{still}", stands)]


def _muted(before: Incident | None, decision: Decision) -> bool:
    """In a silence nothing is told; while it flaps, nothing but what is worse than ever."""
    if decision.life.hush is not None:
        return True
    was = before is not None and before.life.damped
    return decision.life.damped and was and not _worse_than_ever(before, decision)


def _aloud(before: Incident | None, decision: Decision) -> bool:
    """An edit notifies nobody: what comes back, and the worst tier, is said in the channel as well."""
    if decision.life.hush is not None or (decision.life.damped and not _worse_than_ever(before, decision)):
        return False
    to_block = decision.move in (Move.RISE, Move.RELAPSE) and decision.tier is Tier.BLOCK
    rose = before is not None and decision.tier > before.tier
    return decision.move is Move.REOPEN or (to_block and rose)


def _worse_than_ever(before: Incident | None, decision: Decision) -> bool:
    return before is not None and decision.tier > max(before.life.worst, before.tier)


def rate_words(diagnosis: Diagnosis) -> str:
    """Slack mrkdwn: "*Gmail* 31% of 39,752 attempts deferred", "*Gmail* 42% of 10,034 tries refused for good"."""
    if diagnosis.by_refusal:
        return f"*{inert(diagnosis.title)}* {diagnosis.refused_rate:.0%} of {diagnosis.tried:,} tries refused for good"
    return f"*{inert(diagnosis.title)}* {diagnosis.now.rate:.0%} of {diagnosis.now.attempts:,} attempts deferred"
