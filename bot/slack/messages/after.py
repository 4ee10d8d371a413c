"""What became of a change, told to the person who made it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import slackblocks as sb

from bot.core.change import Change, ChangeState, Outcome, StepResult
from bot.slack.messages import buttons, texts
from bot.slack.messages.message import Message, message, section

_GOOD = (Outcome.CONFIRMED, Outcome.UNVERIFIED)


def applied_message(change: Change, *, now: datetime) -> Message:
    """Private answer to the one who applied it."""
    title, total = texts.words(change.plan.title, 120), len(change.plan.steps)
    if change.state is ChangeState.FAILED:
        head = f"✖ *{title}* (CHG-{change.id}) did not take effect; nothing is in force."
    else:
        done = sum(result.outcome in _GOOD for result in change.results)
        until = f", until {texts.at_time(change.ends_at, now)}, by itself" if change.ends_at else ""
        mark = "✔" if done == total else "⚠"
        head = f"{mark} *{title}* (CHG-{change.id}): {done} of {texts.counted(total, 'step')} done{until}."
    blocks: list[sb.Block] = [section("\n".join([head, *_troubles(change, change.results)]))]
    if change.state is ChangeState.APPLIED:
        blocks.append(sb.ActionsBlock(elements=[buttons.undo_button(change.id)]))
    return message(_plain(head), blocks, key=f"chg{change.id}-applied")


def undone_message(change: Change) -> Message:
    """Private answer to the one who took it back."""
    title = texts.words(change.plan.title, 120)
    if change.state in (ChangeState.UNDONE, ChangeState.EXPIRED):
        head = f"✔ *{title}* (CHG-{change.id}) is taken back."
    else:
        head = f"⚠ *{title}* (CHG-{change.id}) is not fully taken back; it stays active and can be tried again."
    blocks: list[sb.Block] = [section("\n".join([head, *_troubles(change, change.undo_results)]))]
    if change.state is ChangeState.APPLIED:
        blocks.append(sb.ActionsBlock(elements=[buttons.undo_button(change.id)]))
    return message(_plain(head), blocks, key=f"chg{change.id}-undone")


def _troubles(change: Change, results: tuple[StepResult, ...]) -> list[str]:
    """Every step that is not simply done: host, step, what PMTA said; and how many were not read back."""
    lines = []
    bad = [result for result in results if result.outcome not in _GOOD]
    for result in bad[:5]:
        step = change.plan.steps[result.step]
        said = f": {texts.code(result.said, texts.SAMPLE_LIMIT)}" if result.said else ""
        lines.append(f"{texts.code(step.host)} {texts.code(step.queue)} {result.outcome.value}{said}")
    if len(bad) > 5:
        lines.append(f"…and {len(bad) - 5} more steps like these")
    unsure = Counter(result.outcome for result in results)[Outcome.UNVERIFIED]
    if unsure:
        lines.append(f"{texts.counted(unsure, 'step')} sent, not verified: nothing readable proves the effect.")
    return lines


def _plain(head: str) -> str:
    return head.replace("*", "")
