"""Socket Mode under stress: refresh, cut sockets, dead links, several sockets, envelopes delivered twice."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from slack_bolt import Ack, App, BoltRequest

from bot.sim.slack.server import LocalSlack
from tests.local_slack_bot import ANN, client_of, connected, new_app


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    slack = LocalSlack(people=[ANN])
    slack.start()
    yield slack
    slack.stop()


class Heard:
    """Trigger ids in the order in which they came."""

    def __init__(self, app: App) -> None:
        self.triggers: list[str] = []
        self.lock = threading.Lock()
        app.command("/deferrals")(self.command)

    def command(self, ack: Ack, body: dict[str, str]) -> None:
        with self.lock:
            self.triggers.append(body["trigger_id"])
        ack()


@pytest.fixture
def app(slack: LocalSlack) -> App:
    return new_app(slack)


@pytest.fixture
def heard(app: App) -> Heard:
    return Heard(app)


def test_without_a_socket_the_person_is_told_at_once(slack: LocalSlack) -> None:
    assert not slack.command(ANN.id, "/deferrals").acked
    assert slack.notices(ANN.id) == ["deferbot is not connected, so this reached nobody."]


def test_after_a_refresh_the_bot_is_back_on_a_new_link(slack: LocalSlack, app: App, heard: Heard) -> None:
    with connected(slack, app):
        slack.disconnect_sockets("refresh_requested")
        slack.wait_connected()
        assert len(slack.calls("apps.connections.open")) >= 2
        assert slack.command(ANN.id, "/deferrals").acked
    assert len(heard.triggers) == 1


def test_after_a_cut_the_bot_is_back(slack: LocalSlack, app: App, heard: Heard) -> None:
    with connected(slack, app):
        assert slack.command(ANN.id, "/deferrals").acked
        slack.kill_sockets()
        slack.wait_connected()
        assert slack.command(ANN.id, "/deferrals").acked
    assert len(heard.triggers) == 2


def test_a_link_serves_one_socket(slack: LocalSlack, app: App) -> None:
    with connected(slack, app) as handler:
        used = str(handler.client.wss_uri)
        assert used.startswith(slack.url.replace("http", "ws"))
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(used.replace("ws", "http", 1))
        assert caught.value.code == 404
        caught.value.close()


def test_dead_links_lead_nowhere_until_they_are_used_up(slack: LocalSlack) -> None:
    slack.dead_links(1)
    client = client_of(slack, slack.app_token)
    dead, alive = (client.apps_connections_open(app_token=slack.app_token)["url"] for _ in range(2))
    for link, status in ((dead, 404), (alive, 400)):  # 400: a live link wants a WebSocket
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(link.replace("ws", "http", 1))
        assert caught.value.code == status
        caught.value.close()


def test_each_envelope_goes_to_one_of_several_sockets(slack: LocalSlack, app: App, heard: Heard) -> None:
    with connected(slack, app, sockets=3):
        for _ in range(6):
            assert slack.command(ANN.id, "/deferrals").acked
    assert len(heard.triggers) == len(set(heard.triggers)) == 6


@pytest.mark.parametrize("sockets", [1, 2])
def test_duplicates_carry_the_same_trigger(slack: LocalSlack, app: App, heard: Heard, sockets: int) -> None:
    with connected(slack, app, sockets=sockets):
        slack.duplicate_envelopes()
        assert slack.command(ANN.id, "/deferrals").acked
        slack.wait_for(lambda: len(heard.triggers) == 2)
    assert len(set(heard.triggers)) == 1


def test_an_event_nobody_acked_comes_again() -> None:
    slack = LocalSlack(people=[ANN], ack_deadline_s=0.3)
    slack.start()
    app = new_app(slack)
    attempts: list[str | None] = []
    hold = threading.Event()

    @app.middleware
    def note(request: BoltRequest, next: Callable[[], object]) -> None:
        attempts.append(request.headers.get("x-slack-retry-num", [None])[0])
        if len(attempts) == 1:
            hold.wait(5)  # longer than the deadline: the first delivery counts as lost
        next()

    @app.event("app_mention")
    def mentioned() -> None:
        pass

    try:
        with connected(slack, app):
            slack.say(ANN.id, "@deferbot hi")
            slack.wait_for(lambda: len(attempts) >= 2)
            hold.set()
    finally:
        slack.stop()
    assert attempts[:2] == ["0", "1"]
