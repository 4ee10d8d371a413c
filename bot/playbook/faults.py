"""A model's faults as sentences: `file, line: path: what was expected, what was found`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.playbook.yaml_text import Place, read

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "missing": "a value expected, found nothing",
    "extra_forbidden": "no such key expected here",
    "string_type": "a text expected",
    "tuple_type": "a list expected",
    "model_type": "a mapping of keys to values expected",
    "model_attributes_type": "a mapping of keys to values expected",
}


def validated(model: type[Model], path: Path, name: str) -> tuple[Model | None, list[str]]:
    """The file as `model`, or None and every fault in it. `name` is how the file is called in the faults.

    Raises: ConfigError where the file is no YAML.
    """
    values, lines = read(path, name)
    try:
        return model.model_validate(values), []
    except ValidationError as wrong:
        return None, [sentence(name, fault, lines) for fault in wrong.errors(include_url=False)]  # type: ignore[arg-type]


def sentence(name: str, fault: Mapping[str, object], lines: Mapping[Place, int]) -> str:
    loc = fault["loc"]
    assert isinstance(loc, tuple)
    place = _in_file(loc, lines)
    where = f"{name}, line {lines[place]}" if place in lines else name
    path = _path(place if place else loc)
    return f"{where}: {path}: {_said(fault)}" if path else f"{where}: {_said(fault)}"


def _in_file(loc: Place, lines: Mapping[Place, int]) -> Place:
    """The path without what only the model knows (the tag of a union), as long as the file has it."""
    place: Place = ()
    for part in loc:
        if (*place, part) in lines:
            place = (*place, part)
    missing = loc[-1] if loc else ""
    return place if place and place[-1] == missing else (*place, missing) if loc else ()


def _path(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _said(fault: Mapping[str, object]) -> str:
    kind, found = str(fault["type"]), fault.get("input")
    if kind == "value_error":
        return str(fault["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        return _WORDS[kind]
    expected = _WORDS.get(kind) or f"{str(fault['msg'])[:1].lower()}{str(fault['msg'])[1:]}".replace(
        "input should be ", ""
    )
    expected = expected if expected.endswith("expected") or "expected" in expected else f"{expected} expected"
    return f"{expected}, found {_short(found)}"


def _short(found: object) -> str:
    if isinstance(found, dict):
        return "a mapping"
    if isinstance(found, list | tuple):
        return "a list"
    return f'"{str(found)[:60]}"' if found is not None else "nothing"
