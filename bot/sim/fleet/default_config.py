"""Writes the configuration a simulated host starts with: real files, real syntax, a prepared backoff mode."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bot.sim.fleet.topology import vmtas_of

_HEAD: Final = """\
# PowerMTA configuration of {host} (simulated)
postmaster postmaster@sender.example
host-name {host}.example.com
total-max-smtp-out 400
http-mgmt-port 8080
domain-macro applemail icloud.com,me.com,mac.com

<acct-file {log}/acct.csv>
    records d,b
    max-size 50M
</acct-file>
<acct-file {log}/diag.csv>
    records t,tq
    max-size 50M
</acct-file>

<mx-rollup-list>
    mx *.olc.protection.outlook.com outlook.rollup
    mx *.yahoodns.net yahoo.rollup
</mx-rollup-list>

<smtp-pattern-list provider-blocks>
    reply /banned sending IP/ mode=backoff,backoff-to-normal-after=2h
</smtp-pattern-list>

"""

_DOMAINS: Final = """\
# Backoff mode has to slow mail down, so every provider has its own limits for it.
<domain *>
    max-smtp-out 20
    backoff-max-smtp-out 2
    backoff-max-msg-rate 180/h
    retry-after 10m,20m,40m,1h
    backoff-retry-after 30m
    retry-recipients-after 5m
    bounce-after 4d
    smtp-pattern-list provider-blocks
</domain>
<domain gmail.com>
    max-smtp-out 20
    backoff-max-smtp-out 3
    backoff-max-msg-rate 360/h
</domain>
<domain outlook.rollup>
    max-smtp-out 15
    max-msg-per-connection 10
    backoff-max-smtp-out 2
    backoff-max-msg-rate 300/h
</domain>
<domain yahoo.rollup>
    max-smtp-out 15
    max-msg-per-connection 20
    backoff-max-smtp-out 2
    backoff-max-msg-rate 300/h
</domain>
<domain $applemail>
    max-smtp-out 10
</domain>
<domain comcast.net>
    max-smtp-out 10
</domain>
include {etc}/virtual-mtas.conf
"""


def write_default_config(host: str, number: int, hosts: int, etc: Path, log: Path) -> Path:
    """Write `config` and the file it includes below `etc`, unless they are there; the path of `config`."""
    etc.mkdir(parents=True, exist_ok=True)
    log.mkdir(parents=True, exist_ok=True)
    config = etc / "config"
    if not config.exists():
        config.write_text((_HEAD + _DOMAINS).format(host=host, etc=etc, log=log), encoding="utf-8")
        (etc / "virtual-mtas.conf").write_text(_virtual_mtas(host, number, hosts), encoding="utf-8")
    return config


def _virtual_mtas(host: str, number: int, hosts: int) -> str:
    lines: list[str] = []
    pools: dict[str, list[str]] = {}
    for vmta in vmtas_of(number, hosts):
        lines.append(f"<virtual-mta {vmta.name}>")
        lines += [
            f"    smtp-source-host {ip} out{i}.{vmta.name}.{host}.example.com" for i, ip in enumerate(vmta.sources)
        ]
        lines.append("</virtual-mta>")
        if vmta.pool:
            pools.setdefault(vmta.pool, []).append(vmta.name)
    for pool, members in pools.items():
        lines.append(f"<virtual-mta-pool {pool}>")
        lines += [f"    virtual-mta {name}" for name in members]
        lines.append("</virtual-mta-pool>")
    return "\n".join(lines) + "\n"
