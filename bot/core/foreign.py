"""Text from far away inside a line of ours: an ISP's name may be a recipient's domain, an error a host's last words."""

from __future__ import annotations

LONGEST = 200
_MARKS = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def inert(text: str) -> str:
    """A name fit for Slack mrkdwn: one line, capped, and nothing in it mentions, links or formats."""
    return _one_line(text).translate(_MARKS)


def quoted(text: str) -> str:
    """Somebody's words in quotation marks: one line, capped, escaped."""
    return "“" + _one_line(text).translate(_ESCAPED) + "”"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
