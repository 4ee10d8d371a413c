"""What `pmta --dom` prints: one `path="value"` a line, repeated elements numbered `name[0]`, `name[1]`.

Values are not escaped: one runs from the first `="` of its line to the last `"`, whatever quotes stand between.
Source: PowerMTA 5.0 answers and an operator's capture of `--dom show topqueues --errors` (2014).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.errors import ParseError

_NAME = r"[A-Za-z_][\w-]*(?:\[[0-9]{1,9}\])?"
_START = re.compile(rf'(?P<path>{_NAME}(?:\.{_NAME})*)="', re.ASCII)
_ITEM = re.compile(r"(?P<name>[\w-]+)(?:\[(?P<place>[0-9]+)\])?\.(?P<key>.+)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_FOUND_CHARS = 80


def fault(what: str, line: int, expected: str, found: str) -> ParseError:
    """A ParseError in one sentence: what was read, where, expected, found, what to do."""
    shown = found if len(found) <= _FOUND_CHARS else found[:_FOUND_CHARS] + "…"
    return ParseError(
        f"{what}, line {line}: expected {expected}, found {shown!r}. If this is another PMTA version, save the "
        "output under tests/data/pmta/ and add a case."
    )


@dataclass(frozen=True, slots=True)
class Value:
    """One value and the line it began on (from 1)."""

    line: int
    text: str


class Item:
    """The values of one element, such as `queue[3]`, by the rest of their path."""

    def __init__(self, what: str, name: str, line: int) -> None:
        self._what = what
        self._name = name
        self._line = line
        self.values: dict[str, Value] = {}

    def optional(self, key: str) -> str:
        """The value's text, "" where there is none."""
        value = self.values.get(key)
        return "" if value is None else value.text

    def text(self, key: str) -> str:
        return self._value(key).text

    def number(self, key: str) -> int:
        value = self._value(key)
        if not _NUMBER.fullmatch(value.text):
            raise fault(self._what, value.line, f"a whole number for {self._name}.{key}", value.text)
        return int(value.text)

    def word(self, key: str, among: Collection[str]) -> str:
        value = self._value(key)
        if value.text not in among:
            raise fault(self._what, value.line, f"{self._name}.{key} to be {' or '.join(among)}", value.text)
        return value.text

    def fault(self, key: str, expected: str) -> ParseError:
        value = self._value(key)
        return fault(self._what, value.line, expected, value.text)

    def _value(self, key: str) -> Value:
        if key not in self.values:
            raise fault(self._what, self._line, f"{self._name} to have {key}", f"only {', '.join(self.values)}")
        return self.values[key]


class DomAnswer:
    """One whole answer. `what` names it in errors ("mta1: pmta show queues").

    Raises: ParseError on text that is not DOM, on a value without its closing quote, on a path given twice.
    """

    def __init__(self, text: str, what: str) -> None:
        self.what = what
        self.values: dict[str, Value] = {}
        for path, value in _entries(text, what):
            if path in self.values:
                raise fault(what, value.line, f"{path} once", value.text)
            self.values[path] = value
        if not self.values:
            raise fault(what, 1, 'lines of the form path="value"', text[:_FOUND_CHARS])

    def first(self, *paths: str) -> str:
        """The text of the first of `paths` that is there, "" where none is."""
        return next((self.values[path].text for path in paths if path in self.values), "")

    def number(self, path: str) -> int | None:
        """The whole number at `path`, None where nothing is there."""
        value = self.values.get(path)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value.text):
            raise fault(self.what, value.line, f"a whole number for {path}", value.text)
        return int(value.text)

    def items(self, name: str) -> tuple[Item, ...]:
        """The elements `name[0]`, `name[1]`, … in their order; a lone element may have no number."""
        found: dict[int, Item] = {}
        for path, value in self.values.items():
            match = _ITEM.fullmatch(path)
            if match is None or match["name"] != name:
                continue
            place = int(match["place"] or 0)
            item = found.setdefault(place, Item(self.what, f"{name}[{place}]", value.line))
            item.values[match["key"]] = value
        return tuple(item for _, item in sorted(found.items()))


def _entries(text: str, what: str) -> Iterator[tuple[str, Value]]:
    path, start, parts = "", 0, [""]
    # Not splitlines(): it also splits at characters that may stand inside a remote server's reply.
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r")
        match = _START.match(line)
        if match:
            if path:
                yield path, _closed(what, path, start, parts)
            path, start, parts = match["path"], number, [line[match.end() :]]
        elif line.strip():
            if not path:
                raise fault(what, number, 'a line of the form path="value"', line)
            parts.append(line)  # a reply of several lines: the value goes on
    if path:
        yield path, _closed(what, path, start, parts)


def _closed(what: str, path: str, line: int, parts: list[str]) -> Value:
    last = parts[-1].rstrip()
    if not last.endswith('"'):
        raise fault(what, line + len(parts) - 1, f'{path} to end with a quote (")', last)
    return Value(line, "\n".join([*parts[:-1], last[:-1]]))
