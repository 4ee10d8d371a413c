"""Slack may deliver one click twice; the second one is acknowledged and goes no further."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from slack_bolt import BoltResponse

REMEMBERED = 4096


class Dedupe:
    """A Bolt middleware. Clicks, commands and submissions are known by `trigger_id`, events by `event_id`."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._guard = threading.Lock()

    def middleware(self, body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:
        """`next` is Bolt's own name for what comes after."""
        if self.first_time(str(body.get("trigger_id") or body.get("event_id") or "")):
            return next()
        return BoltResponse(status=200, body="")

    def first_time(self, key: str) -> bool:
        """True once per key; a request without a key always passes."""
        if not key:
            return True
        with self._guard:
            if key in self._seen:
                return False
            self._seen[key] = None
            while len(self._seen) > self._remembered:
                self._seen.popitem(last=False)
            return True
