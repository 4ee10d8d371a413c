"""The command `deferbot`: run · demo · check · rates · classify · policy · rules. Words and exit codes only.

Exit codes: 0 done, 1 a fault that was told in words, 2 wrong usage. Heavy imports stand inside the commands, so
that `--help` answers at once.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot import __version__
from bot.core.durations import parse_duration, parse_until
from bot.errors import DeferbotError
from bot.policy_cli import PIPE_WIDTH, policy
from bot.rules_cli import rules

T = TypeVar("T")
STOP_S = 8.0

cli = typer.Typer(
    name="deferbot",
    help="Watches PowerMTA deferrals over SSH, explains them in Slack, applies a reviewed change, takes it back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
cli.add_typer(policy)
cli.add_typer(rules)


class Grouping(StrEnum):
    """What `rates --by` takes."""

    ISP = "isp"
    IP = "ip"
    VMTA = "vmta"
    REPLY = "reply"
    JOB = "job"


COLLECT_AFTER = 50_000
"""New objects before the collector looks for garbage. A poll of a big host makes tens of thousands of tuples that
are none; Python's 700 had them walked again and again, a fifth of a poll's time."""

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")]


def main() -> None:
    """Run the command line; a fault of ours is one clear line, never a traceback."""
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    try:
        cli()
    except DeferbotError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


@cli.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"deferbot {__version__}")
        raise typer.Exit


@cli.command()
def run(config: ConfigOption = Path("config.yaml"), verbose: Verbose = False) -> None:
    """Watch the hosts of CONFIG and talk to Slack until SIGINT or SIGTERM."""
    from bot.logs import set_up_logging
    from bot.settings import Settings, load_config, load_secrets
    from bot.wiring import build

    set_up_logging(verbose=verbose)
    settings = Settings(config=load_config(config), secrets=load_secrets(config.parent / ".env"))
    ended = ended_by_signal()
    app = build(settings)
    try:
        app.start()
        ended.wait()
    finally:
        with ended_for_good():
            app.stop()


@cli.command()
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page on 127.0.0.1; 0 takes a free one.")
    ] = 8033,
    speed: Annotated[float, typer.Option(min=1, max=60, help="Simulated seconds per real second.")] = 30,
    poll_every: Annotated[str, typer.Option(help="How often the hosts are read, in real time.")] = "2s",
    scenario: Annotated[str, typer.Option(help="What happens first; `calm` for nothing.")] = "gmail-reputation",
    verbose: Verbose = False,
) -> None:
    """The whole job on an embedded fleet and a local Slack page, until Ctrl-C. Nothing leaves this machine."""
    from bot.demo import Demo
    from bot.logs import set_up_logging

    set_up_logging(verbose=verbose)
    ended = ended_by_signal()
    with Demo(port=port, speed=speed, poll_every=poll_every, scenario=scenario) as running:
        typer.echo(running.welcome())
        ended.wait()
        typer.echo("Ending…")


@cli.command()
def check(config: ConfigOption = Path("config.yaml")) -> None:
    """Check CONFIG, the playbooks, the rules and the files they name; tells every fault at once."""
    from bot.check import check_all

    found = check_all(config)
    for note in found.notes:
        typer.echo(f"note: {note}")
    for fault in found.faults:
        typer.echo(fault, err=True)
    if found.faults:
        typer.echo(f"{len(found.faults)} fault{'s' if len(found.faults) > 1 else ''} found.", err=True)
        raise typer.Exit(1)
    typer.echo(found.summary)


@cli.command()
def rates(
    files: Annotated[list[str], typer.Argument(help="Accounting files (.csv, .csv.gz), or - for standard input.")],
    by: Annotated[Grouping, typer.Option(help="What one row is.")] = Grouping.ISP,
    isp: Annotated[str | None, typer.Option(help="Only this ISP, by any usual name.")] = None,
    window: Annotated[str, typer.Option(help="How far back to look.")] = "60m",
    until: Annotated[str | None, typer.Option(help="End of the window; default: the newest record.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every row as a JSON list.")] = False,
) -> None:
    """Deferral rates straight from accounting files: the quick question, answered with a real CSV reader."""
    from rich.console import Console

    from bot.knowledge import shipped_playbooks
    from bot.playbook.isps import load_isps
    from bot.progress import progress_bar, speed
    from bot.rates import quality, rate_rows, render_table, to_json

    told = Console(stderr=True)
    began = time.monotonic()
    with progress_bar(files, told) as done:
        rows = rate_rows(
            files,
            isps=load_isps(shipped_playbooks() / "isps.yaml"),
            by=by.value,
            isp=isp,
            window=_given("--window", window, parse_duration),
            until=_given("--until", until, parse_until) if until else None,
            told=done,
        )
    if told.is_terminal:
        told.print(speed(rows.records, time.monotonic() - began), highlight=False)
    if as_json:
        typer.echo(to_json(rows))
        for note in quality(rows):
            typer.echo(note, err=True)
    else:
        # a file or a pipe has no width: rows stay whole there
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(render_table(rows))


@cli.command()
def classify(
    reply: Annotated[str, typer.Argument(help="One reply, or - for one a line on standard input.")],
    provider: Annotated[
        str, typer.Option("--provider", "-p", help="Who answered, by any usual name or domain; else the text decides.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    own: Annotated[
        Path, typer.Option("--rules", help="Rules of your own, asked first where the file is there.")
    ] = Path("replies.local.yaml"),
    never_hit: Annotated[bool, typer.Option("--never-hit", help="Then the rules that decided nothing.")] = False,
) -> None:
    """What an SMTP reply means: category, permanent or not, the rule, whom it blames, how long to wait."""
    from bot.classify import answers, provider_key, to_json, to_text
    from bot.knowledge import load_knowledge

    knowledge = load_knowledge(local_rules=own)
    asked = provider_key(provider, knowledge)
    for answer in answers(replies_of(reply), asked, knowledge):
        typer.echo(to_json(answer) if as_json else to_text(answer, knowledge))
    if never_hit:
        for rule in knowledge.classifier.never_hit():
            typer.echo(f"never hit: {rule}", err=True)


def replies_of(argument: str) -> Iterator[str]:
    """The reply itself, or for `-` every line of standard input, bad UTF-8 replaced; an empty line is a reply too."""
    if argument != "-":
        yield argument
        return
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace").rstrip("\r\n")


def _given(option: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


@contextmanager
def ended_for_good() -> Iterator[None]:
    """Ends the process where the work inside takes longer than `STOP_S`: a host that answers nothing may hold a thread.

    Nothing is lost: counts and positions commit together, and a change that is cut off is settled at the next start.
    """

    def end() -> None:
        logging.getLogger(__name__).warning("ended with work under way", extra={"action": "stop_cut"})
        os._exit(0)

    last = threading.Timer(STOP_S, end)
    last.daemon = True
    last.start()
    yield  # not cancelled: Python waits for the pools' threads after this


def ended_by_signal() -> threading.Event:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once."""
    ended = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if ended.is_set():
            sys.exit(128 + number)
        ended.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return ended
