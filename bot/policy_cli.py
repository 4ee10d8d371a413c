"""`deferbot policy`: check · show · simulate. Words and exit codes only; the work is elsewhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import ConfigError, DeferbotError

if TYPE_CHECKING:
    from rich.console import Console

    from bot.core.isp import IspCatalog
    from bot.core.policy import Policies

PIPE_WIDTH = 240
"""Columns where standard output is a file or a pipe, which have no width: rows stay whole there."""

policy = typer.Typer(name="policy", help="Deferral policies: which reply waits how long.", no_args_is_help=True)
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", "-p", help="The policy file; without it the one that came with deferbot.")
]


@policy.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The policy file; without it the shipped one.")] = None,
) -> None:
    """Check a policy file; tells every fault at once, then what its patterns do to each other."""
    from bot.core.policy import PATTERNS
    from bot.knowledge import shipped_playbooks
    from bot.playbook.load import load_packs, load_rules
    from bot.playbook.policy_lint import lint_policies

    path = file or shipped_playbooks() / "policies.yaml"
    try:
        policies = _policies(path, _isps())
    except ConfigError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        typer.echo(_times(len(error.faults), "fault"), err=True)
        raise typer.Exit(1) from None
    rules = shipped_playbooks() / "replies"
    found = list(lint_policies(policies, load_rules(rules), load_packs(rules)))
    for each in found:
        typer.echo(f"{path}: {each.text}" if each.wrong else f"note: {path}: {each.text}", err=each.wrong)
    if wrong := sum(each.wrong for each in found):
        typer.echo(_times(wrong, "fault"), err=True)
        raise typer.Exit(1)
    patterns = sum(each.kind.sort in PATTERNS and each.origin == one.name for one in policies for each in one.entries())
    plural = "policies" if len(policies) > 1 else "policy"
    typer.echo(f"{path}: {len(policies)} {plural}, {patterns} patterns: no fault found.")


@policy.command()
def show(
    isp: Annotated[str | None, typer.Argument(help="Only the policy in force for this ISP or domain.")] = None,
    file: PolicyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
) -> None:
    """The policy in force: what is matched, in the order it is asked, how long it waits, and why."""
    from bot.policy_tables import policy_json, policy_table

    isps = _isps()
    policies = _policies(file, isps)
    asked = [policies.of(_meant(isp, isps)).name] if isp else [each.name for each in policies]
    if as_json:
        typer.echo(policy_json(policies, asked))
        return
    out = _console()
    for name in asked:
        out.print(policy_table(policies.named(name), policies.isps_of(name)))
        out.print()


@policy.command()
def simulate(
    files: Annotated[list[str], typer.Argument(help="Accounting files (.csv, .csv.gz), or - for standard input.")],
    file: PolicyOption = None,
    against: Annotated[Path | None, typer.Option(help="A second policy file, shown beside the first.")] = None,
    isp: Annotated[str | None, typer.Option(help="Only this ISP, by any usual name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every ISP as a JSON list.")] = False,
) -> None:
    """What a policy would have done to your own mail: waits, mail held, the rate without transient replies."""
    from rich.console import Console

    from bot.policy_simulation import simulate as simulated
    from bot.policy_tables import comparison_json, comparison_table, notes, simulation_json, simulation_tables
    from bot.progress import progress_bar, speed

    if against and "-" in files:
        raise typer.BadParameter("standard input cannot be read twice; name files", param_hint="--against")
    isps = _isps()
    tried = [_policies(each, isps) for each in ([file, against] if against else [file])]
    told = Console(stderr=True)
    began = time.monotonic()
    with progress_bar(files * len(tried), told) as done:
        found = [simulated(files, each, isps=isps, isp=isp, told=done) for each in tried]
    if told.is_terminal:
        told.print(speed(sum(each.records for each in found), time.monotonic() - began), highlight=False)
    first, *second = found
    if not as_json:
        _console().print(comparison_table(first, second[0], isps) if second else simulation_tables(first, isps))
        return
    typer.echo(comparison_json(first, second[0]) if second else simulation_json(first))
    for note in notes(first, len(first.outcomes)):
        typer.echo(note, err=True)


def _isps() -> IspCatalog:
    from bot.knowledge import shipped_playbooks
    from bot.playbook.isps import load_isps

    return load_isps(shipped_playbooks() / "isps.yaml")


def _policies(file: Path | None, isps: IspCatalog) -> Policies:
    from bot.knowledge import shipped_playbooks
    from bot.playbook.policies import load_policies

    return load_policies(file or shipped_playbooks() / "policies.yaml", isps)


def _meant(word: str, isps: IspCatalog) -> str:
    known = isps.resolve(word)
    if known is None and "." not in word:
        near = isps.nearest(word)
        raise DeferbotError(f"No ISP called {word}." + (f" Did you mean {near}?" if near else ""))
    return known or word.strip().lower()


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def _times(n: int, what: str) -> str:
    return f"{n} {what}{'s' if n > 1 else ''} found."
