"""A real Bolt app on a LocalSlack, for tests: starts in moments, leaves no thread behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sim.slack.server import LocalSlack, Person

ANN = Person("U0ANN", "ann", "Ann", operator=True)
BO = Person("U0BO", "bo", "Bo")


class ManualSeconds:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def client_of(slack: LocalSlack, token: str | None = None) -> WebClient:
    """A client without retries: what the server says is what the test sees."""
    return WebClient(slack.bot_token if token is None else token, base_url=slack.api_url, retry_handlers=[])


def refused(client: WebClient, method: str, **args: object) -> str:
    """The error code with which a call is refused."""
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=args)
    return str(caught.value.response["error"])


def new_app(slack: LocalSlack) -> App:
    logger = logging.getLogger("tests.local_slack_bot")
    return App(client=client_of(slack), logger=logger)


@contextmanager
def connected(slack: LocalSlack, app: App, *, sockets: int = 1) -> Iterator[SocketModeHandler]:
    """Connect `app` (the handler that was made last, where several are wanted); close everything at the end."""
    handlers = [SocketModeHandler(app, slack.app_token, ping_interval=2) for _ in range(sockets)]
    for handler in handlers:
        handler.connect()  # type: ignore[no-untyped-call]
    slack.wait_connected(sockets)
    try:
        yield handlers[-1]
    finally:
        for handler in handlers:
            handler.client.auto_reconnect_enabled = False
        slack.close_sockets()
        # The SDK's close() trips over a socket that its receiving thread closes at the same moment.
        slack.wait_for(lambda: not any(handler.client.is_connected() for handler in handlers))
        for handler in handlers:
            handler.client.closed = True
            handler.client.enqueue_message("")  # wakes the SDK's reader, which would else sleep for a second
            handler.close()  # type: ignore[no-untyped-call]
        app.listener_runner.listener_executor.shutdown()
