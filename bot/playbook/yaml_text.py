"""YAML files read safely: plain values only, a key written twice is a fault, and every path knows its line."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import yaml

from bot.errors import ConfigError

Place = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice in one mapping (YAML forbids it, PyYAML keeps the last)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f'key "{key.value}" stands twice', key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read(path: Path, name: str) -> tuple[object, dict[Place, int]]:
    """The file's values, and the line (from 1) of every path in them.

    Raises:
        ConfigError: `name: line: expected, found` where it cannot be read or is no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError([f"{name}: a readable UTF-8 file expected, found: {fault}"]) from fault
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            values = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as fault:
        raise ConfigError([f"{name}{_line(fault)}: YAML expected, found: {_problem(fault)}"]) from fault
    lines: dict[Place, int] = {}
    if node is not None:
        _walk(node, (), lines)
    return values, lines


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _walk(value, (*place, key.value), lines)
            lines[*place, key.value] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(value, (*place, number), lines)


def _line(fault: yaml.YAMLError) -> str:
    mark = fault.problem_mark if isinstance(fault, yaml.MarkedYAMLError) else None
    return f", line {mark.line + 1}" if mark else ""


def _problem(fault: yaml.YAMLError) -> str:
    if isinstance(fault, yaml.MarkedYAMLError) and fault.problem:
        return fault.problem
    return " ".join(str(fault).split())
