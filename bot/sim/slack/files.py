"""Uploaded files: asked for, filled, shared; kept in memory."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass

from bot.sim.slack.wire import ApiRefusal, Json

UPLOAD_LIMIT = 64 << 20
_TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "csv": "text/csv",
    "json": "application/json",
    "txt": "text/plain",
}


@dataclass
class StoredFile:
    """`data` is None until it was uploaded; `shared` once an upload was completed."""

    id: str
    name: str
    ticket: str
    title: str = ""
    data: bytes | None = None
    shared: bool = False

    @property
    def mime(self) -> str:
        return _TYPES.get(self.name.rpartition(".")[2].lower(), "application/octet-stream")

    @property
    def path(self) -> str:
        return f"/files/{self.id}/{self.name}"

    def to_json(self, user: str, base_url: str) -> Json:
        """As answers and messages carry it; `url` is what the page loads."""
        url = f"{base_url.rstrip('/')}{self.path}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mime,
            "filetype": self.name.rpartition(".")[2].lower(),
            "size": len(self.data or b""),
            "user": user,
            "url": self.path,
            "url_private": url,
            "permalink": url,
        }


class FileShelf:
    """Used from the server's thread; a stored file never goes."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._numbers = itertools.count(1)

    def reserve(self, name: str) -> StoredFile:
        safe = name.replace("/", "_").replace("\\", "_")
        stored = StoredFile(f"F{next(self._numbers):06d}", safe, secrets.token_urlsafe(16))
        self._files[stored.id] = stored
        return stored

    def fill(self, ticket: str, data: bytes) -> StoredFile | None:
        """Store what was uploaded under a ticket; None where no file waits for it."""
        for stored in self._files.values():
            if stored.ticket == ticket and stored.data is None:
                stored.data = data
                return stored
        return None

    def get(self, file_id: str) -> StoredFile:
        """An uploaded file. Raises: ApiRefusal `file_not_found`."""
        stored = self._files.get(file_id)
        if stored is None or stored.data is None:
            raise ApiRefusal("file_not_found")
        return stored

    def known(self, reference: object) -> bool:
        """True where an image block's `slack_file` names an uploaded file."""
        file_id = reference.get("id", "") if isinstance(reference, dict) else ""
        stored = self._files.get(str(file_id))
        return stored is not None and stored.data is not None
