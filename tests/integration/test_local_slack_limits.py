"""Every limit of the local Slack: at the limit a payload passes, one above it is refused with Slack's code."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sim.slack.blocks import check_blocks, check_message, check_view
from bot.sim.slack.server import LocalSlack, RateLimits
from tests.local_slack_bot import ANN, BO, client_of, refused
from tests.local_slack_payloads import FINE, Json, line, modal, plain, section, table
from tests.local_slack_rows import MESSAGE_ROWS, VIEW_ROWS


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    slack = LocalSlack(people=[ANN, BO], limits=RateLimits(post_burst=1000))
    slack.start()
    yield slack
    slack.stop()


@pytest.fixture(scope="module")
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


@pytest.mark.parametrize(("what", "fits", "too_much", "says"), MESSAGE_ROWS, ids=[row[0] for row in MESSAGE_ROWS])
def test_message_limit(client: WebClient, what: str, fits: Sequence[Json], too_much: Sequence[Json], says: str) -> None:
    client.chat_postMessage(channel="C0LOCAL", text=what, blocks=list(fits))
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0LOCAL", text=what, blocks=list(too_much))
    answer = caught.value.response
    assert answer["error"] == "invalid_blocks"
    assert any(says in sentence for sentence in answer["errors"]), answer["errors"]
    assert answer["response_metadata"]["messages"][0] == f"[ERROR] {answer['errors'][0]}"


@pytest.mark.parametrize(("what", "fits", "too_much", "says"), VIEW_ROWS, ids=[row[0] for row in VIEW_ROWS])
def test_view_limit(client: WebClient, what: str, fits: Json, too_much: Json, says: str) -> None:
    assert check_view(fits) == [], what
    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id="1.2.x", view=too_much)
    assert caught.value.response["error"] == "invalid_arguments"
    messages = caught.value.response["response_metadata"]["messages"]
    assert any(says in sentence for sentence in messages), messages


def test_a_home_takes_no_charts(client: WebClient) -> None:
    client.views_publish(user_id=ANN.id, view={"type": "home", "blocks": [FINE]})
    view = {"type": "home", "blocks": [line()]}
    assert refused(client, "views.publish", user_id=ANN.id, view=view) == "invalid_arguments"


def test_sizes_that_have_codes_of_their_own(client: WebClient) -> None:
    texts = [section(text=plain(2640)) for _ in range(5)]
    client.chat_postMessage(channel="C0LOCAL", text="13,200 characters", blocks=texts)
    over = [*texts, section(text=plain(1))]
    assert refused(client, "chat.postMessage", channel="C0LOCAL", text="x", blocks=over) == "msg_blocks_too_long"
    attachment = {"color": "#a30200", "blocks": [FINE]}
    client.chat_postMessage(channel="C0LOCAL", text="x", attachments=[attachment] * 100)
    many = [attachment] * 101
    assert refused(client, "chat.postMessage", channel="C0LOCAL", text="x", attachments=many) == "too_many_attachments"
    bad = [{"color": "#a30200", "blocks": [section()]}]
    assert refused(client, "chat.postMessage", channel="C0LOCAL", text="x", attachments=bad) == "invalid_attachments"
    big = modal(blocks=[section(text=plain(2900))] * 90)
    assert refused(client, "views.open", trigger_id="1.2.x", view=big) == "view_too_large"
    ts = client.chat_postMessage(channel="C0LOCAL", text="x" * 40_001)["message"]["ts"]
    assert refused(client, "chat.update", channel="C0LOCAL", ts=ts, text="x" * 4001) == "msg_too_long"
    assert len(client.chat_update(channel="C0LOCAL", ts=ts, text="x" * 4000)["text"]) == 4000


def test_one_table_counts_over_blocks_and_attachments() -> None:
    flaws = check_message([table(1, 1)], [{"blocks": [table(1, 1)]}])
    assert [str(flaw) for flaw in flaws] == ["only_one_table_allowed [json-pointer:/attachments/0/blocks/0]"]


def test_blocks_validate_answers_in_slacks_shape_and_asks_for_no_token(slack: LocalSlack) -> None:
    nobody = client_of(slack, "")
    assert nobody.api_call("blocks.validate", params={"blocks": '[{"type": "divider"}]'})["ok"]
    with pytest.raises(SlackApiError) as caught:
        nobody.api_call("blocks.validate", json={"blocks": [section(text={"type": "invalid", "text": "x"})]})
    assert caught.value.response.data == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [
            {
                "code": "failed_constraint",
                "message": "unsupported type: invalid",
                "pointer": "/0/text/type",
                "field": "type",
                "constraint": {"type": "enum", "expected": ["plain_text", "mrkdwn"]},
            }
        ],
    }
    assert refused(nobody, "blocks.validate", view={"type": "modal", "blocks": []}) == "invalid_view"
    assert refused(nobody, "blocks.validate", message={"blocks": [section()]}) == "invalid_message"
    assert refused(nobody, "blocks.validate", message={"blocks": []}, view=modal()) == "invalid_arguments"
    assert refused(nobody, "blocks.validate") == "invalid_arguments"


def test_a_workspace_without_charts_refuses_them() -> None:
    slack = LocalSlack(people=[ANN], charts=False)
    slack.start()
    try:
        with pytest.raises(SlackApiError) as caught:
            client_of(slack).chat_postMessage(channel="C0LOCAL", text="x", blocks=[line()])
        assert caught.value.response["errors"] == ["unsupported type: data_visualization [json-pointer:/blocks/0/type]"]
    finally:
        slack.stop()


_JUNK: list[Any] = [None, True, 0, -1, 1.5, "", "modal", [], [None], [[]], {}, {"type": 3}, {"type": "button"}, [{}]]
_PAYLOADS: list[Json] = [{"blocks": fits} for _, fits, _, _ in MESSAGE_ROWS] + [fits for _, fits, _, _ in VIEW_ROWS]


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a payload."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from places(inner)


@given(st.data())
def test_no_payload_makes_the_checker_fail(data: st.DataObject) -> None:
    """Junk anywhere in a payload is judged, never an exception."""
    payload = copy.deepcopy(data.draw(st.sampled_from(_PAYLOADS)))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(places(payload))))
        holder[key] = copy.deepcopy(data.draw(st.sampled_from(_JUNK)))
    flaws = check_message(payload.get("blocks"), payload.get("blocks"))
    assert isinstance(payload.get("blocks"), list | None) or flaws
    assert check_view(payload) or payload["type"] in {"modal", "home"}
    assert check_blocks(payload), "a bare view or message is no list of blocks"
