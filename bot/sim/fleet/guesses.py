"""Every text and behaviour of the simulated `pmta` that no source proves, in one visible table.

The bot must never depend on a line of this file: it reads back what it can and says "sent, not verified"
where only a guess would prove the effect. Proven texts stand where they are printed, not here.
"""

from __future__ import annotations

from typing import Final

EXIT_FAILURE: Final = 1
"""Guess: no source names an exit status; 0 for success is an inference too."""

PAUSE_HOLDS_LATER_QUEUES: Final = False
"""Guess, the harsher one: a wildcard pause touches only the queues that exist, so later ones run."""

STATE_LETTERS: Final = {"paused": "P", "backoff": "B"}
"""Guess: letters of the `st` column; it is blank while a queue is normal."""

GUESSES: Final = {
    # runtime commands whose success text is not known
    "set queue": "Queue(s) mode set to {mode}.",
    "disable source": "Source {ip} disabled for {n} queue(s).",
    "enable source": "Source {ip} enabled for {n} queue(s).",
    "test config": "Configuration is valid.",
    # the whole form of `show disabled sources`
    "disabled source, until": "{ip} {queue} until {until}",
    "disabled source, for good": "{ip} {queue} until enabled",
    "disabled sources, none": "No disabled sources.",
    # failures: texts on stderr, and the failure forms of XML and JSON
    "unknown command": 'Unknown command "{words}".',
    "ambiguous": 'Ambiguous keyword "{word}": {choices}.',
    "unknown option": 'Unknown option "{option}".',
    "bad option": 'Invalid value "{value}" for option "{option}".',
    "usage": "Usage: pmta {usage}",
    "not a queue": 'Invalid queue "{word}", expected domain/vmta.',
    "no such source": "{ip} is not a source of any virtual MTA that serves {queue}.",
    "no such vmta": 'Unknown virtual MTA "{name}".',
    "no such job": 'Unknown job "{job}".',
    "delete refused": "Refused: delete needs --queue or --jobId.",
    "delete not simulated": "Refused: mail is never deleted here.",
    # configuration errors; only the frame and "argument missing" are known
    "config frame": "Error in line {line} of {file}: {text}",
    "config unknown": 'unknown directive "{word}"',
    "config value": 'invalid value "{value}" for {word}',
    "config closed": "unexpected {found}, expected {expected}",
    "config open": "section <{kind}> is not closed",
    "config file": 'cannot open "{name}"',
    # title of lists that are not sorted by recipients
    "title by name": "Top {n} queues by name",
    # accounting rows PMTA makes itself
    "expired": "x-pmta;550 4.4.7 (delivery time expired)",
}
