"""Every message about dark hosts as JSON, against the recorded one (`tests/unit/test_messages_shown.py` says how)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.outage import DarkHost, Outage, OutageState
from bot.slack.messages import limits
from bot.slack.messages.dark import cause_of
from bot.slack.messages.message import Message
from bot.slack.messages.outage import outage_message
from tests.diagnoses import HOSTILE
from tests.unit.test_messages_shown import recorded

NOW = datetime(2026, 11, 21, 2, 46, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REFUSED = "192.0.2.7 port 22 refuses connections: does sshd run there?"
SILENT = "no answer from 192.0.2.9 port 22 within 10 s. (try 3 of 3)"
NO_LOGIN = (
    "192.0.2.8 port 22 did not accept deferbot with the key /etc/deferbot/id_ed25519; it takes publickey. "
    "Check the user name and ~deferbot/.ssh/authorized_keys on the host."
)
NO_KEY = (
    "mta7 shows the ed25519 host key SHA256:abc, but /etc/deferbot/known_hosts pins no key for it. Compare it with "
    "`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` run on the host itself; if it is the same, add this line to …"
)


def dark(host: str = "mta7", ago: timedelta = 5 * MINUTE, **given: object) -> DarkHost:
    return replace(DarkHost(host, NOW - ago, REFUSED), **given)  # type: ignore[arg-type]


def back(host: str = "mta7", lasted: timedelta = 22 * MINUTE, **given: object) -> DarkHost:
    return replace(DarkHost(host, NOW - lasted, back_at=NOW), **given)  # type: ignore[arg-type]


def outage(*hosts: DarkHost, fleet: int = 20, share: float | None = 0.31, **given: object) -> Outage:
    made = Outage(3, OutageState.OPEN, NOW, 2, hosts, fleet, NOW, share)
    return replace(made, **given)  # type: ignore[arg-type]


def over(*hosts: DarkHost, fleet: int = 20) -> Outage:
    return outage(*hosts, fleet=fleet, state=OutageState.RESOLVED, resolved_at=NOW)


def shown(told: Outage) -> Message:
    return outage_message(told, now=NOW)


storm = [dark(f"mta{n}", (5 + n) * MINUTE, error=SILENT if n % 3 else REFUSED) for n in range(12)]

MESSAGES: dict[str, Callable[[], Message]] = {
    "outage-one": lambda: shown(outage(dark())),
    "outage-three": lambda: shown(
        outage(dark(), dark("mta8", 9 * MINUTE, error=NO_LOGIN), dark("mta9", error=SILENT), back("mta2"), share=0.043)
    ),
    "outage-storm": lambda: shown(outage(*storm, share=0.62)),
    "outage-all": lambda: shown(outage(*storm, fleet=12)),
    "outage-all-alike": lambda: shown(outage(*(dark(f"mta{n}", error=SILENT) for n in range(3)), fleet=3)),
    "outage-only-host": lambda: shown(outage(dark("mta1"), fleet=1)),
    "outage-behind": lambda: shown(
        outage(dark(behind=True, error="catching up, 312 MiB of accounting are still to be read"))
    ),
    "outage-never-read": lambda: shown(outage(dark(since=None, error=NO_KEY), share=None)),
    "outage-no-word": lambda: shown(outage(dark(error=""))),
    "outage-hostile": lambda: shown(outage(dark(error=HOSTILE), share=None)),
    "outage-over": lambda: shown(over(back())),
    "outage-over-storm": lambda: shown(over(*(back(f"mta{n}", (9 + n) * MINUTE) for n in range(12)))),
    "outage-over-gaps": lambda: shown(
        over(back(gaps="no permission to read /var/log/pmta/diag.csv"), back("mta8", 7 * MINUTE))
    ),
    "outage-over-dropped": lambda: shown(over(back(dropped=True))),
    "outage-over-mixed": lambda: shown(
        over(back(earlier_s=600), back("mta8", dropped=True), back("mta9", since=None), fleet=2)
    ),
    "outage-over-only-host": lambda: shown(over(back("mta1"), fleet=1)),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reads_as_recorded(name: str) -> None:
    message = MESSAGES[name]()
    assert message.payload() == recorded(name, message.payload())


@pytest.mark.parametrize("name", MESSAGES)
def test_the_fallback_is_a_sentence_without_markup_and_all_is_within_slacks_limits(name: str) -> None:
    message = MESSAGES[name]()
    assert message.text.rstrip()[-1] in ".?!"
    assert not set("*`<>") & set(message.text)
    assert limits.check_message(message) == []


def test_500_hosts_fit_into_one_message() -> None:
    hosts = [dark(f"a-long-host-name-of-a-large-fleet-{n}", error=f"odd trouble number {n}") for n in range(500)]
    for told in (outage(*hosts, fleet=900), outage(*hosts, fleet=500), over(*(replace(h, back_at=NOW) for h in hosts))):
        assert limits.check_message(shown(told)) == []


def test_what_a_phone_shows() -> None:
    assert MESSAGES["outage-one"]().text == (
        "mta7: no data for 5 min (connection refused). It carried 31 % of the mail in the hour before. "
        "What it sends now is in no rate."
    )
    assert MESSAGES["outage-storm"]().text.startswith("12 of 20 hosts: no data for up to 16 min (no answer and ")
    assert MESSAGES["outage-all"]().text == (
        "I see none of 12 hosts: no data for up to 16 min (no answer and connection refused). "
        "No rate is true until a host is read again; till then no incident is opened and none is closed."
    )
    assert MESSAGES["outage-over"]().text == (
        "All 20 hosts are read again; mta7 was dark for 22 min, everything its files hold from that time has been "
        "counted."
    )


def test_a_file_that_could_not_be_read_is_not_called_counted() -> None:
    told = str(MESSAGES["outage-over-gaps"]().payload())
    assert "has been counted" not in told
    assert "no permission to read /var/log/pmta/diag.csv" in told


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (REFUSED, "connection refused"),
        (SILENT, "no answer"),
        (NO_LOGIN, "login refused"),
        (NO_KEY, "host key refused"),
        (
            "no way to log in as deferbot is left: the agent holds no key. Set key_file, or run ssh-add.",
            "login refused",
        ),
        ("the key /k has mode 0644: others may read it. Run chmod 600 /k", "login refused"),
        ("the file /p does not exist (needed to log in as deferbot).", "login refused"),
        ("192.0.2.7 port 22 took the connection but did not finish the key exchange within 10 s.", "no answer"),
        (
            "its jump host 192.0.2.1 port 22: 192.0.2.1 port 22 refuses connections: does sshd run?",
            "connection refused",
        ),
        ("the address mta7.example is not known to DNS (no such name).", "address not found"),
        ("192.0.2.7 port 22 cannot be reached: No route to host.", "no answer"),
        ("192.0.2.7 port 22 did not answer the login of deferbot within 10 s.", "login refused"),
        ("192.0.2.7 port 22 took the connection but did not send an SSH banner within 10 s.", "no answer"),
        ("the connection was lost.", "no answer"),
        ("no permission to read /var/log/pmta/acct-1.csv.", "files not read"),
        ("no accounting file matches /var/log/pmta/acct-*.csv any more.", "files not read"),
        ("reading it took more than 360 s and was cut off; what was counted is kept.", "too slow"),
        ("", "not read"),
    ],
)
def test_an_error_is_told_in_two_words(error: str, words: str) -> None:
    assert cause_of(dark(error=error)).words == words
