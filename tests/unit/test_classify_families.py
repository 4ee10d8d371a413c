"""Families of words: what mail servers and providers write, each in several wordings of ours, means what it should."""

from __future__ import annotations

import csv
from pathlib import Path

from bot.core.category import Category
from bot.playbook.load import load_rules
from tests.playbook_samples import RULES

FAMILIES = Path(__file__).parent.parent / "data" / "replies" / "families.tsv"


def _rows() -> list[dict[str, str]]:
    with FAMILIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_every_wording_means_what_its_family_means() -> None:
    """`isp` "-": the provider is not known. Several categories: a careful person could give any of them."""
    classifier, rows = load_rules(RULES), _rows()
    found = [classifier.classify(row["reply"], row["isp"].strip("-")).category.value for row in rows]
    wrong = [
        (*row.values(), got) for row, got in zip(rows, found, strict=True) if got not in row["categories"].split(",")
    ]
    assert wrong == []


def test_every_category_has_its_family() -> None:
    assert {row["categories"].split(",")[0] for row in _rows()} == {category.value for category in Category}
