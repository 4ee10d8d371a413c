"""`deferbot rules`: unknown · adopt · unused. Words and exit codes only; names the store's adapters for these."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.category import Category
from bot.errors import DeferbotError

if TYPE_CHECKING:
    from bot.core.isp import IspCatalog
    from bot.core.proposal import Proposal
    from bot.services.adopt import Adopt
    from bot.services.propose import Propose
    from bot.services.rule_book import RuleBook
    from bot.services.unknowns import Unknowns

rules = typer.Typer(
    name="rules", help="Replies nobody understands yet, and rules nobody needs any more.", no_args_is_help=True
)
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
HoursOption = Annotated[int, typer.Option("--hours", min=1, max=9600, help="How far back to look.")]
SHOWN = 20
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the commands share; all of it only reads the store."""

    unknowns: Unknowns
    book: RuleBook
    isps: IspCatalog
    propose: Propose
    url: str


@rules.command()
def unknown(
    hours: HoursOption = 24,
    isp: Annotated[str | None, typer.Option(help="Only this ISP, by any usual name.")] = None,
    top: Annotated[int, typer.Option(min=1, max=500, help="So many, the most frequent first.")] = SHOWN,
    config: ConfigOption = Path("config.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
) -> None:
    """Stored replies that no rule understands: how many, of whom, and the rule that could be adopted for them."""
    from bot.rules_words import unknown_json, unknown_text

    with _parts(config) as parts:
        key = _isp(isp, parts.isps) if isp else None
        found = parts.propose.unknown(timedelta(hours=hours), key)
        proposals = parts.propose.proposals(found, top)
    typer.echo(unknown_json(found, proposals) if as_json else unknown_text(found, proposals, parts.isps))


@rules.command()
def adopt(
    category: Annotated[str, typer.Option("--category", help="What the replies mean, such as policy_block.")],
    ids: Annotated[list[str] | None, typer.Argument(help="Which, by the ids that `rules unknown` shows.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that have a proposal; their meaning is one.")] = False,
    meaning: Annotated[str, typer.Option(help="What such a reply says, in a sentence.")] = "",
    check: Annotated[str, typer.Option(help="What to look at or do, in a sentence.")] = "",
    hours: HoursOption = 24,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigOption = Path("config.yaml"),
) -> None:
    """Show the proposed rules, then write them into the local rules (`rules` in CONFIG) once you agree."""
    from bot.core.change import Refusal
    from bot.rules_words import adopted_text
    from bot.services.adopt import Choice

    if bool(ids) is everything:
        raise typer.BadParameter("ids of `deferbot rules unknown`, or --all, expected", param_hint="ID")
    choice = Choice(_category(category), meaning, check)
    with _parts(config) as parts, _adopting(parts) as adopting:
        wanted = _all(parts.propose, hours) if everything else _named(parts.propose, ids or (), hours)
        by = getpass.getuser()
        typer.echo("\n".join(adopting.rule_text(proposal, choice, by=by) for proposal in wanted))
        if not yes and not typer.confirm(f"Write {_counted(len(wanted))} into {parts.book.path}?"):
            typer.echo("Nothing was written.")
            raise typer.Exit(1)
        outcome = adopting.adopt(wanted, choice, by=by)
    if isinstance(outcome, Refusal):
        raise DeferbotError(outcome.sentence)
    typer.echo(adopted_text(outcome))


@rules.command()
def unused(
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back to look.")] = 30,
    config: ConfigOption = Path("config.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
) -> None:
    """Rules that no stored reply of the last days met: misspelt, out of date, or for providers you send nothing to."""
    from bot.rules_words import unused_json, unused_text

    with _parts(config) as parts:
        found, replies = parts.unknowns.unused(timedelta(days=days))
        total = len(parts.book.rules.classifier.rules)
    typer.echo(unused_json(found) if as_json else unused_text(found, total, replies, days))


@contextmanager
def _parts(config_file: Path) -> Iterator[_Parts]:
    from bot.clock import SystemClock
    from bot.knowledge import load_knowledge
    from bot.services.propose import Propose
    from bot.services.rule_book import RuleBook
    from bot.services.unknowns import Unknowns
    from bot.settings import load_config, load_secrets
    from bot.store.engine import open_to_read
    from bot.store.tallies import SqlTallyStore

    config = load_config(config_file)
    url = load_secrets(config_file.parent / ".env").database_url
    knowledge = load_knowledge(config.playbooks, config.rules)
    book = RuleBook(knowledge.rules, config.rules, knowledge.isps.keys())
    engine = open_to_read(url)
    try:
        unknowns = Unknowns(SqlTallyStore(engine), book, SystemClock())
        yield _Parts(unknowns, book, knowledge.isps, Propose(unknowns, book), url)
    finally:
        engine.dispose()


@contextmanager
def _adopting(parts: _Parts) -> Iterator[Adopt]:
    """The one command that writes: what is adopted goes into the store's audit."""
    from bot.clock import SystemClock
    from bot.services.adopt import Adopt
    from bot.store.audit import SqlAuditLog
    from bot.store.engine import open_engine

    engine = open_engine(parts.url)
    try:
        yield Adopt(book=parts.book, audit=SqlAuditLog(engine), clock=SystemClock())
    finally:
        engine.dispose()


def _all(propose: Propose, hours: int) -> list[Proposal]:
    """Every proposal with a pattern. Raises: DeferbotError where there is none."""
    unknown = propose.unknown(timedelta(hours=hours))
    found = [proposal for proposal in propose.proposals(unknown, MOST_AT_ONCE) if proposal.pattern]
    if not found:
        raise DeferbotError(
            f"--all: a proposal expected, found none in the last {hours} h; see `deferbot rules unknown`."
        )
    return found


def _named(propose: Propose, ids: Sequence[str], hours: int) -> list[Proposal]:
    """The proposals of these ids. Raises: DeferbotError with the nearest one where an id is unknown."""
    from bot.core.change import Refusal

    found: list[Proposal] = []
    for each in dict.fromkeys(ids):
        proposal = propose.proposal(each, timedelta(hours=hours))
        if isinstance(proposal, Refusal):
            raise DeferbotError(proposal.sentence)
        if proposal not in found:
            found.append(proposal)
    return found


def _category(name: str) -> Category:
    try:
        return Category(name.strip().lower().replace("-", "_"))
    except ValueError:
        near = get_close_matches(name.lower(), list(Category), n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(Category)}."
        raise typer.BadParameter(f"a category expected, found {name[:40]!r}; {hint}", param_hint="--category") from None


def _isp(name: str, isps: IspCatalog) -> str:
    if key := isps.resolve(name) or (name.lower() if "." in name else None):
        return key
    near = isps.nearest(name)
    hint = f"; did you mean {near}?" if near else ""
    raise typer.BadParameter(f"an ISP or a domain expected, found {name[:40]!r}{hint}", param_hint="--isp")


def _counted(number: int) -> str:
    return "this rule" if number == 1 else f"these {number} rules"
