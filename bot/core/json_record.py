"""One accounting record written as a line of JSON (PowerMTA 5.0 and later): its fields by lower-case name."""

from __future__ import annotations

import json

Pairs = list[tuple[str, object]]


def json_fields(line: str) -> dict[str, str] | None:
    """The fields of a line `{"type":"t","timeLogged":"…",…}`, None where it is no JSON object.

    Of a name that comes twice, the first; numbers are text, null and whatever is nested are "".
    """
    try:
        found = json.loads(line, object_pairs_hook=_fields)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _fields(pairs: Pairs) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name.strip().lower(), _text(value))
    return fields


def _text(value: object) -> str:
    if isinstance(value, str):
        # A lone surrogate (\ud800) is no text that could be kept.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
