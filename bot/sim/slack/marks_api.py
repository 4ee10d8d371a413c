"""Small marks on messages and channels: reactions.add, pins.add, bookmarks.add."""

from __future__ import annotations

import re

from bot.sim.slack import people
from bot.sim.slack.rates import TIER_2, TIER_3
from bot.sim.slack.state import Workspace
from bot.sim.slack.wire import ApiRefusal, Call, Json, Method

BOOKMARKS_PER_CHANNEL = 100


class MarksApi:
    """Raises in every method: ApiRefusal, with Slack's code."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> dict[str, Method]:
        return {
            "reactions.add": Method(self.react, ("reactions:write",), TIER_3),
            "pins.add": Method(self.pin, ("pins:write",), TIER_2),
            "bookmarks.add": Method(self.bookmark, ("bookmarks:write",), TIER_2),
        }

    def react(self, call: Call) -> Json:
        name = call.need("name")
        if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
            raise ApiRefusal("invalid_name")
        message = self._workspace.lasting(self._workspace.channel(call.need("channel")).id, call.need("timestamp"))
        if people.BOT_USER in message.reactions.get(name, []):
            raise ApiRefusal("already_reacted")
        with self._workspace.changing():
            message.reactions.setdefault(name, []).append(people.BOT_USER)
        return {"ok": True}

    def pin(self, call: Call) -> Json:
        if not call.text("timestamp"):
            raise ApiRefusal("no_item_specified")
        message = self._workspace.lasting(self._workspace.channel(call.need("channel")).id, call.text("timestamp"))
        if message.pinned:
            raise ApiRefusal("already_pinned")
        with self._workspace.changing():
            message.pinned = True
        return {"ok": True}

    def bookmark(self, call: Call) -> Json:
        channel = self._workspace.channel(call.need("channel_id"))
        if call.need("type") != "link":
            raise ApiRefusal("invalid_bookmark_type")
        link = call.text("link")
        if not link.startswith(("http://", "https://")):
            raise ApiRefusal("invalid_link")
        if len(channel.bookmarks) >= BOOKMARKS_PER_CHANNEL:
            raise ApiRefusal("too_many_bookmarks")
        bookmark: Json = {
            "id": f"Bk{len(channel.bookmarks) + 1:06d}",
            "channel_id": channel.id,
            "title": call.need("title"),
            "link": link,
            "type": "link",
        }
        with self._workspace.changing():
            channel.bookmarks.append(bookmark)
        return {"ok": True, "bookmark": bookmark}
