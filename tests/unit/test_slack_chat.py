"""Slack's refusals sorted: what can be tried again, what cannot, how long to wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from bot.errors import ChatError
from bot.slack.chat import call, slack_client


def response(error: str, status: int = 200, headers: dict[str, str] | None = None, **extra: object) -> SlackResponse:
    data = {"ok": False, "error": error, **extra}
    return SlackResponse(
        client=WebClient(),
        http_verb="POST",
        api_url="https://slack.example/api/chat.postMessage",
        req_args={},
        data=data,
        headers=headers or {},
        status_code=status,
    )


def slack_says(answer: SlackResponse) -> SlackApiError:
    return SlackApiError("x", answer)  # type: ignore[no-untyped-call]


def raising(error: Exception) -> Callable[..., SlackResponse]:
    def chat_postMessage(**_arguments: object) -> SlackResponse:
        raise error

    return chat_postMessage


def refused(error: Exception) -> ChatError:
    with pytest.raises(ChatError) as caught:
        call(raising(error), channel="C0LOCAL")
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "permanent"),
    [
        ("channel_not_found", 200, True),
        ("invalid_blocks", 200, True),
        ("fatal_error", 200, False),
        ("internal_error", 200, False),
        ("service_unavailable", 503, False),
        ("something_new", 502, False),  # any 5xx passes
        ("something_new", 200, True),
    ],
)
def test_codes_are_sorted(code: str, status: int, permanent: bool) -> None:
    error = refused(slack_says(response(code, status)))
    assert (error.code, error.permanent) == (code, permanent)
    assert str(error).startswith(f"Slack chat.postMessage: {code}")


@pytest.mark.parametrize(("header", "wait"), [("30", 30.0), ("0", 1.0), ("soon", 1.0)])
def test_429_says_how_long_to_wait(header: str, wait: float) -> None:
    error = refused(slack_says(response("ratelimited", 429, {"retry-after": header})))
    assert (error.code, error.permanent, error.retry_after_s) == ("ratelimited", False, wait)


def test_slacks_own_details_are_kept() -> None:
    detail = {"messages": ["[ERROR] unsupported type: data_visualization [json-pointer:/blocks/2]"]}
    error = refused(slack_says(response("invalid_blocks", response_metadata=detail)))
    assert "unsupported type: data_visualization" in str(error)


def test_the_next_step_is_said() -> None:
    error = refused(slack_says(response("missing_scope")))
    assert str(error).endswith("; add the scope in the app's settings and install it again")


def test_an_unreadable_answer_is_transient() -> None:
    error = refused(slack_says(response("Received a response in a non-JSON format: <html>", 200)))
    assert (error.code, error.permanent) == ("bad_answer", False)


@pytest.mark.parametrize("error", [TimeoutError("slow"), ConnectionResetError("cut"), SlackRequestError("upload")])
def test_silence_is_transient(error: Exception) -> None:
    found = refused(error)
    assert (found.code, found.permanent) == ("no_answer", False)


def test_our_client_never_repeats_by_itself() -> None:
    client = slack_client("xoxb-x", "http://127.0.0.1:1/api")
    assert client.retry_handlers == []
    assert client.base_url == "http://127.0.0.1:1/api/"
    assert slack_client("xoxb-x").base_url == "https://slack.com/api/"
