"""Diagnoses that an earlier version stored still load, and are drawn."""

from __future__ import annotations

import json
from dataclasses import fields

from bot.core.diagnosis import Diagnosis
from bot.core.model import Tally
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.limits import check_message
from bot.store.documents import DIAGNOSIS
from tests import diagnoses, store_values

FIRST_FIELDS = (
    "isp",
    "title",
    "at",
    "window",
    "now",
    "before",
    "aimed",
    "tier",
    "min_attempts",
    "cause",
    "replies",
    "ips",
    "vmtas",
    "jobs",
    "queues",
    "hosts",
    "series",
    "evidence",
    "advice",
    "offers",
)


def test_a_diagnosis_of_the_first_version_loads() -> None:
    whole = json.loads(DIAGNOSIS.text(store_values.diagnosis()))
    old = DIAGNOSIS.value(json.dumps({name: whole[name] for name in FIRST_FIELDS}))
    assert {field.name for field in fields(Diagnosis)} > set(FIRST_FIELDS)
    assert (old.isp, old.now, old.spans, old.recipients, old.hosted) == ("gmail", old.now, (), None, Tally())
    assert (old.usual, old.waiting, old.rising, old.per_host, old.untold) == (None, None, (), (), ())
    assert check_message(diagnosis_message(old, None)) == []


def test_what_is_stored_now_comes_back() -> None:
    found = diagnoses.diagnosis()
    assert DIAGNOSIS.value(DIAGNOSIS.text(found)) == found
