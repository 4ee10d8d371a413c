"""One message: what Slack's API says of it and what the page draws of it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.sim.slack import people
from bot.sim.slack.wire import Json


@dataclass
class Message:
    """`ephemeral_to` names the one person who sees it, "" where all do; `thread_ts` is "" outside threads."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    reply_broadcast: bool = False
    ephemeral_to: str = ""
    edited_ts: str = ""
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    pinned: bool = False

    @property
    def is_bot(self) -> bool:
        return self.user == people.BOT_USER

    @property
    def is_reply(self) -> bool:
        return bool(self.thread_ts) and self.thread_ts != self.ts

    def to_slack(self) -> Json:
        """As answers, payloads and `message` events show it; a copy that the caller may keep."""
        shape: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": people.TEAM_ID}
        if self.is_bot:
            shape |= {"bot_id": people.BOT_ID, "app_id": people.APP_ID, "bot_profile": people.bot_profile()}
        if self.blocks:
            shape["blocks"] = self.blocks
        if self.attachments:
            shape["attachments"] = [
                {**item, "id": number, "color": str(item.get("color", "")).lstrip("#")}
                for number, item in enumerate(self.attachments, 1)
            ]
        shape |= self._marks()
        return copy.deepcopy(shape)

    def _marks(self) -> Json:
        marks: Json = {}
        if self.files:
            marks["files"] = self.files
        if self.thread_ts:
            marks["thread_ts"] = self.thread_ts
        if self.edited_ts:
            marks["edited"] = {"user": self.user, "ts": self.edited_ts}
        if self.metadata:
            marks["metadata"] = self.metadata
        if self.reactions:
            marks["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in self.reactions.items()]
        return marks

    def to_page(self, display: str, reply_count: int) -> Json:
        return copy.deepcopy(
            {
                "ts": self.ts,
                "channel": self.channel,
                "user": self.user,
                "username": display,
                "is_bot": self.is_bot,
                "text": self.text,
                "blocks": self.blocks,
                "attachments": [
                    {"color": a.get("color", ""), "blocks": a.get("blocks", []), "text": a.get("text", "")}
                    for a in self.attachments
                ],
                "edited": bool(self.edited_ts),
                "thread_ts": self.thread_ts or None,
                "reply_count": reply_count,
                "reply_broadcast": self.reply_broadcast,
                "ephemeral": bool(self.ephemeral_to),
                "files": [{k: f[k] for k in ("id", "url", "name", "title")} for f in self.files],
                "reactions": [{"name": name, "count": len(users)} for name, users in self.reactions.items()],
                "pinned": self.pinned,
            }
        )


class Names:
    """Gives blocks and elements that came without an id one, as Slack does."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = itertools.count(1)

    def fill(self, blocks: list[Json]) -> list[Json]:
        """A copy of `blocks` in which every block has a `block_id` and every interactive element an `action_id`."""
        filled = copy.deepcopy(blocks)
        for block in filled:
            self._fill_block(block)
        return filled

    def fill_attachments(self, attachments: list[Json]) -> list[Json]:
        """As `fill`, for the blocks inside attachments."""
        return [{**item, "blocks": self.fill(item["blocks"])} if item.get("blocks") else item for item in attachments]

    def _fill_block(self, block: Json) -> None:
        block.setdefault("block_id", f"b{next(self._numbers):04x}")
        for element in elements_of(block):
            if element.get("type") not in {"image", "mrkdwn", "plain_text"} and block["type"] != "rich_text":
                element.setdefault("action_id", f"a{next(self._numbers):04x}")
        for child in block.get("child_blocks", []):
            self._fill_block(child)


def elements_of(block: Json) -> list[Json]:
    """The elements that sit directly in a block."""
    found = [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    for key in ("elements", "actions"):
        found += [item for item in block.get(key) or [] if isinstance(item, dict)]
    return found


def blocks_within(blocks: list[Json]) -> Iterator[Json]:
    """Every block, with those inside containers after their container."""
    for block in blocks:
        yield block
        yield from blocks_within(block.get("child_blocks", []))
