"""Writing rules into `replies.local.yaml`: what stands there stays as it is, and a file is whole or not there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

import yaml

from bot.errors import ConfigError

T = TypeVar("T")

HEAD = """\
# Rules of our own, asked before the shipped ones: see "Replies nobody understands yet" in deferbot's README.
# `deferbot rules adopt` adds to it; `deferbot check` tells what is wrong with it.
"""
LIST = "phrases"
"""Where adopted rules go."""


def with_rules(text: str, rules: Sequence[str], path: Path) -> str:
    """`text` with more items at the end of its phrases; comments and everything else stay.

    Args:
        rules: YAML of single rules (see `rule_yaml`), not indented.
        path: For the fault's words only.

    Raises: ConfigError where the file's phrases are not a plain list.
    """
    text = text if not text or text.endswith("\n") else f"{text}\n"
    node = _root(text, path)
    if node is None:
        return f"{text if text.strip() else HEAD}{LIST}:\n{_items(rules, 2)}"
    found = next((value for key, value in node.value if key.value == LIST), None)
    if found is None:
        return f"{text}\n{LIST}:\n{_items(rules, 2)}"
    if (
        not isinstance(found, yaml.SequenceNode)
        or found.flow_style
        or not isinstance(found.value[-1], yaml.MappingNode)
    ):
        raise ConfigError(
            [f"{path}:{found.start_mark.line + 1}: {LIST}: a list of `- id: …` expected, found another form"]
        )
    lines = text.splitlines(keepends=True)
    end = _last_line(found.value[-1], lines) + 1
    return "".join((*lines[:end], _items(rules, found.start_mark.column), *lines[end:]))


def rule_yaml(fields: Sequence[tuple[str, str | int | Sequence[str]]], comment: str = "") -> str:
    """One rule as YAML in ASCII: nothing of the far end's reaches the file, or a terminal, raw."""
    lines = [f"# {_ascii(comment)}"] if comment else []
    for place, (key, value) in enumerate(fields):
        start = "- " if place == 0 else "  "
        if isinstance(value, (str, int)):
            lines.append(f"{start}{key}: {_scalar(value)}")
        else:
            lines += [f"{start}{key}:", *(f"    - {_scalar(one)}" for one in value)]
    return "\n".join(lines) + "\n"


@contextmanager
def being_written(path: Path) -> Iterator[None]:
    """One writer at a time, of this process and of others.

    Raises: ConfigError where the folder cannot be written.
    """
    try:
        # The folder itself: a lock file would be left behind, and be somebody else's for the next writer.
        handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace_file(path: Path, text: str, accept: Callable[[Path], T]) -> T:
    """Write `text` as `path`, all or nothing; `accept` looks at it under another name first and may refuse it.

    Returns: what `accept` made of it.

    Raises: what `accept` raises, ConfigError where the folder cannot be written; the old file is as it was.
    """
    path = path.resolve()
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", suffix=".new", delete=False
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, error) from None
    written = Path(file.name)
    try:
        accepted = accept(written)
        written.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        written.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        written.unlink(missing_ok=True)
    return accepted


def read_text(path: Path) -> str:
    """The file's text, "" where there is none.

    Raises: ConfigError where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: expected UTF-8 text that can be read, found: {error}"]) from None


def _root(text: str, path: Path) -> yaml.MappingNode | None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: expected YAML, found: {' '.join(str(error).split())[:200]}"]) from None
    if node is not None and (not isinstance(node, yaml.MappingNode) or node.flow_style):
        raise ConfigError([f"{path}: expected keys such as `{LIST}:` at the start of lines, found another form"])
    return node


def _last_line(node: yaml.CollectionNode, lines: Sequence[str]) -> int:
    """The last line of an item: the end mark of a block stands behind the blanks and comments that follow it."""
    line = min(node.end_mark.line - (not node.flow_style), len(lines) - 1)
    while line > node.start_mark.line and (not lines[line].strip() or lines[line].lstrip().startswith("#")):
        line -= 1
    return line


def _items(rules: Sequence[str], column: int) -> str:
    blank = " " * column
    return "".join(f"{blank}{line}\n" for rule in rules for line in rule.splitlines())


def _scalar(value: str | int) -> str:
    return str(value) if isinstance(value, int) else _quoted(value)


def _quoted(text: str) -> str:
    style = "'" if text.isascii() and text.isprintable() else '"'
    return yaml.safe_dump(text, default_style=style, width=float("inf"), allow_unicode=False).strip()


def _ascii(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
    return plain.encode("ascii", "replace").decode()


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError([f"{path}: expected a file in a folder that can be written, found: {error.strerror or error}"])
