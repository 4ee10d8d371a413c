"""Socket Mode: connected, noticed when it is not, closed cleanly."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

log = logging.getLogger(__name__)

PING_INTERVAL_S = 2
"""The SDK's own 10 took 55 s to notice a dead server, 2 took 7 s."""


class Socket:
    """Owns the handler; `tend` is called by a timer and replaces a handler that cannot find back by itself."""

    def __init__(self, app: App, app_token: str, *, patience: int = 3) -> None:
        """`patience`: how many looks in a row may find it unconnected before the handler is rebuilt."""
        self._app = app
        self._app_token = app_token
        self._patience = patience
        self._handler: SocketModeHandler | None = None
        self._missed = 0
        self._guard = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Connect; returns once connected.

        Raises: what the SDK raises where Slack cannot be reached or refuses the app token.
        """
        with self._guard:
            self._closed = False
            self._handler = self._connect()

    def is_connected(self) -> bool:
        handler = self._handler
        return handler is not None and bool(handler.client.is_connected())

    def tend(self) -> None:
        """Look once; rebuild the handler after `patience` looks without a connection."""
        with self._guard:
            if self._closed or self.is_connected():
                self._missed = 0
                return
            self._missed += 1
            if self._missed < self._patience:
                return
            self._missed = 0
            log.warning("socket rebuilt", extra={"action": "socket_rebuilt"})
            self._drop()
            self._handler = self._connect()

    def close(self) -> None:
        """Take no more requests; those under way are finished by the SDK's workers."""
        with self._guard:
            self._closed = True
            self._drop()

    def _connect(self) -> SocketModeHandler:
        handler = SocketModeHandler(self._app, self._app_token, ping_interval=PING_INTERVAL_S)
        handler.client.connect()
        return handler

    def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        handler.client.auto_reconnect_enabled = False
        # the SDK's reader thread may close the same socket first, and the SDK then trips over its own None
        with suppress(AttributeError):
            handler.client.close()
