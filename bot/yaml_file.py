"""Read one YAML file into a pydantic model, with every fault as `file:line: key: expected …, found …`.

Every file a person writes (configuration, playbooks, rules, ISPs) comes in through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]
Fault = tuple[int, Place, str]
"""Line, place and what is wrong there."""

EXPECTED = {
    "missing": "this key",
    "extra_forbidden": "no such key",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "yes or no",
    "bool_parsing": "yes or no",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "path_type": "a path",
    "invalid_key": "a name in text",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "too_short": "at least one",
    "string_too_short": "some text",
}
"""pydantic's error types in our words; anything else speaks for itself in pydantic's message."""


def load_yaml(path: Path, model: type[Model], context: Mapping[str, object] | None = None) -> Model:
    """Read `path` as `model`; `context` is what its validators may want to know.

    Raises: ConfigError with all faults of the file at once.
    """
    lines: dict[Place, int] = {}
    faults: list[Fault] = []
    found: Model | None = None
    try:
        data = _read(path, lines, faults)
        found = model.model_validate(data, context=dict(context or {}))
    except ValidationError as error:
        told = [one for one in error.errors(include_url=False) if not _told_twice(one)]
        faults += [_fault(lines, one, model) for one in told]
    except RecursionError:
        raise ConfigError(
            [f"{path}: expected a plain tree of keys, found one too deep or an alias in itself"]
        ) from None
    if found is None or faults:
        faults.sort(key=lambda fault: fault[0])
        raise ConfigError([f"{path}:{line}: {_dotted(place)}: {said}" for line, place, said in faults])
    return found


def _read(path: Path, lines: dict[Place, int], faults: list[Fault]) -> Any:  # noqa: ANN401  (YAML is anything until the model says)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: expected a file that can be read, found: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            [f"{path}:{line}: expected UTF-8 text, found byte 0x{error.object[error.start]:02x}"]
        ) from None
    loader = yaml.SafeLoader(text)  # libyaml's is quicker and dies of a file that is too deep
    try:
        node = loader.get_single_node()
        _walk(node, (), lines, faults)
        return (loader.construct_document(node) if node else None) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError([f"{where}: not YAML: {getattr(error, 'problem', None) or error}"]) from None
    except ValueError as error:
        raise ConfigError([f"{path}: expected dates and numbers that exist ({error}); text goes in quotes"]) from None
    finally:
        loader.dispose()


def _walk(node: yaml.Node | None, place: Place, lines: dict[Place, int], faults: list[Fault]) -> None:
    """Note the line of every key and item; a key given twice is a fault, since YAML would keep only the last."""
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            if below in lines:
                faults.append(
                    (key.start_mark.line + 1, below, f"expected once, found again; first in line {lines[below]}")
                )
            lines[below] = key.start_mark.line + 1
            _walk(value, below, lines, faults)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), lines, faults)


def _told_twice(error: ErrorDetails) -> bool:
    """A list counts as short where its items have faults of their own, which are told."""
    return error["type"] == "too_short" and bool(error["input"])


def _fault(lines: dict[Place, int], error: ErrorDetails, model: type[BaseModel]) -> Fault:
    known = _in_file(tuple(error["loc"]), lines)
    place = known if error["type"] != "missing" else (*known, error["loc"][-1])
    return lines.get(known, 1), place, _said(error, model)


def _said(error: ErrorDetails, model: type[BaseModel]) -> str:
    message = error["msg"].removeprefix("Value error, ")
    expected = EXPECTED.get(error["type"], "").format_map(error.get("ctx", {}))
    found = f"found {_shown(error['input'])}"
    if error["type"] == "missing":
        return "expected this key, found nothing"
    if error["type"] == "extra_forbidden":
        return f"no such key here, {found}{_meant(error, model)}"
    if expected:
        return f"expected {expected}, {found}"
    return message if "found" in message else f"{message}, {found}"


def _in_file(loc: Place, lines: dict[Place, int]) -> Place:
    """The part of a model's path that the file has: a union's tag is no key of the file."""
    place: Place = ()
    for part in loc:
        if (*place, part) in lines:
            place = (*place, part)
    return place


def _meant(error: ErrorDetails, model: type[BaseModel]) -> str:
    names = sorted(_names_at(model, tuple(error["loc"])))
    near = get_close_matches(str(error["loc"][-1]), names, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; expected one of {', '.join(names)}" if names else ""


def _names_at(kind: object, loc: Place) -> set[str]:
    """The keys that the models of `kind` know where `loc` ends; none where the way there cannot be told."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if len(loc) == 1:
            return set(kind.model_fields)
        field = kind.model_fields.get(str(loc[0]))
        return _names_at(field.annotation, loc[1:]) if field else set()
    below = loc[1:] if get_origin(kind) in (tuple, list, dict) else loc
    return {name for part in get_args(kind) for name in _names_at(part, below)} if below else set()


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(file)"
