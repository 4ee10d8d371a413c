"""PowerMTA's configuration directives: which exist in which scope, their values' grammar, their defaults."""

from __future__ import annotations

import re
from typing import Final

UNITS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_RATE_UNITS: Final = {
    "d": 86400, "day": 86400, "h": 3600, "hr": 3600, "m": 60, "min": 60, "s": 1, "sec": 1,
}  # fmt: skip
_TIME = re.compile(r"(?:\d+[wdhms])+|\d+", re.ASCII)
_RATE = re.compile(r"(\d+)/(\d*)(day|d|hr|h|min|m|sec|s)", re.ASCII)
_LONGEST_S: Final = 100 * 365 * 86400
"""Guess: nothing says how long a time may be; a century keeps every end a date."""
_SIZE = re.compile(r"(\d+)([KMG]?)", re.IGNORECASE | re.ASCII)


def seconds(text: str) -> int | None:
    """`1w2d12h` or `600` (plain seconds) as seconds; None for `never`.

    Raises: ValueError where it is neither.
    """
    if text == "never":
        return None
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    total = sum(int(n) * UNITS[unit or "s"] for n, unit in re.findall(r"(\d+)([wdhms]?)", text))
    if total > _LONGEST_S:
        raise ValueError(text)
    return total


def per_second(text: str) -> float | None:
    """A rate such as `100/15m` per second; None for `unlimited` and for `0`, whose meaning is not explained.

    Raises: ValueError where it is no rate.
    """
    if text in {"unlimited", "0"}:
        return None
    match = _RATE.fullmatch(text)
    if not match or int(match[1]) == 0 or match[2] == "0":
        raise ValueError(text)
    return int(match[1]) / (int(match[2] or 1) * _RATE_UNITS[match[3]])


def count(text: str) -> int | None:
    """A whole number; None for `unlimited`.

    Raises: ValueError where it is neither.
    """
    return None if text == "unlimited" else int(text)


def size(text: str) -> int:
    """`250M` as bytes.

    Raises: ValueError where it is no size.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(text)
    return int(match[1]) * {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[match[2].upper()]


def check(kind: str, value: str) -> None:
    """Judge one value by its kind.

    Raises: ValueError where the value does not fit.
    """
    if kind == "bool" and value not in {"yes", "no", "true", "false"}:
        raise ValueError(value)
    if kind == "time":
        seconds(value)
    if kind == "times":
        for part in value.split(","):
            seconds(part)
    if kind == "rate":
        per_second(value)
    if kind == "int":
        count(value)
    if kind == "size":
        size(value)
    if kind in {"cidr int", "cidr rate"} and value:
        words = value.split()
        if len(words) != 2:
            raise ValueError(value)
        check(kind.partition(" ")[2], words[1])


_QUEUE_TABLE: Final = """
type text smtp
add-x-msys-api-header bool no
allow-cancel-during-transfer bool yes
allow-priority-interruption bool yes
allow-priority-interruption-during-transfer bool no
assume-delivery-upon-data-termination-timeout bool no
auth-password text ""
auth-username text ""
backoff-max-connect-rate rate unlimited
backoff-max-msg-rate rate unlimited
backoff-max-smtp-out int 20
backoff-notify text ""
backoff-reroute-to-virtual-mta text ""
backoff-retry-after times 1h
backoff-to-normal-after time never
backoff-to-normal-after-delivery bool no
backoff-upon-all-sources-disabled bool no
bcc-upon-delivery text ""
bounce-after time 4d12h
bounce-upon-5xx-greeting bool yes
bounce-upon-no-mx bool no
bounce-upon-pix-transfer-failure bool no
bounce-upon-transfer-failure bool no
check-spf-outbound bool no
connect-timeout time 2m
data-send-timeout time 3m
default-smtp-port int 25
deliver-local-dsn bool yes
disable-acct-records text ""
disable-mx-rollup bool no
disabled-source-ip-notify text ""
dkim-add-body-limit bool no
dkim-add-timestamp bool no
dkim-algorithm text rsa-sha256
dkim-body-canon text relaxed
dkim-disallow-adding-headers text ""
dkim-expire-after time never
dkim-headers text ""
dkim-headers-canon text relaxed
dkim-identity text sender-or-from
dkim-query-method text ""
dkim-sign bool no
ignore-8bitmime bool no
ignore-chunking bool yes
ignore-dsn bool no
ignore-pipelining bool no
log-commands bool no
log-connections bool no
log-data bool no
log-disabled-ips bool no
log-resolution bool no
log-transfer-failures bool no
max-cold-virtual-mta-msg text 0/d
max-connect-rate rate unlimited
max-errors-per-connection int unlimited
max-events-recorded int 10
max-msg-per-connection int 0
max-msg-rate rate unlimited
max-rcpt-per-message int 1000
max-smtp-out int 20
mx-connection-attempts int 10
notify-of-delay-every time never
pix-bug-workaround bool yes
queue-priority int 50
queue-to text ""
reenable-source-ip-after time never
remove-header text ""
replace-smtp-421-service-response bool no
require-starttls bool no
reroute-to-virtual-mta text ""
retry-after times 10m
retry-after-dns-error time 1m
retry-recipients-after time 10m
retry-upon-new-mail bool no
reuse-ssl-session bool no
smtp-421-means-mx-unavailable bool no
smtp-553-means-invalid-mailbox bool no
smtp-client-certificate text ""
smtp-data-termination-timeout time 10m
smtp-greeting-timeout time 5m
smtp-hosts text ""
smtp-multiple-line-response-timeout time 5m
smtp-pattern-list text ""
smtp-tls-allow-SSLv3 bool no
smtp-tls-allow-TLSv1 bool yes
smtp-tls-ca-file text ""
source-ip-max-connect-rate cidr-rate ""
source-ip-max-msg-rate cidr-rate ""
source-ip-max-smtp-out cidr-int ""
track-recipient-events bool no
use-starttls bool no
use-unencrypted-plain-auth bool no
"""


def _rows(table: str) -> dict[str, tuple[str, str]]:
    rows = (line.split(None, 2) for line in table.strip().splitlines())
    return {word: (kind.replace("-", " "), value.strip('"')) for word, kind, value in rows}


QUEUE: Final = _rows(_QUEUE_TABLE)
"""Domain scope: directive -> (kind, default), in the order `show settings` prints them."""

ALIASES: Final = {"max-rcpt-per-transaction": "max-rcpt-per-message"}

VMTA: Final[dict[str, tuple[str, str]]] = {
    "max-smtp-msg-rate": ("rate", "unlimited"),
    "max-smtp-out": ("int", "unlimited"),
    "smtp-source-host": ("text", ""),
    "host-name": ("text", ""),
    "domain-key": ("text", ""),
    "auto-cold-virtual-mta": ("text", ""),
}
POOL: Final[dict[str, tuple[str, str]]] = {
    "virtual-mta": ("text", ""),
    "max-smtp-msg-rate": ("rate", "unlimited"),
    "max-smtp-out": ("int", "unlimited"),
}
GLOBAL: Final[dict[str, tuple[str, str]]] = {
    "postmaster": ("text", ""), "host-name": ("text", ""), "run-as-root": ("bool", "no"),
    "log-file": ("text", ""), "log-rotate": ("int", "8"), "smtp-listener": ("text", ""),
    "http-mgmt-port": ("int", "8080"), "http-access": ("text", ""), "http-api-key": ("text", ""),
    "http-redirect-to-https": ("bool", "yes"), "total-max-smtp-out": ("int", "400"),
    "total-max-smtp-in": ("int", "750"), "mx-connection-limit": ("text", ""),
    "ip-connection-limit": ("text", ""), "sync-msg-create": ("bool", "yes"), "sync-msg-update": ("bool", "yes"),
    "spool": ("text", ""), "domain-macro": ("text", ""), "iso-times": ("bool", "yes"),
    "relay-address": ("text", ""), "relay-domain": ("text", ""), "pid-file": ("text", ""),
}  # fmt: skip
ACCT: Final[dict[str, tuple[str, str]]] = {
    "records": ("text", "d,b"), "record-fields": ("text", ""), "max-size": ("size", "250M"),
    "move-interval": ("time", "1d"), "move-to": ("text", ""), "delete-after": ("time", "8d"),
    "world-readable": ("bool", "no"), "sync": ("bool", "no"), "iso-times": ("bool", "yes"),
    "queue-filter": ("text", ""), "write-timeout": ("time", "1m"), "user-string": ("text", ""),
}  # fmt: skip
SOURCE: Final[dict[str, tuple[str, str]]] = {
    "always-allow-relaying": ("bool", "no"), "process-x-virtual-mta": ("bool", "no"),
    "process-x-job": ("bool", "no"), "smtp-service": ("bool", "yes"), "log-connections": ("bool", "no"),
    "log-commands": ("bool", "no"), "max-message-size": ("text", ""), "default-virtual-mta": ("text", ""),
    "allow-unencrypted-plain-auth": ("bool", "no"), "add-received-header": ("bool", "yes"),
}  # fmt: skip
