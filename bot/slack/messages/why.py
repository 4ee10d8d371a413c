"""The cause with its evidence, in words that the alert and the diagnosis share."""

from __future__ import annotations

import slackblocks as sb

from bot.core.carriers import carriers, of_cause
from bot.core.diagnosis import LATELY, Diagnosis, ReplyLine, Share, Strength
from bot.core.incident import IncidentState
from bot.slack.messages import texts
from bot.slack.messages.message import context, quote

EVIDENCE_LIMIT = 4
SHOWN = 4
_STRENGTH = {
    Strength.LIKELY: "_Likely, not sure._",
    Strength.WEAK: "_Weak: neither the cause nor its place is sure._",
}
BOUNCES_TOLD = 10
"""Fewer refusals of one kind are everyday mail."""


def dominant(diagnosis: Diagnosis) -> ReplyLine | None:
    """The commonest reply of the cause; where the cause is not known, the commonest one at all."""
    fitting = [line for line in diagnosis.replies if line.category is diagnosis.cause]
    return next(iter(fitting or diagnosis.replies), None)


def share_of(line: ReplyLine, diagnosis: Diagnosis) -> str:
    """ "78 %" of this window's deferrals, or "185 bounces": what was refused for good is no part of the deferrals."""
    deferred = diagnosis.now.deferred
    if bounced(line, diagnosis):
        return texts.counted(line.count, "bounce")
    return texts.percent(min(line.count, deferred) / deferred) if deferred else texts.count(line.count)


def bounced(line: ReplyLine, diagnosis: Diagnosis) -> bool:
    """A 5xx reply is a bounce, unless it came more often than anything bounced: PMTA can be told to retry those."""
    return line.code.startswith("5") and line.count <= diagnosis.now.bounced


def refused(diagnosis: Diagnosis) -> str:
    """ "Beside them 185 bounces: `550 5.7.1` …": what is lost because of us; "" where that is next to nothing."""
    lines = [line for line in diagnosis.replies if line.category.aimed_at_us and bounced(line, diagnosis)]
    told, first = max(lines, key=lambda line: line.count, default=None), dominant(diagnosis)
    if told is None or first is None or told is first or told.count < max(BOUNCES_TOLD, diagnosis.now.deferred // 20):
        return ""
    number = f"Beside them {share_of(told, diagnosis)}"
    same = told.meaning == first.meaning and told.code
    return f"{number} for the same reason ({texts.code(told.code)})" if same else f"{number}: {reply_words(told)}"


def reply_words(line: ReplyLine) -> str:
    """ "`421 4.7.0` unusual rate of mail from our IPs": code and meaning."""
    meaning = texts.sentence(texts.clip(line.meaning or line.category.words, 160)).rstrip(".")
    return f"{texts.code(line.code)} {meaning}" if line.code else texts.capital(meaning)


def filed(line: ReplyLine) -> str:
    """ "PMTA files it as `bad-mailbox`": its own category, which is often another; "" where it logged none."""
    return f"PMTA files it as {texts.code(line.filed)}." if line.filed else ""


def why(diagnosis: Diagnosis) -> str:
    """One paragraph: the dominant reply with its share, then what else holds. "" where nothing is known."""
    parts = []
    line = dominant(diagnosis)
    if line is not None:
        of = "" if bounced(line, diagnosis) else f" of {texts.count(diagnosis.now.deferred)} deferrals"
        parts.append(f"{reply_words(line)}, {share_of(line, diagnosis)}{of}")
    parts += filter(None, [refused(diagnosis), _doubt(diagnosis)])
    parts += [texts.sentence(texts.clip(text, 240)).rstrip(".") for text in diagnosis.evidence[:EVIDENCE_LIMIT]]
    return "*Why:* " + " ".join(texts.closed(texts.capital(part)) for part in parts) if parts else ""


def _doubt(diagnosis: Diagnosis) -> str:
    """ "Cannot tell the cause for sure: only 12 replies aimed at us"; "" where it is sure."""
    doubt = diagnosis.causes.doubt if diagnosis.cause is not None else ""
    return f"cannot tell the cause for sure: {texts.sentence(texts.clip(doubt, 240)).rstrip('.')}" if doubt else ""


def do(diagnosis: Diagnosis, state: IncidentState | None) -> str:
    """The recommended action with its reason; without one the advice; "" where there is neither.

    While a change is in force its effect comes first: doing more before it shows is how things get worse.
    """
    if state is IncidentState.RECOVERING:
        return "*Do:* nothing more; this closes by itself once it has lasted."
    if state is IncidentState.MITIGATING:
        return f"*Do:* wait and see: the last {texts.window_words(LATELY)} show the effect before the hour does."
    if diagnosis.blind:
        return "*Do:* look at the hosts first: what is written here is from before they went silent."
    if diagnosis.offers:
        first = diagnosis.offers[0]
        sure = _STRENGTH.get(first.strength, "")
        return " ".join(filter(None, [f"*Do: {texts.closed(texts.words(first.title, 120))}*", _said(first.why), sure]))
    advice = _said(diagnosis.advice)
    return f"*Do:* {advice}" if advice else ""


def beside(diagnosis: Diagnosis) -> list[sb.Block]:
    """The advice that goes with a recommended action, in small print."""
    advice = _said(diagnosis.advice) if diagnosis.offers and not diagnosis.blind else ""
    return [context(advice)] if advice else []


def _said(text: str) -> str:
    return texts.closed(texts.capital(texts.sentence(texts.clip(text, 800))))


def worst_places(diagnosis: Diagnosis) -> str:
    """ "Worst IPs: `192.0.2.10` `.11` · VMTA: `gmail-ip-1`": the few that carry most deferrals."""
    parts = []
    ips = _few(by_trouble(diagnosis, diagnosis.ips))
    if ips:
        parts.append(f"Worst {'IP' if len(ips) == 1 else 'IPs'}: {texts.short_ips(ips[:SHOWN])}{_more(ips)}")
    vmtas = _few(by_trouble(diagnosis, diagnosis.vmtas))
    if vmtas:
        names = " ".join(texts.code(name) for name in vmtas[:SHOWN])
        parts.append(f"{'VMTA' if len(vmtas) == 1 else 'VMTAs'}: {names}{_more(vmtas)}")
    return " · ".join(parts)


def by_trouble(diagnosis: Diagnosis, shares: tuple[Share, ...]) -> tuple[Share, ...]:
    """The diagnosis' `ips` or `vmtas`; where mail is refused for good as if those replies were its deferrals."""
    line = diagnosis.causes.of(diagnosis.cause) if diagnosis.by_refusal else None
    if line is None:
        return shares
    return of_cause(shares, line.ips if shares is diagnosis.ips else line.vmtas)


def _few(shares: tuple[Share, ...]) -> list[str]:
    """Those that stand out; where none does, the three with most deferrals."""
    chosen = carriers(shares) or [share for share in shares if share.tally.deferred][:SHOWN]
    return [share.key for share in chosen]


def _more(names: list[str]) -> str:
    return f" …and {len(names) - SHOWN} more" if len(names) > SHOWN else ""


def sample(diagnosis: Diagnosis) -> list[sb.Block]:
    """The dominant reply as the mail server wrote it."""
    line = dominant(diagnosis)
    return [quote(line.sample)] if line is not None and line.sample else []
