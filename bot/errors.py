"""Every error the bot raises on purpose.

    DeferbotError                 one sentence for people: what, where, found, expected, next step
    ├── ConfigError               a file or setting is wrong; carries every fault found, not the first
    ├── ParseError                text from a host is not in the expected form
    ├── HostError                 something about one PMTA host (`.host`, `.permanent`)
    │   ├── HostUnreachable       no connection, no answer in time, connection cut
    │   ├── HostKeyRefused        unknown or changed host key                        (permanent)
    │   ├── LoginRefused          user, key or password not accepted                 (permanent)
    │   ├── CommandFailed         exit status not 0; carries status and last words   (permanent)
    │   └── AnswerTooLong         more output than the limit                         (permanent)
    ├── StoreError                the database refused
    └── ChatError                 Slack refused (`.code` is Slack's error code, `.permanent`)

`permanent` means: trying the same again cannot help. A refusal by a guard is a value, not an error.
"""

from __future__ import annotations


class DeferbotError(Exception):
    """Base of all. `str(error)` is fit to be shown to a person."""

    permanent = False


class ConfigError(DeferbotError):
    """A configuration, playbook or rule file is wrong."""

    permanent = True

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class ParseError(DeferbotError):
    """Text from a host is not in the expected form."""

    permanent = True


class HostError(DeferbotError):
    """Something about one PMTA host."""

    def __init__(self, host: str, sentence: str) -> None:
        super().__init__(f"{host}: {sentence}")
        self.host = host
        self.sentence = sentence


class HostUnreachable(HostError):
    """No connection, no answer within the limit, or the connection was cut."""


class HostKeyRefused(HostError):
    """The host showed a key that is not the pinned one, or none is pinned."""

    permanent = True


class LoginRefused(HostError):
    """The host did not accept user, key or password."""

    permanent = True


class CommandFailed(HostError):
    """A command ended with an exit status other than 0."""

    permanent = True

    def __init__(self, host: str, sentence: str, *, status: int, said: str) -> None:
        super().__init__(host, sentence)
        self.status = status
        self.said = said


class AnswerTooLong(HostError):
    """A command printed more than the limit; its output was cut and is not used."""

    permanent = True


class StoreError(DeferbotError):
    """The database refused."""


class ChatError(DeferbotError):
    """Slack refused a call; `code` is Slack's own error code."""

    def __init__(self, code: str, sentence: str, *, permanent: bool, retry_after_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.code = code
        self.permanent = permanent
        self.retry_after_s = retry_after_s
