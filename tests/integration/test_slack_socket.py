"""The socket: connected, rebuilt when it stays away, closed for good."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.sim.slack.server import LocalSlack
from bot.slack.socket import Socket
from tests.local_slack_bot import ANN, new_app


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    made = LocalSlack(people=[ANN])
    made.start()
    yield made
    made.stop()


def test_it_connects_is_rebuilt_after_patience_and_closes(slack: LocalSlack, caplog: pytest.LogCaptureFixture) -> None:
    app = new_app(slack)
    socket = Socket(app, slack.app_token, patience=2)
    assert not socket.is_connected()
    socket.start()
    slack.wait_connected()
    assert socket.is_connected()
    first = socket._handler
    assert first is not None
    first.client.auto_reconnect_enabled = False  # as the SDK behaves while it is stuck on a dead address
    slack.close_sockets()
    slack.wait_for(lambda: not socket.is_connected())
    with caplog.at_level(logging.WARNING):
        socket.tend()
        assert socket._handler is first
        socket.tend()
    assert "socket rebuilt" in caplog.text
    slack.wait_connected()
    assert socket.is_connected()
    assert socket._handler is not first
    slack.close_sockets()
    socket.close()
    socket.tend()
    assert not socket.is_connected()
    app.listener_runner.listener_executor.shutdown()


def test_a_look_while_connected_changes_nothing(slack: LocalSlack) -> None:
    app = new_app(slack)
    socket = Socket(app, slack.app_token, patience=1)
    socket.start()
    slack.wait_connected()
    handler = socket._handler
    socket.tend()
    assert socket._handler is handler
    slack.close_sockets()
    socket.close()
    app.listener_runner.listener_executor.shutdown()
