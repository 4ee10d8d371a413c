"""Events: "@deferbot gmail" is answered like the command; the others that the manifest names need nothing."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import App

from bot.slack.commands import answer
from bot.slack.desk import Desk

_MENTION = re.compile(r"<@[A-Z0-9]+(\|[^>]*)?>")
_NOTHING_TO_DO = ("message", "subteam_members_changed", "subteam_updated", "app_uninstalled", "tokens_revoked")
"""Heard so that Bolt does not log them as unhandled; user groups are read again every five minutes anyway."""


def register_events(app: App, desk: Desk) -> None:
    def mentioned(event: dict[str, Any]) -> None:
        caller = desk.caller({"user_id": event["user"], "channel_id": event["channel"]})
        text = _MENTION.sub(" ", str(event.get("text") or ""))
        desk.start(caller, lambda asking: answer(desk, asking, text))

    def heard() -> None:
        """Nothing follows."""

    app.event("app_mention")(mentioned)
    for name in _NOTHING_TO_DO:
        app.event(name)(heard)
