"""The chat.* methods."""

from __future__ import annotations

from bot.sim.slack import limits, people
from bot.sim.slack.content import Content
from bot.sim.slack.messages import Message
from bot.sim.slack.rates import TIER_3, TIER_4, RateGate
from bot.sim.slack.state import Channel, Workspace
from bot.sim.slack.wire import ApiRefusal, Call, Json, Method


class ChatApi:
    """Raises in every method: ApiRefusal, with the code Slack has for the case."""

    def __init__(self, workspace: Workspace, content: Content, gate: RateGate, scopes: frozenset[str]) -> None:
        self._workspace = workspace
        self._content = content
        self._gate = gate
        self._scopes = scopes

    def methods(self) -> dict[str, Method]:
        write = ("chat:write",)
        return {
            "chat.postMessage": Method(self.post, write),
            "chat.update": Method(self.update, write, TIER_3),
            "chat.delete": Method(self.delete, write, TIER_3),
            "chat.postEphemeral": Method(self.post_ephemeral, write, TIER_4),
            "chat.getPermalink": Method(self.permalink),
        }

    def post(self, call: Call) -> Json:
        channel = self._writable(call)
        body = self._content.read(call)
        if body.empty:
            raise ApiRefusal("no_text")
        metadata = _metadata(call)
        thread_ts = self._thread(channel, call.text("thread_ts"))
        if wait_s := self._gate.post(channel.id):
            raise ApiRefusal("ratelimited", retry_after=wait_s)
        message = self._workspace.post(
            Message(
                channel.id,
                self._workspace.new_ts(),
                people.BOT_USER,
                body.text[: limits.MESSAGE_TEXT],
                body.blocks or [],
                body.attachments or [],
                thread_ts=thread_ts,
                reply_broadcast=call.flag("reply_broadcast") and bool(thread_ts),
                metadata=metadata,
            )
        )
        return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.to_slack()}

    def update(self, call: Call) -> Json:
        channel = self._workspace.channel(call.need("channel"))
        message = self._workspace.lasting(channel.id, call.need("ts"))
        if not message.is_bot:
            raise ApiRefusal("cant_update_message")
        if len(call.text("text")) > limits.UPDATE_TEXT:
            raise ApiRefusal("msg_too_long")
        body = self._content.read(call)
        if body.empty:
            raise ApiRefusal("no_text")
        metadata = _metadata(call)
        # Text alone takes the blocks away; attachments stay until they are named.
        self._workspace.rewrite(message, body.text, body.blocks or [], body.attachments)
        message.metadata = metadata or message.metadata
        shape = message.to_slack()
        return {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text, "message": shape}

    def delete(self, call: Call) -> Json:
        channel = self._workspace.channel(call.need("channel"))
        message = self._workspace.lasting(channel.id, call.need("ts"))
        if not message.is_bot:
            raise ApiRefusal("cant_delete_message")
        self._workspace.remove(message)
        return {"ok": True, "channel": channel.id, "ts": message.ts}

    def post_ephemeral(self, call: Call) -> Json:
        channel = self._writable(call)
        user = call.need("user")
        if user not in self._workspace.people:
            raise ApiRefusal("user_not_in_channel")
        body = self._content.read(call)
        if body.empty:
            raise ApiRefusal("no_text")
        if len(body.text) > limits.MESSAGE_TEXT:
            raise ApiRefusal("msg_too_long")
        message = self._workspace.post(
            Message(
                channel.id,
                self._workspace.new_ts(),
                people.BOT_USER,
                body.text,
                body.blocks or [],
                body.attachments or [],
                thread_ts=self._thread(channel, call.text("thread_ts")),
                ephemeral_to=user,
            )
        )
        return {"ok": True, "message_ts": message.ts}

    def permalink(self, call: Call) -> Json:
        channel = self._workspace.channel(call.need("channel"))
        message = self._workspace.lasting(channel.id, call.need("message_ts"))
        link = f"https://{people.TEAM_DOMAIN}.slack.example/archives/{channel.id}/p{message.ts.replace('.', '')}"
        return {"ok": True, "channel": channel.id, "permalink": link}

    def _writable(self, call: Call) -> Channel:
        channel = self._workspace.channel(call.need("channel"))
        if not channel.bot_is_member and "chat:write.public" not in self._scopes:
            raise ApiRefusal("not_in_channel")
        return channel

    def _thread(self, channel: Channel, ts: str) -> str:
        """The root's time stamp, also where a reply was named."""
        if not ts:
            return ""
        root = self._workspace.find(channel.id, ts)
        if root is None or root.ephemeral_to:
            raise ApiRefusal("cannot_reply_to_message")
        return root.thread_ts or root.ts


def _metadata(call: Call) -> Json | None:
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not metadata.get("event_type"):
        raise ApiRefusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise ApiRefusal("invalid_metadata_schema")
    return metadata
