"""`deferbot classify`: what replies mean, one answer a reply. Reading, asking and printing; the rules decide."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.core.classify import GENERIC, Verdict
from bot.core.durations import duration_words
from bot.errors import DeferbotError
from bot.knowledge import Knowledge

ANYBODY = frozenset({"", GENERIC, "internal", "unknown"})
"""Names for "no provider": the reply's own signature decides."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reply means. `provider`: an ISP key, "" where neither caller nor text names one."""

    provider: str
    verdict: Verdict


def provider_key(name: str, knowledge: Knowledge) -> str:
    """The ISP key for any usual name, "" for a name that means nobody.

    Raises: DeferbotError with the nearest name where none is known.
    """
    asked = name.strip().lower()
    if asked in ANYBODY:
        return ""
    if key := knowledge.isps.resolve(asked):
        return key
    near = knowledge.isps.nearest(asked)
    hint = f"did you mean {near}?" if near else "leave --provider out and the reply's own words decide."
    raise DeferbotError(f'--provider: a name or domain of playbooks/isps.yaml expected, found "{name}"; {hint}')


def answers(replies: Iterable[str], provider: str, knowledge: Knowledge) -> Iterator[Answer]:
    """One answer for each reply, in order. `provider`: an ISP key, or "" to go by the reply's own signature."""
    for reply in replies:
        verdict = knowledge.classifier.classify(reply, provider)
        named = verdict.provider or knowledge.isps.of_record(queue="", mx="", rcpt_domain="", reply=reply)
        yield Answer(named if named != "unknown" else "", verdict)


def to_json(answer: Answer) -> str:
    """One line of JSON; non-ASCII escaped, so that no byte of the far end's reaches a terminal raw."""
    verdict = answer.verdict
    return json.dumps(
        {
            "provider": answer.provider,
            "category": verdict.category.value,
            "dsn_class": _kind(verdict),
            "rule": verdict.rule_id,
            "confidence": verdict.confidence.value,
            "severity": verdict.severity,
            "retry_hint_s": verdict.retry_hint_s,
            "advised_wait_s": verdict.advised_wait_s,
            "blamed": verdict.blamed.value,
            "pressure": verdict.pressure,
            "lasting": verdict.lasting,
            "explanation": verdict.meaning,
            "check": verdict.check,
            "link": verdict.link,
        }
    )


def to_text(answer: Answer, knowledge: Knowledge) -> str:
    """A few lines for people."""
    verdict = answer.verdict
    title = knowledge.isps.title(answer.provider) if answer.provider else "any provider"
    kind = _kind(verdict)
    if verdict.pressure:
        kind += ", but it clears by itself"
    if verdict.lasting:
        kind += ", but it will not clear by itself"
    return "\n".join(
        (
            f"{verdict.category.value} ({verdict.category.words}), {kind}",
            f"  {title}, {_rule(verdict)}, confidence {verdict.confidence.value}",
            f"  {verdict.meaning}",
            f"  {verdict.check}",
            *_more(verdict),
        )
    )


def _kind(verdict: Verdict) -> str:
    return "permanent" if verdict.permanent else "transient"


def _rule(verdict: Verdict) -> str:
    return f"rule {verdict.rule_id}" if verdict.rule_id else "no rule"


def _more(verdict: Verdict) -> Iterator[str]:
    if verdict.blamed:
        yield f"  blames: {verdict.blamed.value}"
    if verdict.retry_hint_s is not None:
        yield f"  the reply asks to wait {duration_words(timedelta(seconds=verdict.retry_hint_s))}"
    elif verdict.advised_wait_s is not None:
        yield f"  wait {duration_words(timedelta(seconds=verdict.advised_wait_s))} before the next try"
    if verdict.link:
        yield f"  {verdict.link}"
