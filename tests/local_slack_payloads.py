"""Builders of Block Kit payloads whose size is a parameter."""

from __future__ import annotations

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


def context_actions(*elements: Json) -> Json:
    return {"type": "context_actions", "elements": list(elements)}


def icon(**more: object) -> Json:
    return {"type": "icon_button", "icon": "trash", "text": plain(5), **more}


def feedback(text: int) -> Json:
    return {"type": "feedback_buttons", "positive_button": {"text": plain(text)}, "negative_button": {"text": plain(5)}}


def grouped(groups: int, label: int = 5) -> Json:
    return {"type": "static_select", "option_groups": [{"label": plain(label), "options": options(1)}] * groups}


def data_table(rows: int, columns: int = 1, cell: int = 1, **more: object) -> Json:
    grid = [[{"type": "raw_text", "text": "x" * cell}] * columns] * rows
    return {"type": "data_table", "caption": "c", "rows": grid, **more}


def axis(**more: object) -> Json:
    drawn = line()
    drawn["chart"]["axis_config"].update(more)
    return drawn


def picture(**more: object) -> Json:
    return {"type": "image", "image_url": "https://pictures.example/a.png", "alt_text": "a", **more}


def modal(**more: object) -> Json:
    return {"type": "modal", "title": plain(5), "blocks": [section(text=plain(5))], **more}


FINE = section(text=mrkdwn(5))
