"""Prints what a command found: as text, DOM lines, one-line XML, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

Tree = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shown:
    """A command's result: `text` for people, `tree` for machines; a bare message has no tree."""

    text: str
    tree: Tree = field(default_factory=dict)


def render(shown: Shown, form: str) -> str:
    """`shown` in the format text, dom, xml or json, with the final line end.

    Known: DOM of status and queues, XML and JSON of status, JSON's envelope of messages. Guessed: XML and
    JSON of everything else, and that a message in DOM is its plain text.
    """
    if form == "json":
        message = "" if shown.tree else shown.text
        return json.dumps({"data": _typed(shown.tree), "status": "success", "message": message}) + "\n"
    if form == "xml":
        inner = _xml(shown.tree) if shown.tree else f"<msg>{escape(shown.text)}</msg>"
        return f"<rsp><data>{inner}</data><succ/></rsp>\n"
    if form == "dom" and shown.tree:
        return "".join(f'{path}="{value}"\n' for path, value in _dom("", shown.tree))
    return shown.text + "\n"


_BOOLEANS: Final = {True: "yes", False: "no"}


def _leaf(value: object) -> str:
    if isinstance(value, bool):
        return _BOOLEANS[value]
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _dom(path: str, node: object) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for name, child in node.items():
            yield from _dom(f"{path}.{name}" if path else str(name), child)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _dom(f"{path}[{index}]", child)
    else:
        # Inner double quotes stay as they are: real captures show that PMTA does not escape them here.
        yield path, _leaf(node)


def _xml(tree: Tree) -> str:
    return "".join(_element(name, node) for name, node in tree.items())


def _element(name: str, node: object) -> str:
    if isinstance(node, Mapping):
        return f"<{name}>{_xml(node)}</{name}>"
    if isinstance(node, list):
        return "".join(_element(name, child) for child in node)
    text = escape(_leaf(node))
    return f"<{name}>{text}</{name}>" if text else f"<{name}/>"


def _typed(node: object) -> object:
    if isinstance(node, Mapping):
        return {name: _typed(child) for name, child in node.items()}
    if isinstance(node, list):
        return [_typed(child) for child in node]
    return round(node, 1) if isinstance(node, float) else node


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int], least: Sequence[int]) -> list[str]:
    """A text table with a rule under its head. Columns in `left` are flush left; `least` are minimal widths.

    Widths follow the heads and `least`, not the rows: a long value pushes its row out, as PMTA's do.
    """
    widths = [max(len(head), wide) for head, wide in zip(heads, least, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return " ".join(placed).rstrip()

    return [line(heads), " ".join("-" * width for width in widths), *(line(row) for row in rows)]
