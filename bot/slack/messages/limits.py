"""What slackblocks does not check: Slack's limits over a whole message or view. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bot.slack.messages.message import Json, Message

CHARACTERS = 12_000
"""Budget for all text of one message; Slack refuses at about 13,200 with `msg_blocks_too_long`."""
TABLE_CHARACTERS = 10_000
FALLBACK = 4_000
VIEW_BYTES = 250_000
_STYLES = {"primary", "danger"}


def check_message(message: Message) -> list[str]:
    """Every fault, empty where Slack would take the message."""
    blocks = [*message.blocks, *message.tail]
    faults = _check_blocks(blocks)
    if not message.text.strip():
        faults.append("text: a sentence expected, found nothing")
    if len(message.text) > FALLBACK:
        faults.append(f"text: at most {FALLBACK} characters expected, found {len(message.text)}")
    if len(message.blocks) + len(message.tail) > 50:
        faults.append(f"blocks: at most 50 expected, found {len(blocks)}")
    total = characters(blocks)
    if total > CHARACTERS:
        faults.append(f"blocks: at most {CHARACTERS} characters expected, found {total}")
    for kind, most in (("table", 1), ("data_visualization", 2)):
        found = sum(block["type"] == kind for block in blocks)
        if found > most:
            faults.append(f"blocks: at most {most} {kind} expected, found {found}")
    return faults


def check_view(view: Json) -> list[str]:
    """Every fault of a modal or Home tab."""
    faults = _check_blocks(view["blocks"])
    size = len(json.dumps(view).encode())
    if size > VIEW_BYTES:
        faults.append(f"view: at most {VIEW_BYTES} bytes expected, found {size}")
    if not view["blocks"]:
        faults.append("view: at least one block expected, found none")
    return faults


def characters(blocks: Iterable[Json]) -> int:
    """All text in these blocks, as Slack counts it against a message."""
    return sum(len(text) for block in blocks for text in _strings(block))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("text", "label", "alt_text", "title", "categories", "name") and isinstance(inner, str):
                yield inner
            else:
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from [inner] if isinstance(inner, str) else _strings(inner)


def _check_blocks(blocks: Sequence[Json]) -> list[str]:
    faults = _twice("block_id", (block.get("block_id", "") for block in blocks))
    for block in blocks:  # Slack asks for unique action ids inside one block only
        faults += _twice(
            "action_id", (element["action_id"] for element in _elements([block]) if "action_id" in element)
        )
    for element in _elements(blocks):
        if element.get("style", "primary") not in _STYLES:
            faults.append(f"style: primary or danger expected, found {element['style']}")
    for block in blocks:
        faults += _check_table(block) if block["type"] == "table" else []
    return faults


def _twice(name: str, values: Iterable[str]) -> list[str]:
    return [f"{name}: used once expected, found {n} times {value!r}" for value, n in Counter(values).items() if n > 1]


def _elements(blocks: Iterable[Json]) -> Iterator[Json]:
    for block in blocks:
        if block["type"] == "actions":
            yield from block["elements"]
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict):
                yield block[key]


def _check_table(block: Json) -> list[str]:
    faults = []
    widths = {len(row) for row in block["rows"]}
    if len(widths) > 1:
        faults.append(f"table: rows of one length expected, found {sorted(widths)}")
    size = characters([block])
    if size > TABLE_CHARACTERS:
        faults.append(f"table: at most {TABLE_CHARACTERS} characters expected, found {size}")
    return faults
