"""Checks of the blocks that carry figures: tables, data tables, charts."""

from __future__ import annotations

from bot.sim.slack import limits
from bot.sim.slack.probe import Probe


def table(block: Probe) -> None:
    if not block.need("rows"):
        return
    rows = block.at("rows").items(limits.TABLE_ROWS)
    _cells(rows, {"raw_text", "rich_text"})
    if text_length(block.get("rows")) > limits.TABLE_CHARACTERS:
        block.at("rows").fault(f"must be less than {limits.TABLE_CHARACTERS + 1} characters")
    for settings in block.given("column_settings"):
        settings.items(limits.TABLE_COLUMNS, least=0)


def data_table(block: Probe) -> None:
    block.need_string("caption", limits.TEXT)
    for size in block.given("page_size"):
        size.whole_number(1, limits.PAGE_SIZE)
    if not block.need("rows"):
        return
    rows = block.at("rows").items(limits.DATA_TABLE_ROWS, least=2)
    _cells(rows[:1], {"raw_text", "raw_number"})
    _cells(rows[1:], {"raw_text", "raw_number", "rich_text"})
    if len({len(row.value) for row in rows if isinstance(row.value, list)}) > 1:
        block.at("rows").fault("all rows must have the same number of columns")
    if text_length(block.get("rows")) > limits.DATA_TABLE_CHARACTERS:
        block.at("rows").fault(f"must be less than {limits.DATA_TABLE_CHARACTERS + 1} characters")


def _cells(rows: list[Probe], allowed: set[str]) -> None:
    widths = set()
    for row in rows:
        cells = row.items(limits.TABLE_COLUMNS)
        widths.add(len(cells))
        for cell in cells:
            if cell.is_object() and cell.kind() not in allowed:
                cell.at("type").fault(f"unsupported type: {cell.kind()}", type="enum", expected=sorted(allowed))
    if len(widths) > 1:
        rows[0].fault("all rows must have the same number of columns")


def chart(block: Probe) -> None:
    """A `data_visualization` block."""
    block.need_string("title", limits.CHART_TITLE)
    if not block.need("chart"):
        return
    place = block.at("chart")
    if not place.is_object():
        return
    if place.kind() == "pie":
        _pie(place)
    elif place.kind() in {"line", "bar", "area"}:
        _axes(place)
    else:
        place.at("type").fault(
            f"unsupported type: {place.kind()}", type="enum", expected=["area", "bar", "line", "pie"]
        )


def _pie(place: Probe) -> None:
    if not place.need("segments"):
        return
    for segment in place.at("segments").items(limits.CHART_SERIES):
        segment.need_string("label", limits.CHART_LABEL)
        value = segment.get("value")
        if not _is_number(value) or float(str(value)) <= 0:
            segment.at("value").fault("must be a number greater than 0")


def _axes(place: Probe) -> None:
    if not place.need("axis_config") or not place.need("series"):
        return
    axis = place.at("axis_config")
    axis.strings(x_label=limits.AXIS_LABEL, y_label=limits.AXIS_LABEL)
    categories = _categories(axis)
    names = []
    for series in place.at("series").items(limits.CHART_SERIES):
        series.need_string("name", limits.CHART_LABEL)
        names.append(series.get("name"))
        _points(series, categories)
    if len(set(map(str, names))) != len(names):
        place.at("series").fault("series names must be unique")


def _categories(axis: Probe) -> list[str]:
    if not axis.need("categories"):
        return []
    labels = [item.string(limits.CHART_LABEL) for item in axis.at("categories").items(limits.CHART_POINTS)]
    if len(set(labels)) != len(labels):
        axis.at("categories").fault("categories must be unique")
    return labels


def _points(series: Probe, categories: list[str]) -> None:
    if not series.need("data"):
        return
    labels = []
    for point in series.at("data").items(limits.CHART_POINTS):
        point.need_string("label", limits.CHART_LABEL)
        labels.append(str(point.get("label")))
        if not _is_number(point.get("value")):
            point.at("value").fault("must be a number")
    if sorted(labels) != sorted(categories):
        series.at("data").fault("must contain exactly one point for every category")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_length(value: object) -> int:
    """Characters of all `text` values below `value`."""
    if isinstance(value, dict):
        return sum(
            len(item) if key == "text" and isinstance(item, str) else text_length(item) for key, item in value.items()
        )
    return sum(map(text_length, value)) if isinstance(value, list) else 0
