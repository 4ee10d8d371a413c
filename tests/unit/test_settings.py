"""config.yaml: what a person writes, what is refused and in which words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.tier import Tier
from bot.errors import ConfigError
from bot.settings import load_config, load_secrets

EXAMPLE = Path(__file__).parents[2] / "deploy" / "config.example.yaml"

CORE = """\
poll_every: 10s
known_hosts: known_hosts
hosts:
  - {name: mta1, address: mta1.example.com, port: 22, user: deferbot, key_file: id_ed25519,
     accounting: ["/var/log/pmta/acct-*.csv", "/var/log/pmta/diag-*.csv"], pmta: /usr/sbin/pmta}
slack: {channel: C0123456789}
roles: {operator: [U0AAAAAAA, "@mail-oncall"]}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))
    return [fault.removeprefix(f"{tmp_path}/config.yaml:") for fault in caught.value.faults]


def test_the_core_of_a_config_is_enough(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, CORE))
    assert config.poll_every == timedelta(seconds=10)
    assert config.known_hosts == tmp_path / "known_hosts"  # beside the config file
    assert config.hosts[0].key_file == tmp_path / "id_ed25519"
    assert config.alerts.alert_from is Tier.MIXED
    assert config.alerts.tiers.rule().mixed == 0.15


def test_the_documented_example_holds_the_defaults(tmp_path: Path) -> None:
    example, plain = load_config(EXAMPLE), load_config(written(tmp_path, CORE))
    assert example.alerts == plain.alerts
    assert (example.poll_every, example.backfill, example.keep_tallies) == (
        plain.poll_every,
        plain.backfill,
        plain.keep_tallies,
    )


def test_all_faults_at_once(tmp_path: Path) -> None:
    text = (
        CORE.replace("10s", "10 parsecs")
        .replace("port: 22", "port: 99999")
        .replace("C0123456789", "mail-ops")
        .replace("operator:", "operators:")
        + "alerts: {tiers: {mixed: 30%}, alert_from: awful}\npoll: 3\n"
    )
    told = "\n".join(faults(tmp_path, text))
    for words in (
        "1: poll_every: expected a duration such as 90s, 10m, 1h30m or 2d, found '10 parsecs'",
        "4: hosts[0].port:",
        "6: slack.channel:",
        "alerts.alert_from: expected throttle, mixed, reputation or block, found 'awful'",
        "8: alerts.tiers: expected throttle < mixed < reputation < block",
        "9: poll: no such key here, found 3",
    ):
        assert words in told


def test_a_host_needs_a_way_to_log_in_and_a_name_of_its_own(tmp_path: Path) -> None:
    assert "key_file, password_file or use_agent" in faults(tmp_path, CORE.replace("key_file: id_ed25519,", ""))[0]
    twice = CORE.replace("slack:", "  - {name: mta1, address: a, user: b, use_agent: yes}\nslack:")
    assert "found twice: mta1" in faults(tmp_path, twice)[0]
    assert "expected operator, found operators" in faults(tmp_path, CORE.replace("operator:", "operators:"))[0]


@pytest.mark.parametrize("value", ["0s", "-5s", "", "5", "1h 99x"])
def test_times_that_are_none(tmp_path: Path, value: str) -> None:
    told = faults(tmp_path, CORE.replace("poll_every: 10s", f'poll_every: "{value}"'))
    assert told and told[0].startswith("1: poll_every: expected a duration")


def test_secrets_come_from_the_environment_or_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="SLACK_APP_TOKEN: expected a value, found none"):
        load_secrets()
    env = tmp_path / ".env"
    env.write_text("SLACK_APP_TOKEN=xapp-2\nSLACK_BOT_TOKEN=xoxb-file\nOTHER=1\n", encoding="utf-8")
    secrets = load_secrets(env)
    assert secrets.slack_app_token.get_secret_value() == "xapp-2"
    assert secrets.slack_bot_token.get_secret_value() == "xoxb-1"  # the environment wins
    assert "xoxb" not in repr(secrets)
