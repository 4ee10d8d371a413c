"""files.getUploadURLExternal and files.completeUploadExternal."""

from __future__ import annotations

from bot.sim.slack import people
from bot.sim.slack.files import UPLOAD_LIMIT, FileShelf, StoredFile
from bot.sim.slack.messages import Message
from bot.sim.slack.rates import TIER_4
from bot.sim.slack.state import Workspace
from bot.sim.slack.wire import ApiRefusal, Call, Json, Method


class FilesApi:
    """`base_url` is set once the server's port is known. Raises in every method: ApiRefusal, with Slack's code."""

    def __init__(self, workspace: Workspace, shelf: FileShelf) -> None:
        self.base_url = ""
        self._workspace = workspace
        self._shelf = shelf

    def methods(self) -> dict[str, Method]:
        write = ("files:write",)
        return {
            "files.getUploadURLExternal": Method(self.reserve, write, TIER_4),
            "files.completeUploadExternal": Method(self.complete, write, TIER_4),
        }

    def reserve(self, call: Call) -> Json:
        length = call.need("length")
        if not length.isdigit():
            raise ApiRefusal("invalid_arguments")
        if int(length) > UPLOAD_LIMIT:
            raise ApiRefusal("file_upload_size_restricted")
        stored = self._shelf.reserve(call.need("filename"))
        return {"ok": True, "upload_url": f"{self.base_url}upload/v1/{stored.ticket}", "file_id": stored.id}

    def complete(self, call: Call) -> Json:
        listed = call.structure("files", "invalid_arguments")
        if not isinstance(listed, list) or not listed:
            raise ApiRefusal("invalid_arguments")
        files = [self._titled(item) for item in listed]
        channels = [key for key in (call.text("channel_id"), *call.text("channels").split(",")) if key]
        shapes = [stored.to_json(people.BOT_USER, self.base_url) for stored in files]
        for key in channels:
            self._share(call, key, shapes)
        for stored in files:
            stored.shared = bool(channels)
        return {"ok": True, "files": shapes}

    def _titled(self, item: object) -> StoredFile:
        if not isinstance(item, dict):
            raise ApiRefusal("invalid_arguments")
        stored = self._shelf.get(str(item.get("id", "")))
        stored.title = str(item.get("title") or stored.name)
        return stored

    def _share(self, call: Call, key: str, shapes: list[Json]) -> None:
        channel = self._workspace.channel(key)
        if not channel.bot_is_member:
            raise ApiRefusal("not_in_channel")
        thread_ts = call.text("thread_ts")
        if thread_ts and self._workspace.find(channel.id, thread_ts) is None:
            thread_ts = ""  # Slack shares such a file in the channel
        text = call.text("initial_comment")
        ts = self._workspace.new_ts()
        self._workspace.post(Message(channel.id, ts, people.BOT_USER, text, files=shapes, thread_ts=thread_ts))
