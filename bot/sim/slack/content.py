"""What a message may hold, checked by Slack's rules, and where it goes: posts, ephemerals, answers to commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sim.slack import blocks as block_rules
from bot.sim.slack import limits, people
from bot.sim.slack.files import FileShelf
from bot.sim.slack.messages import Message
from bot.sim.slack.probe import Flaw
from bot.sim.slack.state import Workspace
from bot.sim.slack.wire import ApiRefusal, Call, Json


@dataclass(frozen=True)
class Body:
    """Text, blocks and attachments of a message; None where the call did not name them."""

    text: str
    blocks: list[Json] | None
    attachments: list[Json] | None

    @property
    def empty(self) -> bool:
        return not (self.text.strip() or self.blocks or self.attachments)


def refusal(code: str, flaws: list[Flaw]) -> ApiRefusal:
    """Chat methods list what is wrong twice: in `errors` and, marked, among the messages."""
    sentences = [str(flaw) for flaw in flaws]
    return ApiRefusal(
        code, errors=sentences, response_metadata={"messages": [f"[ERROR] {sentence}" for sentence in sentences]}
    )


class Content:
    """`charts` is False in a workspace without the `data_visualization` block."""

    def __init__(self, workspace: Workspace, files: FileShelf, *, charts: bool) -> None:
        self._workspace = workspace
        self._files = files
        self.charts = charts

    def read(self, call: Call) -> Body:
        """What a call wants to say.

        Raises: ApiRefusal `invalid_blocks_format`, `invalid_attachments`, `invalid_blocks`, `too_many_attachments`,
            `msg_blocks_too_long`, `markdown_text_conflict`.
        """
        blocks = _listed(call, "blocks", "invalid_blocks_format")
        attachments = _listed(call, "attachments", "invalid_attachments")
        text = call.text("text")
        if markdown := call.text("markdown_text"):
            if text or blocks:
                raise ApiRefusal("markdown_text_conflict")
            text = markdown
        self._check(blocks, attachments)
        return Body(text, blocks, attachments)

    def _check(self, blocks: list[Json] | None, attachments: list[Json] | None) -> None:
        if attachments and len(attachments) > limits.MESSAGE_ATTACHMENTS:
            raise ApiRefusal("too_many_attachments")
        flaws = block_rules.check_message(blocks, attachments, charts=self.charts)
        flaws += self._unknown_files(blocks or [])
        if own := [flaw for flaw in flaws if flaw.pointer.startswith("/blocks")]:
            raise refusal("invalid_blocks", own)
        if flaws:
            raise refusal("invalid_attachments", flaws)
        if block_rules.text_total(blocks, attachments) > limits.MESSAGE_CHARACTERS:
            raise ApiRefusal("msg_blocks_too_long")

    def _unknown_files(self, blocks: list[Json]) -> list[Flaw]:
        return [
            Flaw(f"/blocks/{number}/slack_file", "invalid slack file")
            for number, block in enumerate(blocks)
            if isinstance(block, dict)
            and block.get("type") == "image"
            and "slack_file" in block
            and not self._files.known(block["slack_file"])
        ]

    def say(self, payload: Json, channel: str, user: str, *, thread_ts: str) -> Message:
        """Post what an ack or a response URL carries: for everybody with `in_channel`, else for `user` alone.

        Raises: ApiRefusal `no_text` and those of `read`.
        """
        body = self.read(Call("respond", payload))
        if body.empty:
            raise ApiRefusal("no_text")
        private = payload.get("response_type") != "in_channel"
        return self._workspace.post(
            Message(
                channel,
                self._workspace.new_ts(),
                people.BOT_USER,
                body.text,
                body.blocks or [],
                body.attachments or [],
                thread_ts=str(payload.get("thread_ts") or thread_ts),
                ephemeral_to=user if private else "",
            )
        )


def _listed(call: Call, name: str, code: str) -> list[Json] | None:
    value: Any = call.structure(name, code)
    if value is not None and not isinstance(value, list):
        raise ApiRefusal(code)
    return value
