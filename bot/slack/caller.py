"""The person behind a click, command or submission, and how to answer them privately."""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt import Respond
from slack_sdk import WebClient

from bot.errors import ChatError
from bot.slack.chat import BLOCKS_REFUSED, call
from bot.slack.messages.message import Json, Message
from bot.slack.messages.table import plainer

log = logging.getLogger(__name__)

NOT_IN_CHANNEL = frozenset({"user_not_in_channel", "channel_not_found", "not_in_channel"})


class Caller:
    """One request's person. `answer` may be called from any thread, up to five times within 30 minutes."""

    def __init__(self, client: WebClient, body: dict[str, Any], respond: Respond | None, home_channel: str) -> None:
        user = body.get("user")
        self.user: str = user["id"] if isinstance(user, dict) else body.get("user_id", "")
        self.trigger_id: str = body.get("trigger_id", "")
        self._client = client
        self._respond = respond if respond is not None and respond.response_url else None
        channel = body.get("channel")
        self._channel: str = channel["id"] if isinstance(channel, dict) else body.get("channel_id") or home_channel

    def answer(self, message: Message, *, replace: bool = False) -> None:
        """Show `message` to this person alone; where no way is left, it is in the log. `replace`: in the place of the
        message whose button was clicked, if that can still be done."""
        plain = plainer(message)
        tries = [message] if plain == message else [message, plain]
        if self._respond is not None and any(self._by_url(self._respond, each, replace) for each in tries):
            return
        try:
            self._ephemeral(tries)
        except ChatError as error:
            log.warning("answer not delivered", extra={"action": "answer_lost", "user": self.user, "error": str(error)})

    def open_view(self, view: Json) -> tuple[str, str]:
        """(view id, hash) of a modal opened for this person. Raises: ChatError, after 3 s `expired_trigger_id`."""
        opened = call(self._client.views_open, trigger_id=self.trigger_id, view=view)["view"]
        return str(opened["id"]), str(opened["hash"])

    def update_view(self, view_id: str, view: Json) -> None:
        """Replace what the modal shows; one that was closed meanwhile stays closed."""
        try:
            call(self._client.views_update, view_id=view_id, view=view)
        except ChatError as error:
            if error.code not in ("not_found", "hash_conflict"):
                raise

    def publish_home(self, view: Json) -> None:
        call(self._client.views_publish, user_id=self.user, view=view)

    def _by_url(self, respond: Respond, message: Message, replace: bool) -> bool:
        try:
            answer = respond(response_type="ephemeral", replace_original=replace, **message.payload())
        except OSError as error:
            log.warning("response_url not reached", extra={"action": "respond_failed", "error": str(error)})
            return False
        return answer.status_code == 200 and '"ok":false' not in answer.body.replace(" ", "")

    def _ephemeral(self, tries: list[Message]) -> None:
        """The first of `tries` whose blocks Slack takes."""
        first, *plainer = tries
        try:
            self._show(first)
        except ChatError as error:
            if error.code not in BLOCKS_REFUSED or not plainer:
                raise
            self._ephemeral(plainer)

    def _show(self, message: Message) -> None:
        """In the channel for these eyes only, or in a direct message to who is not in the channel."""
        payload = message.payload()
        try:
            call(self._client.chat_postEphemeral, channel=self._channel, user=self.user, **payload)
        except ChatError as error:
            if error.code not in NOT_IN_CHANNEL:
                raise
            call(self._client.chat_postMessage, channel=self.user, **payload)
