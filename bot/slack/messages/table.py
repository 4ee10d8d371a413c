"""Tables of few rows, and the same as monospaced text where a workspace refuses the block. Pure."""

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


def without_tables(message: Message) -> Message:
    """The same message with every table as a code block."""
    blocks = tuple(_as_text(block) if block["type"] == "table" else block for block in message.blocks)
    return Message(message.text, blocks, message.color, message.tail)


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
