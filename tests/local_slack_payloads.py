"""Payloads at the local Slack's limits and one step over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def section(**more: object) -> Json:
    return {"type": "section", **more}


def button(**more: object) -> Json:
    return {"type": "button", "text": plain(5), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def options(count: int, text: int = 3, value: int = 0) -> list[Json]:
    return [{"text": plain(text), "value": "v" * value or f"v{number}"} for number in range(count)]


def confirm(**more: object) -> Json:
    return {"title": plain(5), "text": plain(5), "confirm": plain(2), "deny": plain(2), **more}


def table(rows: int, columns: int, cell: int = 1) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * cell}] * columns] * rows}


def line(series: int = 1, points: int = 2, name: int = 0, title: int = 5) -> Json:
    labels = [f"p{number}" for number in range(points)]
    data = [{"label": label, "value": 1} for label in labels]
    listed = [{"name": "n" * name or f"s{number}", "data": data} for number in range(series)]
    chart = {"type": "line", "series": listed, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": "t" * title, "chart": chart}


def pie(value: float) -> Json:
    return {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": "pie", "segments": [{"label": "a", "value": value}]},
    }


def container(children: int, title: int = 5) -> Json:
    return {"type": "container", "title": plain(title), "child_blocks": [section(text=plain(1))] * children}


def text_input(**more: object) -> Json:
    return {"type": "input", "label": plain(5), "element": {"type": "plain_text_input", "action_id": "a"}, **more}


def modal(**more: object) -> Json:
    return {"type": "modal", "title": plain(5), "blocks": [section(text=plain(5))], **more}


FINE = section(text=mrkdwn(5))

MESSAGE_ROWS: list[tuple[str, Sequence[Json], Sequence[Json], str]] = [
    # what, fits, too much, what Slack says
    ("blocks", [FINE] * 50, [FINE] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ("section text", [section(text=mrkdwn(3000))], [section(text=mrkdwn(3001))], "must be less than 3001 characters"),
    ("no text", [section(text=mrkdwn(1))], [section(text=mrkdwn(0))], "must be more than 0 characters"),
    ("neither", [section(fields=[plain(1)])], [section()], "must define either `text` or `fields`"),
    ("fields", [section(fields=[plain(1)] * 10)], [section(fields=[plain(1)] * 11)], "no more than 10 items"),
    ("field", [section(fields=[plain(2000)])], [section(fields=[plain(2001)])], "less than 2001"),
    ("header", [{"type": "header", "text": plain(150)}], [{"type": "header", "text": plain(151)}], "less than 151"),
    (
        "header kind",
        [{"type": "header", "text": plain(1)}],
        [{"type": "header", "text": mrkdwn(1)}],
        "unsupported type",
    ),
    (
        "context",
        [{"type": "context", "elements": [mrkdwn(1)] * 10}],
        [{"type": "context", "elements": [mrkdwn(1)] * 11}],
        "no more than 10 items",
    ),
    ("actions", [actions(*[button()] * 25)], [actions(*[button()] * 26)], "no more than 25 items"),
    ("no actions", [actions(button())], [actions()], "must contain at least 1 items"),
    ("button text", [actions(button(text=plain(75)))], [actions(button(text=plain(76)))], "less than 76"),
    ("button value", [actions(button(value="x" * 2000))], [actions(button(value="x" * 2001))], "less than 2001"),
    ("button url", [actions(button(url="x" * 3000))], [actions(button(url="x" * 3001))], "less than 3001"),
    ("button style", [actions(button(style="danger"))], [actions(button(style="blue"))], "must be one of"),
    (
        "label",
        [actions(button(accessibility_label="x" * 75))],
        [actions(button(accessibility_label="x" * 76))],
        "less than 76",
    ),
    ("action_id", [actions(button(action_id="x" * 255))], [actions(button(action_id="x" * 256))], "less than 256"),
    ("block_id", [{**FINE, "block_id": "x" * 255}], [{**FINE, "block_id": "x" * 256}], "less than 256"),
    ("block ids", [{**FINE, "block_id": "a"}, FINE], [{**FINE, "block_id": "a"}] * 2, "block_id already exists"),
    (
        "action ids",
        [actions(button(action_id="a"), button(action_id="b"))],
        [actions(button(action_id="a"), button(action_id="a"))],
        "already exists",
    ),
    (
        "overflow",
        [actions({"type": "overflow", "options": options(5)})],
        [actions({"type": "overflow", "options": options(6)})],
        "no more than 5 items",
    ),
    (
        "no overflow",
        [actions({"type": "overflow", "options": options(1)})],
        [actions({"type": "overflow", "options": []})],
        "must contain at least 1 items",
    ),
    (
        "option text",
        [actions({"type": "overflow", "options": options(1, text=75)})],
        [actions({"type": "overflow", "options": options(1, text=76)})],
        "less than 76",
    ),
    (
        "option value",
        [actions({"type": "overflow", "options": options(1, value=150)})],
        [actions({"type": "overflow", "options": options(1, value=151)})],
        "less than 151",
    ),
    (
        "select",
        [actions({"type": "static_select", "options": options(100)})],
        [actions({"type": "static_select", "options": options(101)})],
        "no more than 100 items",
    ),
    (
        "boxes",
        [actions({"type": "checkboxes", "options": options(10)})],
        [actions({"type": "checkboxes", "options": options(11)})],
        "no more than 10 items",
    ),
    (
        "placeholder",
        [actions({"type": "users_select", "placeholder": plain(150)})],
        [actions({"type": "users_select", "placeholder": plain(151)})],
        "less than 151",
    ),
    (
        "confirm title",
        [actions(button(confirm=confirm(title=plain(100))))],
        [actions(button(confirm=confirm(title=plain(101))))],
        "less than 101",
    ),
    (
        "confirm text",
        [actions(button(confirm=confirm(text=mrkdwn(300))))],
        [actions(button(confirm=confirm(text=mrkdwn(301))))],
        "less than 301",
    ),
    (
        "confirm button",
        [actions(button(confirm=confirm(confirm=plain(30))))],
        [actions(button(confirm=confirm(confirm=plain(31))))],
        "less than 31",
    ),
    (
        "image alt",
        [{"type": "image", "image_url": "u", "alt_text": "x" * 2000}],
        [{"type": "image", "image_url": "u", "alt_text": "x" * 2001}],
        "less than 2001",
    ),
    ("markdown", [{"type": "markdown", "text": "x" * 12000}], [{"type": "markdown", "text": "x" * 12001}], "12001"),
    (
        "markdown sum",
        [{"type": "markdown", "text": "x" * 6000}] * 2,
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        "all markdown blocks",
    ),
    ("table rows", [table(100, 1)], [table(101, 1)], "no more than 100 items"),
    ("table columns", [table(1, 20)], [table(1, 21)], "no more than 20 items"),
    ("table text", [table(100, 10, 10)], [table(100, 11, 10)], "less than 10001"),
    ("ragged table", [table(2, 2)], [{"type": "table", "rows": [*table(1, 2)["rows"], *table(1, 3)["rows"]]}], "same"),
    ("tables", [table(1, 1)], [table(1, 1), table(1, 1)], "only_one_table_allowed"),
    ("charts", [line(), line()], [line(), line(), line()], "no more than 2 data_visualization"),
    ("chart title", [line(title=50)], [line(title=51)], "less than 51"),
    ("chart series", [line(series=12)], [line(series=13)], "no more than 12 items"),
    ("chart points", [line(points=20)], [line(points=21)], "no more than 20 items"),
    ("chart name", [line(name=20)], [line(name=21)], "less than 21"),
    ("series names", [line(series=2)], [line(series=2, name=3)], "series names must be unique"),
    ("pie", [pie(0.1)], [pie(0)], "greater than 0"),
    ("container", [container(10)], [container(11)], "no more than 10 items"),
    ("container title", [container(1, title=150)], [container(1, title=151)], "less than 151"),
    (
        "container child",
        [container(1)],
        [{**container(1), "child_blocks": [line()]}],
        "unsupported type: data_visualization",
    ),
    (
        "card",
        [{"type": "card", "body": plain(200)}],
        [{"type": "card", "body": plain(201)}],
        "less than 201",
    ),
    (
        "card actions",
        [{"type": "card", "actions": [button()] * 3}],
        [{"type": "card", "actions": [button()] * 4}],
        "no more than 3 items",
    ),
    ("surface", [FINE], [{"type": "alert", "text": plain(5)}], "unsupported type: alert [json-pointer:/blocks/0/type]"),
    ("type", [FINE], [{"type": "nonsense"}], "unsupported type: nonsense"),
]

VIEW_ROWS: list[tuple[str, Json, Json, str]] = [
    (
        "title",
        modal(title=plain(24)),
        modal(title=plain(25)),
        "25 characters [json-pointer:/view/title/text]",
    ),
    ("close", modal(close=plain(24)), modal(close=plain(25)), "less than 25"),
    ("submit", modal(submit=plain(24)), modal(submit=plain(25)), "less than 25"),
    ("no title", modal(), {"type": "modal", "blocks": []}, "missing required field: title"),
    ("metadata", modal(private_metadata="x" * 3000), modal(private_metadata="x" * 3001), "less than 3001"),
    ("callback_id", modal(callback_id="x" * 255), modal(callback_id="x" * 256), "less than 256"),
    ("external_id", modal(external_id="x" * 255), modal(external_id="x" * 256), "less than 256"),
    ("blocks", modal(blocks=[FINE] * 100), modal(blocks=[FINE] * 101), "no more than 100 items"),
    ("inputs", modal(blocks=[text_input()], submit=plain(2)), modal(blocks=[text_input()]), "must define `submit`"),
    (
        "input label",
        modal(blocks=[text_input(label=plain(2000))], submit=plain(2)),
        modal(blocks=[text_input(label=plain(2001))], submit=plain(2)),
        "less than 2001",
    ),
    (
        "input length",
        modal(blocks=[text_input(element={"type": "plain_text_input", "max_length": 3000})], submit=plain(2)),
        modal(blocks=[text_input(element={"type": "plain_text_input", "max_length": 3001})], submit=plain(2)),
        "from 1 to 3000",
    ),
    (
        "alert",
        modal(blocks=[{"type": "alert", "text": plain(200)}]),
        modal(blocks=[{"type": "alert", "text": plain(201)}]),
        "less than 201",
    ),
    ("chart", modal(), modal(blocks=[line()]), "unsupported type: data_visualization"),
    ("table", modal(), modal(blocks=[table(1, 1)]), "unsupported type: table"),
]
