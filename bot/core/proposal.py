"""A ready rule for replies that no rule understands: the words that tell them, as a pattern. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.core.classify import GENERIC, LONGEST
from bot.core.reply import MASK, clean, mask_local_parts
from bot.core.unknown import Cluster

MOST_WORDS = 7
"""Words side by side in a pattern: enough to tell a sentence, few enough to live through a small change of it."""
LEAST_LETTERS = 8
SAMPLES = 3
SAMPLE_CHARS = 400
TRIED = 60
"""Runs of words that are tried, the most telling ones first."""
ASKED = 5
BETWEEN = ".{0,120}"

_EDGES = "\"'`.,;:!?()[]{}<>=-–"
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule but for what only a person can say. `pattern` is "" where the replies have no words of their own in
    common; `samples`: local parts are masked; `also`: other kinds of reply that are not understood and that it takes
    too, the most frequent first."""

    cluster: Cluster
    provider: str
    pattern: str
    samples: tuple[str, ...]
    also: tuple[Cluster, ...] = ()

    @property
    def rule(self) -> str:
        """The id of the rule in its pack."""
        return f"local-{self.cluster.id}"

    def is_taken_by(self, other: Proposal) -> bool:
        """Whether the other's pattern, asked first, takes a reply of this one's."""
        return other.provider == self.provider and _takes(other.pattern, self.cluster)


class Known:
    """Texts that a pattern must not take: rules' examples, replies that are understood. And texts that it should not
    take where there is a choice: what else is not understood, which may mean something else."""

    def __init__(self, texts: Iterable[str], unknown: Iterable[Cluster] = ()) -> None:
        cleaned = [clean(text[:LONGEST]).lower() for text in texts]
        # One line for each wording: under another code it may stand again.
        wordings = {cluster.shape: clean(cluster.members[0].text[:LONGEST]).lower() for cluster in unknown}
        self._lines = "\n".join(cleaned)
        self._wordings = "\n".join(wordings.values())
        self._words, self._unknown = _words(cleaned), _words(wordings.values())

    def holds(self, phrase: str) -> bool:
        return phrase in self._lines

    def shares(self, phrase: str) -> bool:
        """Whether more than one wording that is not understood has it."""
        return self._wordings.count(phrase) > 1

    def matches(self, pattern: str) -> bool:
        return re.search(pattern, self._lines, re.IGNORECASE) is not None

    def tells(self, words: Sequence[str]) -> float:
        """How much `words` tell: one that no other text has is worth more than seven that one other has."""
        plain = [word.strip(_EDGES) for word in words]
        return sum(1 / (1 + self._words[word] + max(0, self._unknown[word] - 1)) ** 3 for word in plain)


def propose(cluster: Cluster, known: Known, isps: Collection[str], unknown: Sequence[Cluster] = ()) -> Proposal:
    """`isps`: keys that may have rules of their own; what several ISPs say becomes a rule for everybody.
    `unknown`: all that is not understood."""
    seen = list(cluster.isps)
    provider = seen[0] if len(seen) == 1 and seen[0] in isps else GENERIC
    pattern = _pattern(cluster, known)
    asked = (other for other in unknown if provider == GENERIC or provider in other.isps) if pattern else ()
    return Proposal(
        cluster=cluster,
        provider=provider,
        pattern=pattern,
        also=tuple(other for other in asked if other is not cluster and _takes(pattern, other)),
        samples=tuple(dict.fromkeys(shown(member.text) for member in cluster.members))[:SAMPLES],
    )


def _words(texts: Iterable[str]) -> Counter[str]:
    """In how many of `texts` each word stands."""
    return Counter(word for text in texts for word in {word.strip(_EDGES) for word in text.split()})


def _takes(pattern: str, cluster: Cluster) -> bool:
    """Whether it takes a reply of the cluster; asked of its most frequent ones."""
    texts = (text for member in cluster.members[:ASKED] for text in _texts(member.text))
    return any(re.search(pattern, text, re.IGNORECASE) for text in texts)


def shown(reply: str) -> str:
    """A reply as an example in a file: on one line, without whom it was for."""
    return mask_local_parts(" ".join(reply[:SAMPLE_CHARS].split()))


def _pattern(cluster: Cluster, known: Known) -> str:
    """The most telling words that every reply of the cluster has and no known text; "" where there are none."""
    texts = list(dict.fromkeys(text for member in cluster.members for text in _texts(member.text, member.template)))
    runs = list(islice((run for run in _runs(cluster.shape, known) if all(run in text for text in texts)), TRIED))
    own = sorted((run for run in runs if not known.holds(run)), key=known.shares)
    if found := next((pattern for pattern in map(_escaped, own) if _fits(pattern, texts)), ""):
        return found
    return next((pattern for pattern in _pairs(runs) if _fits(pattern, texts) and not known.matches(pattern)), "")


def _texts(*replies: str) -> Iterator[str]:
    """What a rule is asked about: raw replies, and as they are written down as examples."""
    for reply in replies:
        yield clean(reply[:LONGEST]).lower()
        yield clean(shown(reply)).lower()


def _runs(shape: Sequence[str], known: Known) -> Iterator[str]:
    """Words side by side, in lower case, the most telling first."""
    found = []
    for start in range(len(shape)):
        for end in range(start + 1, min(len(shape), start + MOST_WORDS) + 1):
            if shape[end - 1] == MASK:
                break
            words = [word.lower() for word in shape[start:end]]
            run = " ".join(words).strip(f"{_EDGES} ")
            if _LETTER.search(run):
                found.append((-known.tells(words), len(run), start, run))
    return iter(dict.fromkeys(run for *_, run in sorted(found)))


def _pairs(runs: Sequence[str]) -> Iterator[str]:
    """Two runs, one after the other, where no single one tells enough."""
    for place, first in enumerate(runs[:12]):
        for other in runs[place + 1 : 12]:
            if first not in other and other not in first:
                yield f"{_escaped(first)}{BETWEEN}{_escaped(other)}"
                yield f"{_escaped(other)}{BETWEEN}{_escaped(first)}"


def _fits(pattern: str, texts: Sequence[str]) -> bool:
    letters = len(_LETTER.findall(pattern.replace(r"\b", "")))
    return letters >= LEAST_LETTERS and all(re.search(pattern, text, re.IGNORECASE) for text in texts)


def _escaped(run: str) -> str:
    """Literal words as a pattern; whole words where they begin and end with a letter."""
    left, right = (r"\b" if sign.isalnum() else "" for sign in (run[0], run[-1]))
    return left + _SPECIAL.sub(lambda found: "\\" + found[0], run) + right
