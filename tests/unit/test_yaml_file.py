"""Faults in YAML files: all at once, each with line, key, expected and found."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from bot.errors import ConfigError
from bot.yaml_file import load_yaml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    port: int
    name: str


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    items: list[Inner]
    title: str


def faults(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_yaml(file, Outer)
    return [fault.removeprefix(str(tmp_path) + "/") for fault in caught.value.faults]


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = "title: [1]\nitems:\n  - port: many\n    name: a\n  - name: b\n    prot: 2\n"
    assert faults(tmp_path, text) == [
        "x.yaml:1: title: expected text, found [1]",
        "x.yaml:3: items[0].port: expected a whole number, found 'many'",
        "x.yaml:5: items[1].port: expected this key, found nothing",
        "x.yaml:6: items[1].prot: no such key here, found 2; did you mean port?",
    ]


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, "title: a\nitems: []\ntitle: b\nmore: 1\n") == [
        "x.yaml:3: title: expected once, found again; first in line 1",
        "x.yaml:4: more: no such key here, found 1; expected one of items, title",
    ]


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "title: a\nitems: [\n")
    assert fault.startswith("x.yaml:3: not YAML:")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "null"])
def test_a_file_of_another_shape_is_a_fault_not_a_traceback(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


def test_a_missing_file_and_binary_junk(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_yaml(tmp_path / "none.yaml", Outer)
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"x\.yaml:1: expected UTF-8 text, found byte 0xff"):
        load_yaml(tmp_path / "x.yaml", Outer)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: 2026-13-45\nitems: []\n", "expected dates and numbers that exist"),
        ("title: &a [*a]\nitems: []\n", "alias in itself"),
        ("title: " + "[" * 3000, "too deep"),
        ("title: a\nitems: []\ncolour: red\n", "no such key here, found 'red'; expected one of items, title"),
    ],
)
def test_what_yaml_itself_trips_over_is_a_fault_too(tmp_path: Path, text: str, said: str) -> None:
    assert said in faults(tmp_path, text)[0]
