"""Read one YAML file into a pydantic model, with every fault as `file:line: key: expected …, found …`.

Every file a person writes (configuration, playbooks, rules, ISPs) comes in through here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]

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
}
"""pydantic's error types in our words; anything else speaks for itself in pydantic's message."""


def load_yaml(path: Path, model: type[Model]) -> Model:
    """Read `path` as `model`.

    Raises: ConfigError with all faults of the file at once.
    """
    lines: dict[Place, int] = {}
    data = _read(path, lines)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError([_fault(path, lines, one) for one in error.errors(include_url=False)]) from None


def _read(path: Path, lines: dict[Place, int]) -> Any:  # noqa: ANN401  (YAML is anything until the model says)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        faults: list[str] = []
        _walk(node, (), lines, faults, path)
        if faults:
            raise ConfigError(faults)
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError([f"{where}: not YAML: {getattr(error, 'problem', None) or error}"]) from None


def _walk(node: yaml.Node | None, place: Place, lines: dict[Place, int], faults: list[str], path: Path) -> None:
    """Note the line of every key and item; a key given twice is a fault, since YAML would keep only the last."""
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            if below in lines:
                faults.append(f"{path}:{key.start_mark.line + 1}: {_dotted(below)}: given twice")
            lines[below] = key.start_mark.line + 1
            _walk(value, below, lines, faults, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), lines, faults, path)


def _fault(path: Path, lines: dict[Place, int], error: ErrorDetails) -> str:
    known = _in_file(tuple(error["loc"]), lines)
    place = known if error["type"] != "missing" else (*known, error["loc"][-1])
    message = error["msg"].removeprefix("Value error, ")
    expected = EXPECTED.get(error["type"])
    if error["type"] == "missing":
        said = "expected this key, found nothing"
    elif error["type"] == "extra_forbidden":
        said = f"no such key here{_meant(error)}"
    elif expected:
        said = f"expected {expected}, found {_shown(error['input'])}"
    else:
        said = f"{message}, found {_shown(error['input'])}" if "found" not in message else message
    return f"{path}:{lines.get(known, 1)}: {_dotted(place)}: {said}"


def _in_file(loc: Place, lines: dict[Place, int]) -> Place:
    """The part of a model's path that the file has: a union's tag is no key of the file."""
    place: Place = ()
    for part in loc:
        if (*place, part) in lines:
            place = (*place, part)
    return place


def _meant(error: ErrorDetails) -> str:
    return f", found {_shown(error['input'])}"


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(file)"
