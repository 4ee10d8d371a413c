"""The commands the bot sends, letter by letter, and the names and durations that may stand in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playbook import commands
from bot.playbook.names import safe_ip, safe_queue, safe_vmta, shown

QUEUE = "gmail.com/gmail-ip-1"
ALL = ("--maxitems=100000", "--no-rcpt-events")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (commands.show_queues(), ("--dom", "show", "queues", *ALL)),
        (commands.show_queues("*/v1"), ("--dom", "show", "queues", *ALL, "*/v1")),
        (commands.show_vmtas(), ("--dom", "show", "vmtas", "--maxitems=100000")),
        (commands.show_status(), ("--dom", "show", "status")),
        (commands.show_disabled_sources(), ("show", "disabled", "sources")),
        (commands.show_disabled_sources(QUEUE), ("show", "disabled", "sources", QUEUE)),
        (commands.pause_queue(QUEUE), ("pause", "queue", QUEUE)),
        (commands.resume_queue(QUEUE), ("resume", "queue", QUEUE)),
        (
            commands.disable_source("192.0.2.10", QUEUE, timedelta(hours=4)),
            ("disable", "source", "--reenable-after=4h", "192.0.2.10", QUEUE),
        ),
        (commands.enable_source("2001:db8::1", QUEUE), ("enable", "source", "2001:db8::1", QUEUE)),
        (commands.backoff_mode(QUEUE), ("set", "queue", "--mode=backoff", QUEUE)),
        (commands.normal_mode("yahoo.rollup/{default}"), ("set", "queue", "--mode=normal", "yahoo.rollup/{default}")),
    ],
)
def test_commands_are_as_the_guide_writes_them(argv: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert argv == ("pmta", *expected)


BUILDERS: list[Callable[[str], tuple[str, ...]]] = [
    commands.show_queues,
    commands.show_disabled_sources,
    commands.pause_queue,
    commands.resume_queue,
    commands.backoff_mode,
    commands.normal_mode,
    lambda text: commands.enable_source("192.0.2.1", text),
    lambda text: commands.enable_source(text, QUEUE),
    lambda text: commands.disable_source(text, QUEUE, timedelta(hours=1)),
]


@given(st.text(min_size=1, max_size=40), st.sampled_from(BUILDERS))
def test_a_builder_takes_a_plain_name_or_nothing(text: str, build: Callable[[str], tuple[str, ...]]) -> None:
    try:
        argv = build(text)
    except ValueError:
        return
    assert safe_queue(argv[-1]) or safe_ip(argv[-2])
    assert argv[-1].isascii()


@pytest.mark.parametrize(
    "text", ["--all", "-x/y", "a b/c", "a/b c", "a/b\n", "a/b\x00", "*/*", "a/*", "a", "a/b/c", "ä/b"]
)
def test_hostile_queue_names_are_no_names(text: str) -> None:
    assert not safe_queue(text)
    with pytest.raises(ValueError, match="domain/vmta expected"):
        commands.pause_queue(text)


@pytest.mark.parametrize(
    "text", ["gmail.com/a", "*/v1", "yahoo.rollup/{default}", "xn--bcher-kva.example/v_1.2", "_x/a"]
)
def test_plain_queue_names_are_taken(text: str) -> None:
    assert safe_queue(text)


@pytest.mark.parametrize(
    ("text", "taken"), [("{default}", True), ("v1", True), ("-v", False), ("a/b", False), ("", False)]
)
def test_vmta_names(text: str, taken: bool) -> None:
    assert safe_vmta(text) is taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("fe80::1%eth0", False),
        ("192.0.2.1/24", False),
        ("1", False),
        ("", False),
    ],
)
def test_ips(text: str, taken: bool) -> None:
    assert safe_ip(text) is taken


@given(st.text(max_size=200))
def test_what_is_shown_of_a_foreign_name_is_harmless(text: str) -> None:
    found = shown(text)
    assert found.isascii()
    assert found.isprintable()
    assert not set("<>&`*_~@") & set(found)
    assert len(found) <= 700
