"""A finished message: what the channel shows and the sentence that stands for it in a notification."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import slackblocks as sb

from bot.slack.messages import texts

Json = dict[str, Any]

_GENERATED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is a full sentence (notification, screen reader). `blocks` come first; `tail` follows beside a bar
    in `color`, the state's colour, which only an attachment can have. Both are plain Block Kit JSON."""

    text: str
    blocks: tuple[Json, ...]
    color: str = ""
    tail: tuple[Json, ...] = ()

    def payload(self) -> Json:
        """The arguments of chat.postMessage, chat.update, chat.postEphemeral and of a response_url."""
        tail = [{"color": self.color, "blocks": list(self.tail)}] if self.tail else []
        return {"text": self.text, "blocks": list(self.blocks), "attachments": tail}


def message(
    text: str, blocks: Sequence[sb.Block], *, key: str, color: str = "", tail: Sequence[sb.Block] = ()
) -> Message:
    """Check with slackblocks, then number the blocks `<key>-<n>`: changed content under a changed key is redrawn."""
    attachments = [sb.Attachment(blocks=list(tail), color=color or None)] if tail else None
    shown = sb.Message(channel="C", text=text, blocks=list(blocks), attachments=attachments).to_dict()
    after: list[Json] = shown["attachments"][0]["blocks"] if tail else []
    _number([*shown.get("blocks", []), *after], key)
    return Message(text, tuple(shown.get("blocks", [])), color, tuple(after))


def modal(
    title: str,
    blocks: Sequence[sb.Block],
    *,
    callback: str = "",
    submit: str | None = None,
    close: str = "Close",
    metadata: str = "",
) -> Json:
    """A modal view; `callback` and `metadata` come back with its submission."""
    view: Json = sb.ModalView(
        title=title,
        blocks=list(blocks),
        close=close,
        submit=submit,
        callback_id=callback or None,
        private_metadata=metadata or None,
    ).to_dict()
    _number(view["blocks"], callback or "view")
    return view


def home_tab(blocks: Sequence[sb.Block]) -> Json:
    view: Json = sb.HomeTabView(blocks=list(blocks)).to_dict()
    _number(view["blocks"], "home")
    return view


def _number(blocks: Sequence[Json], key: str) -> None:
    """slackblocks gives every block a random id: the same message must always be the same JSON."""
    for place, block in enumerate(blocks):
        if _GENERATED.fullmatch(block["block_id"]):
            block["block_id"] = f"{key}-{place}"


def section(text: str) -> sb.SectionBlock:
    """Finished mrkdwn; what Slack would refuse as too long is cut."""
    return sb.SectionBlock(text=sb.Text(texts.fit(text), type_=sb.TextType.MARKDOWN, verbatim=True))


def context(text: str) -> sb.ContextBlock:
    return sb.ContextBlock(elements=[sb.Text(texts.fit(text), type_=sb.TextType.MARKDOWN, verbatim=True)])


def quote(reply: str) -> sb.RichTextBlock:
    """A mail server's words, quoted. Rich text is never parsed, so nothing in it can format, link or mention."""
    return sb.RichTextBlock(elements=sb.RichTextQuote(elements=sb.RichText(texts.sample(reply) or "(empty)")))
