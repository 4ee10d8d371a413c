"""The local Slack's Web API: tokens, scopes, channels, people, views, triggers, rates, ordered faults."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler

from bot.sim.slack.server import ALL_SCOPES, LocalSlack, RateLimits
from tests.local_slack_bot import ANN, BO, ManualSeconds, client_of, refused


@pytest.fixture
def clock() -> ManualSeconds:
    return ManualSeconds()


@pytest.fixture
def slack(clock: ManualSeconds) -> Iterator[LocalSlack]:
    slack = LocalSlack(people=[ANN, BO], clock=clock)
    slack.start()
    yield slack
    slack.stop()


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


def started(**habits: object) -> LocalSlack:
    slack = LocalSlack(people=[ANN, BO], **habits)  # type: ignore[arg-type]
    slack.start()
    return slack


def test_tokens_and_methods_are_checked(slack: LocalSlack, client: WebClient) -> None:
    assert client.auth_test()["user_id"] == "U0LOCALBOT"
    assert refused(client_of(slack, "xoxb-wrong"), "auth.test") == "invalid_auth"
    assert refused(client_of(slack, ""), "auth.test") == "not_authed"
    assert refused(client_of(slack, slack.app_token), "auth.test") == "not_allowed_token_type"
    assert refused(client, "apps.connections.open") == "not_allowed_token_type"
    assert refused(client, "chat.meMessage") == "unknown_method"


def test_a_missing_scope_is_named_with_those_there_are() -> None:
    slack = started(scopes=["chat:write"])
    try:
        with pytest.raises(SlackApiError) as caught:
            client_of(slack).users_info(user=ANN.id)
        assert caught.value.response["error"] == "missing_scope"
        assert caught.value.response["needed"] == "users:read"
        assert caught.value.response["provided"] == "chat:write"
        assert caught.value.response.headers["x-oauth-scopes"] == "chat:write"
    finally:
        slack.stop()


def test_channels_are_found_and_joined() -> None:
    slack = started(scopes=[scope for scope in ALL_SCOPES if scope != "chat:write.public"])
    try:
        client = client_of(slack)
        slack.add_channel("C0OTHER", "other", bot_is_member=False)
        assert refused(client, "chat.postMessage", channel="C0NONE", text="x") == "channel_not_found"
        assert refused(client, "chat.postMessage", channel="C0OTHER", text="x") == "not_in_channel"
        client.conversations_join(channel="C0OTHER")
        assert client.chat_postMessage(channel="C0OTHER", text="x")["channel"] == "C0OTHER"
        assert client.conversations_info(channel="#other")["channel"]["is_member"]
        names = [channel["name"] for channel in client.conversations_list()["channels"]]
        assert names == ["mail-ops", "other"]
    finally:
        slack.stop()


def test_messages_are_refused_with_slacks_codes(slack: LocalSlack, client: WebClient) -> None:
    def post(**args: object) -> str:
        return refused(client, "chat.postMessage", channel="C0LOCAL", **args)

    assert post(text=" ") == "no_text"
    assert post(blocks="{", text="x") == "invalid_blocks_format"
    assert post(text="x", thread_ts="1.000001") == "cannot_reply_to_message"
    assert post(text="x", markdown_text="y") == "markdown_text_conflict"
    assert post(text="x", metadata={"event_payload": {}}) == "invalid_metadata_format"
    assert post(text="x", metadata={"event_type": "a"}) == "invalid_metadata_schema"
    ephemeral = refused(client, "chat.postEphemeral", channel="C0LOCAL", user="U0NOBODY", text="x")
    assert ephemeral == "user_not_in_channel"
    ts = slack.say(ANN.id, "mine")
    assert refused(client, "chat.update", channel="C0LOCAL", ts=ts, text="x") == "cant_update_message"
    assert refused(client, "chat.delete", channel="C0LOCAL", ts=ts) == "cant_delete_message"


def test_forms_and_json_say_the_same(client: WebClient) -> None:
    blocks = [{"type": "section", "block_id": "b", "text": {"type": "mrkdwn", "text": "hi"}}]
    as_json = client.api_call("chat.postMessage", json={"channel": "C0LOCAL", "text": "x", "blocks": blocks})
    as_form = client.api_call(
        "chat.postMessage", data={"channel": "C0LOCAL", "text": "x", "blocks": json.dumps(blocks)}
    )
    assert as_json["message"]["blocks"] == as_form["message"]["blocks"] == blocks


def test_a_reply_to_a_reply_joins_the_thread_and_may_be_broadcast(slack: LocalSlack, client: WebClient) -> None:
    root = client.chat_postMessage(channel="C0LOCAL", text="root")["ts"]
    first = client.chat_postMessage(channel="C0LOCAL", text="first", thread_ts=root)["ts"]
    client.chat_postMessage(channel="C0LOCAL", text="loud", thread_ts=first, reply_broadcast=True)
    assert [message["text"] for message in slack.thread(root)] == ["first", "loud"]
    assert [message["text"] for message in slack.messages()] == ["root", "loud"]
    link = client.chat_getPermalink(channel="C0LOCAL", message_ts=root)["permalink"]
    assert root.replace(".", "") in link


def test_people_and_the_group_on_call(slack: LocalSlack, client: WebClient) -> None:
    assert client.users_info(user=ANN.id)["user"]["profile"]["display_name"] == "Ann"
    assert client.users_lookupByEmail(email="bo@people.example")["user"]["id"] == BO.id
    assert len(client.users_list()["members"]) == 3
    assert refused(client, "users.info", user="U0NOBODY") == "user_not_found"
    assert refused(client, "users.lookupByEmail", email="x@people.example") == "users_not_found"
    group = client.usergroups_list(include_users=True)["usergroups"][0]
    assert (group["handle"], group["users"]) == ("mail-oncall", [ANN.id])
    assert client.usergroups_users_list(usergroup=group["id"])["users"] == [ANN.id]
    assert refused(client, "usergroups.users.list", usergroup="S0") == "no_such_subteam"
    direct = client.conversations_open(users=BO.id)["channel"]["id"]
    assert direct == slack.direct(BO.id)


def test_a_free_plan_has_no_groups() -> None:
    slack = started(groups=False)
    try:
        assert refused(client_of(slack), "usergroups.list") == "plan_upgrade_required"
    finally:
        slack.stop()


def test_marks(slack: LocalSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0LOCAL", text="x")["ts"]
    client.reactions_add(channel="C0LOCAL", timestamp=ts, name="eyes")
    assert (slack.message(ts) or {})["reactions"] == [{"name": "eyes", "users": ["U0LOCALBOT"], "count": 1}]
    assert refused(client, "reactions.add", channel="C0LOCAL", timestamp=ts, name="eyes") == "already_reacted"
    assert refused(client, "reactions.add", channel="C0LOCAL", timestamp=ts, name="👀") == "invalid_name"
    client.pins_add(channel="C0LOCAL", timestamp=ts)
    assert refused(client, "pins.add", channel="C0LOCAL", timestamp=ts) == "already_pinned"
    assert refused(client, "pins.add", channel="C0LOCAL", timestamp="1.000001") == "message_not_found"
    client.bookmarks_add(channel_id="C0LOCAL", title="Runbook", type="link", link="https://runbook.example/")
    bad = {"channel_id": "C0LOCAL", "title": "R", "type": "link", "link": "javascript:1"}
    assert refused(client, "bookmarks.add", **bad) == "invalid_link"


def test_posts_above_one_a_second_are_told_when_to_come_back(slack: LocalSlack, clock: ManualSeconds) -> None:
    client = client_of(slack)
    for number in range(10):
        client.chat_postMessage(channel="C0LOCAL", text=f"{number}")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0LOCAL", text="10")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"
    client.chat_postMessage(channel=BO.id, text="another channel is free")
    clock.at += 1.0
    client.chat_postMessage(channel="C0LOCAL", text="10")
    assert len(slack.messages()) == 11


def test_methods_are_limited_per_minute(slack: LocalSlack, clock: ManualSeconds) -> None:
    client = client_of(slack)
    for _ in range(20):
        client.usergroups_list()
    with pytest.raises(SlackApiError) as caught:
        client.usergroups_list()
    assert caught.value.response.headers["Retry-After"] == "3"
    clock.at += 3
    client.usergroups_list()


def test_the_sdk_obeys_429_and_retries_500() -> None:
    slack = started(limits=RateLimits(post_burst=1, posts_per_s=2))
    try:
        handlers = [RateLimitErrorRetryHandler(max_retry_count=2), ServerErrorRetryHandler(max_retry_count=2)]
        client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=handlers)
        client.chat_postMessage(channel="C0LOCAL", text="first")
        client.chat_postMessage(channel="C0LOCAL", text="second")
        assert len(slack.calls("chat.postMessage")) == 3, "429 once, then again after Retry-After"
        slack.fail_next("chat.update", status=503)
        ts = slack.messages()[0]["ts"]
        client.chat_update(channel="C0LOCAL", ts=ts, text="edited")
        assert [call["text"] for call in slack.calls("chat.update")] == ["edited", "edited"]
    finally:
        slack.stop()


def test_ordered_faults_come_in_order_and_only_so_often(slack: LocalSlack, client: WebClient) -> None:
    slack.fail_next("chat.postMessage", "fatal_error", times=2)
    slack.fail_next("chat.postMessage", status=429, retry_after_s=7)
    assert refused(client, "chat.postMessage", channel="C0LOCAL", text="x") == "fatal_error"
    assert refused(client, "chat.postMessage", channel="C0LOCAL", text="x") == "fatal_error"
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0LOCAL", text="x")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert slack.messages() == []
    client.chat_postMessage(channel="C0LOCAL", text="x")
    assert len(slack.messages()) == 1


def test_an_answer_may_be_lost_after_the_deed(slack: LocalSlack, client: WebClient) -> None:
    slack.fail_next("chat.postMessage", lose_answer=True)
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        client.chat_postMessage(channel="C0LOCAL", text="arrived")
    assert [message["text"] for message in slack.messages()] == ["arrived"]


def test_an_upload_address_serves_once_and_files_must_be_uploaded(slack: LocalSlack, client: WebClient) -> None:
    reserved = client.files_getUploadURLExternal(filename="a.csv", length=3)
    listed = [{"id": reserved["file_id"]}]
    assert refused(client, "files.completeUploadExternal", files=listed, channel_id="C0LOCAL") == "file_not_found"
    request = urllib.request.Request(reserved["upload_url"], data=b"a,b", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 400
    caught.value.close()
    assert refused(client, "files.completeUploadExternal", files=listed, channel_id="C0NO") == "channel_not_found"
    client.files_completeUploadExternal(files=listed, channel_id="C0LOCAL")
    assert slack.messages()[0]["files"][0]["name"] == "a.csv"


def test_a_server_that_was_never_started_says_so_and_a_port_taken_is_an_error(slack: LocalSlack) -> None:
    idle = LocalSlack(people=[ANN])
    with pytest.raises(RuntimeError, match="start"):
        idle.say(ANN.id, "x")
    idle.stop()
    second = LocalSlack(people=[ANN], port=int(slack.url.rstrip("/").rpartition(":")[2]))
    with pytest.raises(OSError, match="address already in use"):
        second.start()


def test_waiting_in_vain_tells_what_is_there(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C0LOCAL", text="something else")
    with pytest.raises(TimeoutError, match="something else"):
        slack.wait_for(lambda: len(slack.messages()) > 1, timeout_s=0.05)
