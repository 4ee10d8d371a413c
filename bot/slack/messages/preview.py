"""The modal between click and change: exact commands, what they touch, when it ends, why."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

import slackblocks as sb

from bot.core.change import Change, Plan, Step
from bot.core.durations import duration_words
from bot.slack.messages import texts
from bot.slack.messages.message import Json, modal, section

APPLY = "apply_change"
UNDO = "undo_change"
REASON = "reason"
REASON_MIN = 4
STEPS_SHOWN = 50
PER_HOST = 10
HOSTS_SHOWN = 20


def loading_view(title: str = "Preview") -> Json:
    """Opened at once, before the trigger runs out; replaced by the preview or a refusal."""
    return modal(title, [section("Working out exactly what this would do…")])


def refusal_view(sentence: str, title: str = "Nothing was done") -> Json:
    return modal(title, [section(sentence)])


def preview_view(change: Change, *, now: datetime, hint: str = "") -> Json:
    """`hint` is one sentence of ours about the click itself, such as that the facts have changed since."""
    plan = change.plan
    blocks: list[sb.Block] = [section(_head(plan))]
    if hint:
        blocks.append(section(f"↻ {hint}"))
    if plan.stops_mail:
        alert = f"This stops mail: {texts.count(plan.recipients)} waiting recipients are held until it ends."
        blocks.append(sb.AlertBlock(text=sb.Text(alert, type_=sb.TextType.PLAINTEXT), level="warning"))
    blocks.append(section(_touches(plan, now)))
    if plan.notes:
        blocks.append(section(_notes(plan.notes)))
    blocks += [section(text) for text in _commands(plan.steps)]
    blocks.append(reason_input("rate doubled after the 02:30 campaign"))
    return modal(
        "Check, then apply", blocks, callback=APPLY, submit=_submit(plan), close="Cancel", metadata=str(change.id)
    )


def undo_view(change: Change, *, now: datetime) -> Json:
    """What taking `change` back would run; confirmed by its submit button."""
    plan = change.plan
    until = f" It would end by itself at {texts.at_time(change.ends_at, now)}." if change.ends_at else ""
    who = f" {texts.person(change.applied_by)} applied it." if change.applied_by else ""
    title = f"*Undo: {texts.words(plan.title, 120)}* (CHG-{change.id}) · {_size(plan)}"
    head = f"{title}\nPuts back what was before.{who}{until}"
    blocks = [section(head), *(section(text) for text in _commands(plan.steps, undo=True))]
    return modal(
        "Undo this change?", blocks, callback=UNDO, submit="Undo now", close="Keep it", metadata=str(change.id)
    )


def reason_problem(reason: str) -> str:
    """ "" where the reason will do."""
    if len(" ".join(reason.split())) < REASON_MIN:
        return f"Say why in at least {REASON_MIN} characters: it goes into the thread and the audit log."
    return ""


def _submit(plan: Plan) -> str:
    hosts = len({step.host for step in plan.steps})
    return f"Apply on {texts.counted(hosts, 'host')}" if hosts < 1000 else "Apply"


def _size(plan: Plan) -> str:
    hosts = {step.host for step in plan.steps}
    queues = {(step.host, step.queue) for step in plan.steps}
    return f"{texts.counted(len(hosts), 'host')}, {texts.counted(len(queues), 'queue')}"


def _head(plan: Plan) -> str:
    why = f"\n{texts.closed(texts.sentence(texts.clip(plan.why, 300)))}" if plan.why else ""
    return f"*{texts.words(plan.title, 150)}* · {_size(plan)}{why}"


def _touches(plan: Plan, now: datetime) -> str:
    share = texts.percent(plan.volume_share)
    verb = "Holds" if plan.stops_mail else "Touches"
    lines = [
        f"{verb} *{texts.counted(plan.recipients, 'waiting recipient')}*; {share} of this ISP's recent attempts "
        "went this way.",
        f"Ends by itself after *{duration_words(plan.lasts)}* ({texts.at_time(now + plan.lasts, now)}). "
        "Undo at any time.",
    ]
    return "\n".join(lines)


def _notes(notes: Sequence[str]) -> str:
    lines = [f"⚠ {texts.closed(texts.sentence(texts.clip(note, 300)))}" for note in notes[:6]]
    more = [f"…and {len(notes) - 6} more notes"] if len(notes) > 6 else []
    return "\n".join([*lines, *more])


def reason_input(example: str) -> sb.InputBlock:
    field = sb.PlainTextInput(action_id=REASON, placeholder=example, max_length=300)
    return sb.InputBlock(label="Reason", element=field, block_id=REASON, hint="Goes into the thread and the audit log.")


def _commands(steps: Sequence[Step], *, undo: bool = False) -> list[str]:
    """Per host: what changes in words and the exact command under it; above 50 steps the first few per host."""
    by_host: dict[str, list[Step]] = {}
    for step in steps:
        by_host.setdefault(step.host, []).append(step)
    most = STEPS_SHOWN if len(steps) <= STEPS_SHOWN else PER_HOST
    shown = [text for host, own in list(by_host.items())[:HOSTS_SHOWN] for text in _host(host, own, most, undo)]
    left = list(by_host.values())[HOSTS_SHOWN:]
    if left:
        total = sum(len(own) for own in left)
        shown.append(
            f"…and {texts.counted(total, 'more command')} of the same kind on {texts.counted(len(left), 'host')}"
        )
    return shown


def _host(host: str, steps: Sequence[Step], most: int, undo: bool) -> list[str]:
    """Texts of at most 2,900 characters."""
    lines = [_line(step, undo) for step in steps[:most]]
    if len(steps) > most:
        lines.append(f"…and {len(steps) - most} more of the same kind ({texts.counted(len(steps), 'command')} in all)")
    chunks, chunk = [], f"*{texts.words(host)}*"
    for line in lines:
        if len(chunk) + len(line) > 2900:
            chunks.append(chunk)
            chunk = line
        else:
            chunk += f"\n{line}"
    return [*chunks, chunk]


def _line(step: Step, undo: bool) -> str:
    """ "`gmail.com/gmail-ip-1` running → paused" and the command as it will be run."""
    source = f" {texts.code(step.source_ip)}" if step.source_ip else ""
    before, after = (step.after, step.before) if undo else (step.before, step.after)
    command = texts.code(shlex.join(step.undo_argv if undo else step.argv), 600)
    what = f"{texts.code(step.queue)}{source} {texts.words(before)} → *{texts.words(after)}*"
    return f"{what}\n{command}"
