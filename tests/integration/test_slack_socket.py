"""The socket: connected, rebuilt when it stays away, closed for good."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.errors import ChatError
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


def test_a_refused_app_token_is_told_with_its_name(slack: LocalSlack) -> None:
    app = new_app(slack)
    with pytest.raises(ChatError, match="SLACK_APP_TOKEN") as caught:
        Socket(app, "xapp-other").start()
    assert caught.value.permanent
    app.listener_runner.listener_executor.shutdown()


def test_a_refused_bot_token_is_told_at_the_start_not_at_the_first_alert(slack: LocalSlack) -> None:
    app = new_app(slack)
    app.client.token = "xoxb-other"
    with pytest.raises(ChatError, match="SLACK_BOT_TOKEN"):
        Socket(app, slack.app_token).start()
    app.listener_runner.listener_executor.shutdown()


def test_a_slack_that_does_not_answer_is_told_once_and_tried_again(
    slack: LocalSlack, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app(slack)
    socket = Socket(app, slack.app_token, patience=1)
    alive = app.client.base_url
    app.client.base_url = "http://127.0.0.1:9/api/"  # nothing listens there
    with caplog.at_level(logging.WARNING, "bot.slack.socket"):
        socket.start()
        socket.tend()
        socket.tend()
    told = [record for record in caplog.records if record.name == "bot.slack.socket"]
    assert ["no answer" in str(record.__dict__["error"]) for record in told] == [
        True,
        True,
    ]  # auth.test, then the socket
    app.client.base_url = alive
    socket.tend()
    slack.wait_connected()
    assert socket.is_connected()
    slack.close_sockets()
    socket.close()
    app.listener_runner.listener_executor.shutdown()
