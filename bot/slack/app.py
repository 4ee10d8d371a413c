"""The Bolt app: listeners that only acknowledge and hand over, wired to the services behind them."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import App, BoltResponse
from slack_sdk import WebClient

from bot.ports import Wake
from bot.slack.actions import register_actions
from bot.slack.adoption import register_adoption
from bot.slack.commands import register_commands
from bot.slack.dedupe import Dedupe
from bot.slack.desk import Desk, failure, new_error_id
from bot.slack.events import register_events
from bot.slack.home import register_home
from bot.slack.messages import refusals
from bot.slack.services import SlackServices
from bot.slack.views import register_views

__all__ = ["SlackServices", "build_app"]

log = logging.getLogger("bot.slack.bolt")


def build_app(
    client: WebClient,
    services: SlackServices,
    pool: ThreadPoolExecutor,
    wake: Wake,
    *,
    channel: str,
    operators: str = "people on call",
    signing_secret: str = "",
) -> App:
    """Make the app; nothing is sent before a request arrives.

    Args:
        client: Its token and base_url are used for every call.
        pool: Where all work runs that a listener starts.
        wake: Called where the outbox has something new to post.
        channel: Where alerts go; the private answers go there too where a request names no channel.
        operators: Who may apply changes, as words for people (`SlackRoles.words()`).
        signing_secret: Needed in HTTP mode only.
    """
    app = App(client=client, signing_secret=signing_secret, token_verification_enabled=False, logger=log)
    desk = Desk(client, services, pool, wake, channel=channel, operators=operators)
    app.use(Dedupe().middleware)
    register_commands(app, desk)
    register_actions(app, desk)
    register_adoption(app, desk)
    register_views(app, desk)
    register_home(app, desk)
    register_events(app, desk)

    def failed(error: Exception, body: dict[str, Any]) -> BoltResponse:
        caller, error_id = desk.caller(body), new_error_id()
        log.error("request failed", extra=failure(error_id, caller, error), exc_info=error)
        desk.tell(caller, refusals.broken(error_id))
        return BoltResponse(status=200, body="")

    app.error(failed)
    return app
