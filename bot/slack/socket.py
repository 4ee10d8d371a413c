"""Socket Mode: connected, noticed when it is not, closed cleanly."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.errors import ChatError
from bot.slack.chat import OPEN_SOCKET, call, sorted_faults

log = logging.getLogger(__name__)

PING_INTERVAL_S = 2
"""The SDK's own 10 took 55 s to notice a dead server, 2 took 7 s."""

SDK_LOG = "slack_sdk.socket_mode"
"""The SDK tells a dead Slack every two seconds; `tend` tells it once."""


class Socket:
    """Owns the handler; `tend` is called by a timer and replaces a handler that cannot find back by itself."""

    def __init__(self, app: App, app_token: str, *, patience: int = 3) -> None:
        """`patience`: how many looks in a row may find it unconnected before the handler is rebuilt."""
        self._app = app
        self._app_token = app_token
        self._patience = patience
        self._handler: SocketModeHandler | None = None
        self._missed = 0
        self._trouble = ""
        self._guard = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Try both tokens and connect. Where Slack gives no answer, say so once and leave the rest to `tend`.

        Raises: ChatError where Slack refuses a token: trying again cannot help.
        """
        with self._guard:
            self._closed = False
            try:
                call(self._app.client.auth_test)
                self._handler = self._connect()
            except ChatError as error:
                if error.permanent:
                    raise
                self._stumbled(error)

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
            self._drop()
            try:
                self._handler = self._connect()
            except ChatError as error:
                self._stumbled(error)
            else:
                self._trouble = ""
                log.warning("socket rebuilt", extra={"action": "socket_rebuilt"})

    def close(self) -> None:
        """Take no more requests; those under way are finished by the SDK's workers."""
        with self._guard:
            self._closed = True
            self._drop()

    def _connect(self) -> SocketModeHandler:
        handler = SocketModeHandler(
            self._app, self._app_token, logger=logging.getLogger(SDK_LOG), ping_interval=PING_INTERVAL_S
        )
        try:
            with sorted_faults(OPEN_SOCKET):
                handler.client.connect()
        except ChatError:
            self._handler = handler
            self._drop()  # ends the threads that the SDK starts before it connects
            raise
        return handler

    def _stumbled(self, error: ChatError) -> None:
        if str(error) != self._trouble:
            log.warning("Slack cannot be reached; trying on", extra={"action": "socket_failed", "error": str(error)})
        self._trouble = str(error)

    def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        handler.client.auto_reconnect_enabled = False
        # the SDK's reader thread may close the same socket first, and the SDK then trips over its own None
        with suppress(AttributeError):
            handler.client.close()
