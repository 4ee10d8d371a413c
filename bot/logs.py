"""Logging, set up once by `cli`: one line an event, its fields as key=value, secrets never."""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_CHATTY = ("slack_bolt", "urllib3", "alembic", "aiohttp")
"""Libraries that tell at INFO what our own lines tell already."""


class Fields(logging.Formatter):
    """`time level logger message key=value …`; values with blanks are quoted as JSON strings."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        head, *rest = line.split("\n", 1)
        told = " ".join(f"{key}={_shown(value)}" for key, value in fields.items())
        return "\n".join([f"{head} {told}".rstrip(), *rest])


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    plain = isinstance(value, str) and text and not set(text) & set(" \"'=\n\t")
    return text if plain or not isinstance(value, str) else json.dumps(text, ensure_ascii=False)


def _is_news(record: logging.LogRecord) -> bool:
    """Bolt warns that our client goes before the token in the environment; that is how it is meant."""
    return "`token` will be unused" not in record.getMessage()


def set_up_logging(*, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Send every log line to `stream` (default stderr); `verbose` shows DEBUG of our own modules."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Fields("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("bot").setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("bot.slack.bolt").setLevel(logging.WARNING)
    logging.getLogger("bot.slack.bolt").addFilter(_is_news)
    logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)  # as for paramiko: they come back to us as ChatError
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a poll that takes longer than its interval is no news
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # its faults come back to us as errors in one sentence
