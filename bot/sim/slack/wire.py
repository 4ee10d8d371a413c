"""What a Web API method is here: its arguments, its refusal, its entry in the table of methods."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class ApiRefusal(Exception):
    """A method says no: `code` is Slack's error code, `extra` goes into the answer beside it."""

    def __init__(self, code: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    def answer(self) -> Json:
        return {"ok": False, "error": self.code, **self.extra}


def bad_argument(message: str) -> ApiRefusal:
    """`invalid_arguments`, with the sentence where Slack's clients look for it."""
    return ApiRefusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


@dataclass(frozen=True)
class Call:
    """One call's arguments, as a form (all text) or as JSON (typed)."""

    method: str
    args: Json = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The argument as text; "" where it is absent or null."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def need(self, name: str) -> str:
        """Raises: ApiRefusal `invalid_arguments` where the argument is absent or empty."""
        if not (value := self.text(name)):
            raise bad_argument(f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"1", "true"}

    def structure(self, name: str, code: str) -> Any:  # noqa: ANN401 - any JSON value
        """The argument as JSON: forms carry it as text. None where it is absent.

        Raises: ApiRefusal `code` where the text is no JSON.
        """
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise ApiRefusal(code) from error


@dataclass(frozen=True)
class Method:
    """`scope`: any one of these suffices, none is needed where it is empty. `tier`: calls per minute, 0 = no limit.
    `token`: the kind that it takes, "bot", "app" or "none"."""

    run: Callable[[Call], Json]
    scope: tuple[str, ...] = ()
    tier: int = 0
    token: str = "bot"
