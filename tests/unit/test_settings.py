"""config.yaml: what a person writes, what is refused and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.core.alert_rules import AlertRules
from bot.core.escalation import Reach
from bot.core.tier import Tier, TierRule
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
    assert (example.poll_every, example.backfill, example.keep_tallies, example.keep_hours) == (
        plain.poll_every,
        plain.backfill,
        plain.keep_tallies,
        plain.keep_hours,
    )


def test_when_people_are_told_can_be_set_for_all_and_how_little_mail_for_one(tmp_path: Path) -> None:
    text = (
        CORE
        + "alerts: {rise_after: 30s, flap_turns: 2, min_at_risk: 0, isps: {google: {mixed: 20%, min_at_risk: 900}}}\n"
    )
    alerts = load_config(written(tmp_path, text)).alerts
    assert alerts.rules() == AlertRules(
        rise_after=timedelta(seconds=30), flap_turns=2, min_at_risk=0, min_at_risk_of={"gmail": 900}
    )
    assert alerts.isps["gmail"].rule() == TierRule(mixed=0.20)
    assert load_config(written(tmp_path, CORE)).alerts.rules() == AlertRules()


def test_hours_are_kept_at_least_as_long_as_minutes(tmp_path: Path) -> None:
    for text in ("keep_hours: 13d\n", "keep_tallies: 500d\n"):
        (fault,) = faults(tmp_path, CORE + text)
        assert "expected keep_hours not below keep_tallies (" in fault
    assert load_config(written(tmp_path, CORE + "keep_hours: 14d\n")).keep_hours == timedelta(days=14)


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
    assert "expected 'operator', found 'operators'" in faults(tmp_path, CORE.replace("operator:", "operators:"))[0]


def test_what_holds_between_keys_is_told_beside_other_faults(tmp_path: Path) -> None:
    text = CORE.replace("port: 22", "port: 0").replace("C0123456789", "mail-ops").replace("[U0AAAAAAA,", "[ann,")
    text = text.replace("slack:", "  - {name: mta1, address: a, user: b, port: x}\nslack:")
    text += "alerts: {tiers: {throttle: 20%, slack: 300%}, isps: {gmal: {mixed: 1%}}, stale_after: 5s}\n"
    told = "\n".join(faults(tmp_path, text))
    for words in (
        "4: hosts[0].port: expected 1 or more, found 0",
        "6: hosts[1].name: expected each name once, found twice: mta1",
        "6: hosts[1].port: expected a whole number, found 'x'",
        "6: hosts[1]: expected a way to log in: key_file, password_file or use_agent: yes, found none",
        "7: slack.channel: expected a channel's id such as C0123456789",
        "8: roles.operator[0]: expected a Slack user id such as U0AAAAAAA or a group",
        "9: alerts.tiers: expected throttle < mixed < reputation < block, found throttle 0.2 and mixed 0.15",
        "9: alerts.tiers.slack: expected 1 or less, found '300%'",
        "9: alerts.isps.gmal: expected an ISP or a domain, found 'gmal'; did you mean gmail?",
    ):
        assert words in told
    assert "hosts: expected at least one" not in told


def test_one_isp_differs_from_the_common_floors_only_in_what_it_sets(tmp_path: Path) -> None:
    alerts = "alerts: {tiers: {mixed: 20%, min_attempts: 200}, isps: {Google: {throttle: 8%}, corp.example: {}}}\n"
    isps = load_config(written(tmp_path, CORE + alerts)).alerts.isps
    assert set(isps) == {"gmail", "corp.example"}
    gmail = isps["gmail"]
    assert (gmail.throttle, gmail.mixed, gmail.reputation, gmail.min_attempts) == (0.08, 0.2, 0.25, 200)


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ("{window: 30s}", "alerts.window: expected 1m or more"),
        ("{stale_after: 10s}", "stale_after: expected more than poll_every (10 s), found 10 s"),
    ],
)
def test_spans_that_cannot_work(tmp_path: Path, alerts: str, said: str) -> None:
    assert said in faults(tmp_path, f"{CORE}alerts: {alerts}\n")[0]


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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"SLACK_APP_TOKEN=xapp-\n", "SLACK_APP_TOKEN: expected a token, found the example's empty one"),
        (b"SLACK_API_URL=slack\n", "SLACK_API_URL: expected a URL"),
        (b"\xff\xfe\n", "expected lines NAME=value in UTF-8"),
    ],
)
def test_an_env_file_that_was_not_filled_in(tmp_path: Path, line: bytes, said: str) -> None:
    env = tmp_path / ".env"
    env.write_bytes(b"SLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=xapp-1\n" + line)
    with pytest.raises(ConfigError, match=said):
        load_secrets(env)


CALLS = """\
alerts:
  timezone: Europe/Berlin
  escalation:
    - tier: block
      hours: "22:00-07:00"
      steps: [{after: 5m, mention: S0LEADS}, {after: 10m, channel: C0LEADS}, {after: 15m, dm: U0BOSS}]
    - steps: [{after: 30m, mention: U0ANN}]
"""
ROUTED = CORE.replace(
    "slack: {channel: C0123456789}",
    "slack: {channel: C0123456789, routes: [{isp: google, channel: C0MAIL}, {tier: block, channel: C0LEADS}]}",
)


def test_who_is_called_when_nobody_reacts(tmp_path: Path) -> None:
    alerts = load_config(written(tmp_path, CORE + CALLS)).alerts
    night, day = alerts.rules().escalation
    assert (night.tier, night.since, night.until) == (Tier.BLOCK, time(22), time(7))
    assert [(step.reach, step.target) for step in night.steps] == [
        (Reach.MENTION, "S0LEADS"),
        (Reach.CHANNEL, "C0LEADS"),
        (Reach.DM, "U0BOSS"),
    ]
    assert (day.tier, day.holds(Tier.REPUTATION, datetime(2026, 11, 20, 12, tzinfo=UTC))) == (Tier.REPUTATION, True)
    assert alerts.shown_to() == ("C0LEADS", "U0BOSS")


def test_which_channel_hears_of_what(tmp_path: Path) -> None:
    routes = load_config(written(tmp_path, ROUTED)).slack.routed()
    assert [routes.of(*what) for what in (("gmail", Tier.BLOCK), ("yahoo", Tier.BLOCK), ("yahoo", Tier.MIXED))] == [
        "C0MAIL",
        "C0LEADS",
        "C0123456789",
    ]
    assert routes.channels == ("C0123456789", "C0MAIL", "C0LEADS")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CORE + CALLS.replace("Europe/Berlin", "Europe/Bonn"), "expected a time zone such as Europe/Berlin"),
        (CORE + CALLS.replace("22:00-07:00", "22-7"), 'expected hours of the day such as "22:00-07:00"'),
        (CORE + CALLS.replace("22:00-07:00", "07:00-07:00"), "expected two different hours"),
        (CORE + CALLS.replace("mention: S0LEADS", "mention: '@leads'"), "expected a user group's id"),
        (CORE + CALLS.replace("dm: U0BOSS", "dm: C0BOSS"), "expected a Slack user id"),
        (CORE + CALLS.replace("dm: U0BOSS", "dm: U0BOSS, channel: C0X"), "expected one of mention, channel, dm"),
        (CORE + CALLS.replace(", dm: U0BOSS", ""), "expected one of mention, channel, dm"),
        (ROUTED.replace("isp: google, ", ""), "expected isp, tier or both beside channel"),
        (ROUTED.replace("isp: google", "isp: gogle"), "did you mean"),
    ],
)
def test_calls_and_routes_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    found = faults(tmp_path, text)
    assert any(said in fault for fault in found), found
