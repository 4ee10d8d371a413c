"""The seam to Slack's Web API: every refusal or silence becomes a ChatError, sorted into permanent and transient."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.errors import ChatError

TIMEOUT_S = 10

TRANSIENT = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "too_many_requests",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "external_channel_migrating",
        "update_failed",
        "no_answer",
        "bad_answer",
    }
)
"""Slack's error codes (and our two for no answer and an unreadable one) after which trying again can help."""

BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long"})
"""Codes that blame the content: the message can be sent plainer."""

NEXT_STEPS = {
    "missing_scope": "add the scope in the app's settings and install it again",
    "not_in_channel": "invite the bot into the channel",
    "channel_not_found": "check `slack.channel` and invite the bot",
    "is_archived": "choose another `slack.channel`",
    "invalid_auth": "check SLACK_BOT_TOKEN",
    "not_authed": "check SLACK_BOT_TOKEN",
    "token_revoked": "install the app again and set SLACK_BOT_TOKEN",
    "token_expired": "turn token rotation off or set a fresh SLACK_BOT_TOKEN",
    "account_inactive": "install the app again",
    "not_allowed_token_type": "SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp-",
    "plan_upgrade_required": "this workspace has no user groups: list user ids under `roles.operator`",
}
NEXT_STEPS_OF_APP_TOKEN = NEXT_STEPS | dict.fromkeys(
    ("invalid_auth", "not_authed", "token_revoked", "token_expired"), "check SLACK_APP_TOKEN"
)
OPEN_SOCKET = "apps.connections.open"
"""The one method that is called with the app-level token."""


def slack_client(token: str, api_url: str = "") -> WebClient:
    """A client without the SDK's own retries: a repeated chat.postMessage may post twice, so we decide ourselves."""
    base_url = api_url or WebClient.BASE_URL
    return WebClient(token=token, base_url=base_url, timeout=TIMEOUT_S, retry_handlers=[])


def call(method: Callable[..., SlackResponse], **arguments: object) -> SlackResponse:
    """Call one Web API method.

    Raises: ChatError; `retry_after_s` is set where Slack said how long to wait.
    """
    with sorted_faults(method.__name__.replace("_", ".")):
        return method(**arguments)


@contextmanager
def sorted_faults(name: str) -> Iterator[None]:
    """Whatever the SDK raises while it calls the Web API method `name` comes out as a ChatError."""
    try:
        yield
    except SlackApiError as error:
        raise _refused(name, error) from error
    except (OSError, HTTPException, SlackClientError) as error:
        raise ChatError("no_answer", f"Slack {name}: no answer ({error})", permanent=False) from error


def _refused(name: str, error: SlackApiError) -> ChatError:
    response = error.response
    status = getattr(response, "status_code", 200)
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429:
        code = "ratelimited"
    elif not re.fullmatch(r"[a-z_0-9]+", code):
        code = "bad_answer"  # the SDK puts what it could not read as JSON in the error field
    permanent = code not in TRANSIENT and status < 500
    detail = "; ".join(str(line) for line in data.get("response_metadata", {}).get("messages", [])[:3])
    sentence = f"Slack {name}: {code}" + (f" ({detail})" if detail else "")
    steps = NEXT_STEPS_OF_APP_TOKEN if name == OPEN_SOCKET else NEXT_STEPS
    if code in steps:
        sentence += f"; {steps[code]}"
    return ChatError(
        code, sentence, permanent=permanent, retry_after_s=_retry_after(response) if status == 429 else 0.0
    )


def _retry_after(response: SlackResponse) -> float:
    headers = {str(key).lower(): value for key, value in (response.headers or {}).items()}
    value = headers.get("retry-after", "1")
    text = value[0] if isinstance(value, list) else str(value)
    try:
        return max(1.0, float(text))
    except ValueError:
        return 1.0
