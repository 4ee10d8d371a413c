"""App Home: drawn afresh each time somebody opens it."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from bot.core.change import ACTIVE
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.messages.home import home_view


def register_home(app: App, desk: Desk) -> None:
    def opened(event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            desk.start(desk.caller({"user_id": event["user"]}), lambda caller: show_home(desk, caller))

    app.event("app_home_opened")(opened)


def show_home(desk: Desk, caller: Caller) -> None:
    services = desk.services
    mine_first = sorted(services.incidents.unresolved(), key=lambda one: (one.owner != caller.user, -one.tier, one.id))
    view = home_view(
        services.diagnose.overview(),
        mine_first,
        services.changes.in_states(ACTIVE),
        services.silences.standing(),
        now=services.clock.now(),
    )
    caller.publish_home(view)
