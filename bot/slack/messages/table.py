"""Tables of few rows, and tables and charts as plain text where a workspace refuses the blocks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import slackblocks as sb

from bot.slack.messages import texts
from bot.slack.messages.message import Json, Message

CELL_LIMIT = 60


def table(rows: Sequence[Sequence[str]], aligns: Sequence[Literal["left", "right"]]) -> sb.TableBlock:
    """First row: headings. Cells are raw text, so nothing in them is formatted, linked or mentioned."""
    cells: list[list[sb.RawText | sb.RichTextSection]] = [[_cell(text) for text in row] for row in rows]
    settings = [sb.ColumnSettings(align=align) for align in aligns]
    return sb.TableBlock(rows=cells, column_settings=settings)  # type: ignore[arg-type]


def _cell(text: str) -> sb.RawText:
    # an empty cell is refused by Slack
    return sb.RawText(texts.clip(texts.one_line(text), CELL_LIMIT) or " ")


BARS = "▁▂▃▄▅▆▇█"
_LOW_TOP = 0.05
"""Rates below it stay low in a line of bars."""


def bars(rates: Sequence[float]) -> str:
    """One bar a rate in [0, 1]; they start at 0 %."""
    top = max(*rates, _LOW_TOP)
    return "".join(BARS[min(7, int(rate / top * 8))] for rate in rates)


def plainer(message: Message) -> Message:
    """The same message with every table as a code block and every chart as a line of bars."""
    forms = {"table": _as_text, "data_visualization": _as_bars}
    blocks = tuple(forms[block["type"]](block) if block["type"] in forms else block for block in message.blocks)
    return Message(message.text, blocks, message.color, message.tail)


def _as_bars(block: Json) -> Json:
    """The first series of a line chart in percent."""
    points = block["chart"]["series"][0]["data"]
    line = f"{bars([point['value'] / 100 for point in points])}  {points[0]['label']} to {points[-1]['label']} UTC"
    return {"type": "section", "block_id": block["block_id"] + "t", "text": {"type": "mrkdwn", "text": line}}


def _as_text(block: Json) -> Json:
    rows = [[cell["text"] for cell in row] for row in block["rows"]]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    right = [setting.get("align") == "right" for setting in block.get("column_settings", [])]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(cells).rstrip())
    kept: list[str] = []
    for line in (texts.escape(line.replace("`", "ˋ")) for line in lines):
        if sum(len(k) + 1 for k in kept) + len(line) > 2800:
            kept.append(f"…and {len(lines) - len(kept)} more rows")
            break
        kept.append(line)
    text = "```" + "\n".join(kept) + "```"
    return {"type": "section", "block_id": block["block_id"] + "t", "text": {"type": "mrkdwn", "text": text}}
