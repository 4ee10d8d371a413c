"""The simulated host's configuration: real syntax, inheritance, errors with their line, atomic reload."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sim.fleet.config import ConfigFault, parse_config
from bot.sim.fleet.directives import per_second, seconds
from bot.sim.fleet.settings import Settings
from tests.fleet_scene import MINUTE, scene

LAYERS = """\
# general settings lie under specific ones, whatever the order in the file
<domain gmail.com>
    max-smtp-out 12
</domain>
<domain *>
    max-smtp-out 5
    retry-after 7m,1h   # a comment may follow
    max-msg-rate 600/15m
</domain>
<domain [*.]corp.example>
    max-smtp-out 6
</domain>
domain-macro apples icloud.com,me.com
<domain $apples>
    max-smtp-out 8
</domain>
<mx-rollup-list>
    mx *.yahoodns.net yahoo.rollup
</mx-rollup-list>
<virtual-mta-pool pool>
    virtual-mta one
    <domain gmail.com>
        max-smtp-out 3
        retry-after 30m
    </domain>
</virtual-mta-pool>
<virtual-mta one>
    max-smtp-out 100
    smtp-source-host 192.0.2.50 one.example
    <domain gmail.com>
        max-smtp-out 2
    </domain>
</virtual-mta>
<virtual-mta two>
    smtp-source-host 192.0.2.51 two.example
</virtual-mta>
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "config"
    path.write_text(LAYERS)
    return Settings(parse_config(path))


@pytest.mark.parametrize(
    ("domain", "vmta", "connections"),
    [
        ("gmail.com", "two", 12),  # written out beats *
        ("gmail.com", "one", 2),  # the VMTA beats its pool
        ("other.example", "two", 5),
        ("mail.corp.example", "two", 6),  # [*.] covers subdomains
        ("corp.example", "two", 6),  # and the domain itself
        ("notcorp.example", "two", 5),
        ("me.com", "two", 8),  # by macro
    ],
)
def test_the_most_specific_setting_wins(settings: Settings, domain: str, vmta: str, connections: int) -> None:
    assert settings.limits(domain, vmta, "normal").connections == connections


def test_settings_merge_through_the_layers(settings: Settings) -> None:
    vmta_block, queue_block = settings.shown("gmail.com", "one")
    assert vmta_block["max-smtp-out"] == "100"
    assert queue_block["retry-after"] == "30m"  # from the pool
    assert queue_block["max-msg-rate"] == "600/15m"  # from the global *
    assert settings.limits("gmail.com", "two", "normal").retry_after == (420, 3600)


def test_rollups_name_the_queue(settings: Settings) -> None:
    assert settings.queue_domain("yahoo.com", "mta5.am0.yahoodns.net") == "yahoo.rollup"
    assert settings.queue_domain("gmail.com", "gmail-smtp-in.l.google.com") == "gmail.com"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("postmaster a@b.example\n<domain *>\nmax-smtp-out\n</domain>\n", 3, "argument missing"),
        ("<domain *>\nmax-conn-rate 1/s\n</domain>\n", 2, "max-conn-rate"),  # the directive that does not exist
        ("<domain *>\nmax-smtp-out many\n</domain>\n", 2, "many"),
        ("<domain *>\nretry-after 10m, 20m\n</domain>\n", 2, "10m, 20m"),  # no blanks in a list
        ("<domain *>\nmax-msg-rate 0/h\n</domain>\n", 2, "0/h"),
        ("\n</domain>\n", 2, "</domain>"),
        ("<domain *>\n</virtual-mta>\n", 2, "</virtual-mta>"),
        ("<domain *>\nmax-smtp-out 4\n", 2, "domain"),
        ("<domain>\n</domain>\n", 1, "argument missing"),
        ("<smtp-pattern-list x>\nanswer /421/ mode=backoff\n</smtp-pattern-list>\n", 2, "answer"),
        ("include missing.conf\n", 1, "missing.conf"),
    ],
)
def test_faults_name_line_and_file(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConfigFault) as caught:
        parse_config(path)
    assert str(caught.value).startswith(f"Error in line {line} of {path}: ")
    assert words in str(caught.value)


def test_included_files_are_read_in_their_scope(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("<domain gmail.com>\n  include bot-*.conf\n</domain>\n")
    (tmp_path / "bot-gmail.conf").write_text("max-smtp-out 4\n")
    settings = Settings(parse_config(tmp_path / "config"))
    assert settings.limits("gmail.com", "x", "normal").connections == 4


def test_a_fault_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("postmaster a@b.example\ninclude bot.conf\n")
    (tmp_path / "bot.conf").write_text("\nnonsense 1\n")
    with pytest.raises(ConfigFault, match=r"line 2 of .*bot\.conf"):
        parse_config(tmp_path / "config")


def test_reload_keeps_the_old_configuration_when_the_new_one_is_bad(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    config = tmp_path / "mta1" / "etc" / "pmta" / "config"
    good = config.read_text()
    config.write_text(good.replace("max-smtp-out 20", "max-smtp-out 7") + "<domain\n")
    line = len(config.read_text().splitlines())
    assert f"Error in line {line} of {config}" in s.refused("test config")
    assert f"Error in line {line} of {config}" in s.refused("reload")
    assert "max-smtp-out 20" in s.run("show settings gmail.com/gmail-ip-1")
    config.write_text(good.replace("max-smtp-out 20", "max-smtp-out 7"))
    s.run("test config")
    assert "max-smtp-out 20" in s.run("show settings gmail.com/gmail-ip-1")
    s.run("reload")
    assert "max-smtp-out 7" in s.run("show settings gmail.com/gmail-ip-1")


def test_a_reloaded_limit_binds_at_once(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=10 * MINUTE)
    included = tmp_path / "mta1" / "etc" / "pmta" / "virtual-mtas.conf"
    text = included.read_text()
    domain = "<domain gmail.com>\nmax-msg-rate 2/m\n</domain>\n</virtual-mta>"
    included.write_text(text.replace("</virtual-mta>", domain, 1))
    s.run("reload")
    s.live(10 * MINUTE)
    assert s.attempts("gmail.com/gmail-ip-1", 10 * MINUTE) <= 22
    assert s.attempts("gmail.com/gmail-ip-2", 10 * MINUTE) > 200
    events = s.run("--dom show queues --errors gmail.com/gmail-ip-1")
    assert "message rate limit reached (based on queue's max-msg-rate in configuration)" in events


def test_a_pattern_list_switches_to_backoff_and_disables_sources_for_a_time(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    config = tmp_path / "mta1" / "etc" / "pmta" / "config"
    lines = "reply /low reputation/ mode=backoff,disable-source-ip,reenable-after=10m\n"
    config.write_text(config.read_text().replace("    reply /banned", f"    {lines}    reply /banned"))
    s.run("reload")
    s.fleet.start_scenario("gmail-reputation")
    s.live(8 * MINUTE)
    assert "192.0.2.10" in s.run("show disabled sources gmail.com/gmail-ip-1")
    assert 'mode="backoff"' in s.run("--dom show queues gmail.com/gmail-ip-1")
    assert "All SMTP sources for queue gmail.com/gmail-ip-1 are now disabled." in s.run(
        "--dom show queues --errors gmail.com/gmail-ip-1"
    )


@pytest.mark.parametrize(
    ("text", "value"), [("1w2d12h", 820800), ("90s", 90), ("600", 600), ("never", None), ("4d12h", 388800)]
)
def test_times(text: str, value: int | None) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("100/15m", 100 / 900), ("83/5s", 16.6), ("unlimited", None), ("60/hr", 1 / 60)]
)
def test_rates(text: str, value: float | None) -> None:
    assert per_second(text) == (None if value is None else pytest.approx(value))
