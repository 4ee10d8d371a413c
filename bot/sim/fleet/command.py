"""Reads a `pmta` command line: prefix-shortened keywords, options before or after, output format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.sim.fleet.guesses import GUESSES


class CommandFault(Exception):
    """The command cannot be run; `str` is what it says on stderr."""

    def __init__(self, guess: str, **words: object) -> None:
        super().__init__(GUESSES[guess].format(**words))


@dataclass(frozen=True, slots=True)
class Form:
    """One command: its words, the options it knows, how many arguments it takes (least, most)."""

    words: tuple[str, ...]
    options: frozenset[str] = frozenset()
    arguments: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Command:
    """A command line understood. `format` is text, dom, xml or json; an option without a value has "" here."""

    name: str
    arguments: tuple[str, ...]
    options: dict[str, str]
    format: str

    def number(self, option: str, default: int) -> int:
        """A whole number given as `--option=n`.

        Raises: CommandFault where it is none.
        """
        value = self.options.get(option, str(default))
        if not (value.isascii() and value.isdigit()):
            raise CommandFault("bad option", option=f"--{option}", value=value)
        return int(value)

    def choice(self, option: str, allowed: Sequence[str]) -> str:
        """One of `allowed`, or "" where the option is not given.

        Raises: CommandFault where it is another word.
        """
        value = self.options.get(option)
        if value is not None and value not in allowed:
            raise CommandFault("bad option", option=f"--{option}", value=value)
        return value or ""

    def queue(self, index: int = 0) -> tuple[str, str]:
        """The argument `domain[/vmta]` as two patterns; what is left out is `*`.

        Raises: CommandFault where a part is empty.
        """
        word = self.arguments[index] if index < len(self.arguments) else "*/*"
        domain, slash, vmta = word.partition("/")
        if not domain or (slash and not vmta) or "/" in vmta:
            raise CommandFault("not a queue", word=word)
        return domain.lower(), vmta or "*"


_QUEUES: Final = frozenset({"connected", "paused", "mode", "maxitems", "errors", "no-rcpt-events"})
_LIST: Final = frozenset({"maxitems", "sort"})
_DOMAINS: Final = frozenset({"vmta", "connected", "maxitems", "errors"})
_DELETE: Final = frozenset({"dsn", "queue", "orig", "rcpt", "jobId", "envId", "older-than", "no-accounting"})
FORMS: Final = (
    Form(("show", "status")),
    Form(("show", "queues"), _QUEUES | {"sort", "mode-events"}, (0, 1)),
    Form(("show", "topqueues"), _QUEUES, (0, 1)),
    Form(("show", "domains"), _DOMAINS | {"sort"}, (0, 1)),
    Form(("show", "topdomains"), _DOMAINS, (0, 1)),
    Form(("show", "vmtas"), _LIST),
    Form(("show", "vmta-settings"), frozenset(), (1, 1)),
    Form(("show", "settings"), frozenset(), (1, 1)),
    Form(("show", "jobs"), _LIST),
    Form(("show", "disabled", "sources"), frozenset(), (0, 1)),
    Form(("show", "version")),
    Form(("pause", "queue"), frozenset(), (1, 1)),
    Form(("resume", "queue"), frozenset(), (1, 1)),
    Form(("pause", "job"), frozenset(), (1, 1)),
    Form(("resume", "job"), frozenset(), (1, 1)),
    Form(("set", "queue"), frozenset({"mode"}), (1, 1)),
    Form(("disable", "source"), frozenset({"reenable-after"}), (2, 2)),
    Form(("enable", "source"), frozenset(), (2, 2)),
    Form(("schedule",), frozenset({"retry-recipients"}), (1, 1)),
    Form(("reload",)),
    Form(("test", "config")),
    Form(("rotate", "acct"), frozenset(), (0, 1)),
    Form(("rotate", "log")),
    Form(("reset", "counters")),
    Form(("reset", "status")),
    Form(("delete",), _DELETE),
)
_FORMATS: Final = ("dom", "xml", "json")


def parse_command(argv: Sequence[str]) -> Command:
    """Understand `argv` (without the word `pmta`).

    Raises: CommandFault where it is no command, is ambiguous, or has an option or argument too many.
    """
    words = [word for word in argv if not word.startswith("--")]
    given = dict(word[2:].partition("=")[::2] for word in argv if word.startswith("--"))
    formats = [name for name in _FORMATS if name in given]
    form = _form(words)
    options = {name: value for name, value in given.items() if name not in _FORMATS}
    for option in options:
        if option not in form.options:
            raise CommandFault("unknown option", option=f"--{option}")
    arguments = tuple(words[len(form.words) :])
    least, most = form.arguments
    if not least <= len(arguments) <= most:
        raise CommandFault("usage", usage=form.name)
    return Command(form.name, arguments, options, formats[-1] if formats else "text")


def _form(words: Sequence[str]) -> Form:
    fits = [form for form in FORMS if _fits(form, words)]
    exact = [form for form in fits if list(form.words) == list(words[: len(form.words)])]
    if len(exact or fits) == 1:
        return (exact or fits)[0]
    if not fits:
        raise CommandFault("unknown command", words=" ".join(words))
    raise CommandFault("ambiguous", word=" ".join(words), choices=", ".join(form.name for form in fits))


def _fits(form: Form, words: Sequence[str]) -> bool:
    return len(words) >= len(form.words) and all(
        full.startswith(word) for full, word in zip(form.words, words, strict=False)
    )
