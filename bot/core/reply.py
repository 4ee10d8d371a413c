"""SMTP replies as texts: cleaned, their codes, and the template that many replies of one cause share.

`template` is made in two stages so that a columnar engine can do the expensive first one: `masked` is one
regular expression over the raw field, `settle` finishes the few distinct results.
"""

from __future__ import annotations

import re
from functools import lru_cache

TEMPLATE_LENGTH = 200
RAW_LENGTH = 400
"""Characters of a raw reply that are looked at."""

# Read by Python's `re` and by Rust's `regex`, which must agree on every text: no look-around and no capture
# group (four times slower in Rust), ASCII classes only. The first alternative that matches wins. None may
# match an SMTP code (421), an enhanced code (4.7.650) or a provider's upper-case token (RP-001, S3150, TSS04).
_VARIABLE = "|".join(
    (
        r"[0-9A-Za-z!#$%&'*+/=?^_{|}~.-]+@[0-9A-Za-z.-]+",
        r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(?:Z|[+-][0-9:]+)?",
        r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        r"\b[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}",
        r"\b[0-9]{1,3}(?:(?:\.[0-9]{1,3}){3}|(?:-[0-9]{1,3}){3})",
        r"\b(?:[A-Za-z][0-9A-Za-z-]*[0-9]|[0-9]+[A-Za-z])[0-9A-Za-z-]*(?:\.[0-9A-Za-z-]+)*\.[A-Za-z]{2,}",
        r"\b[a-z][0-9a-z]{0,3}-[0-9][0-9A-Za-z]{6,}(?:\.[0-9]{1,3})?",
        r"\b(?:[0-9]{5,}[0-9A-Za-z]*|[0-9]+[A-Za-z][0-9A-Za-z]{2,})(?:\.[0-9]{1,3})?",
        r"\b[A-Za-z]+[0-9]+[A-Za-z][0-9A-Za-z]*",
        r"\b[A-Z]*[a-z][A-Za-z]*[0-9]{5,}",
        r"\b[A-Z]+[0-9]{11,}",
    )
)
MASK = "*"
RUST_VARIABLE = _VARIABLE.replace(r"\b", r"(?-u:\b)")
"""The same expression in Rust's syntax, its word boundaries ASCII as well."""

_FIND_VARIABLE = re.compile(_VARIABLE, re.ASCII)
_PREFIX = re.compile(r"^\s*(?:[a-z][a-z0-9-]*;\s*)+", re.IGNORECASE)
_COMPOSITE = re.compile(r"^.*;\s*smtp;\s*(?=[245]\d\d)", re.IGNORECASE | re.DOTALL)
_IN_REPLY_TO = re.compile(r"\s*\(in reply to[^)]*\)?", re.IGNORECASE)
_CODES = re.compile(r"([245]\d\d)?[- #(\[]*(?:\b([245]\.\d{1,3}\.\d{1,3}))?")
_CONTINUED = re.compile(r"\s*[\r\n]+(?:[245]\d\d[- ])?(?:[245]\.\d{1,3}\.\d{1,3}[ \t]+)?")
_SMALL_NUMBER = re.compile(r"(?<![\w.#/=-])(?![245]\d\d(?!\d))\d{1,4}(?![\w.]\w|\w)")
_LATER_CODE = re.compile(r"[45]\d\d[ -]\S")
_QUOTED = re.compile(
    r"(?:\b(?:said|returned|responded|replied|answered|response|reply|error|failed|failure)(?: was| is| with)?:?|->)"
    r" {0,2}[\"'<(\[]{0,2}"
    r"(?=[45]\d\d[ -]\S)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \* (?:[A-Z][a-z]{2})\b")
_NAMED = re.compile(r"\b(user|recipient|mailbox|account|address)([ :=]+)(['\"])[^'\"]*\3", re.IGNORECASE)
_MASKS = re.compile(r"\*(?:[\s,._:/+=-]*\*)+(?:\s*[+-]\d{4})?")
_WORD = r"[^\s<>\"'(),;:@\[\]]"
# From the start of a word only, and without going back: the same matches, without a try at every letter.
_LOCAL_PART = re.compile(rf"(\"[^\"\s@]*\"|(?<!{_WORD}){_WORD}++)@(?=[\w\[])")

_TOKEN = re.compile(
    r"\b(?:RP-00\d|SC-00\d|DY-00\d|OU-00\d|S31[1345]\d|S77[45]|S84\d|"  # Microsoft
    r"TSS?\d{2}|GL01|BL2\d|PH01|VS1-(?:IP|MF)|AU01|"  # Yahoo
    r"CS01|HM0\d|HCM\d|HME1|BS02|IB\d{3}|(?:OFR|LPN)\d{0,3}_?\d{3}|"  # Apple, GoDaddy, Orange, La Poste
    r"(?:HL|MI|RP|DT|WM):[A-Z]{3}|(?:BL|RL|DM)[01]{6}|AUP#[A-Za-z]{1,6}-?\d{0,4})\b"  # NetEase, Comcast, Cox, Charter
)
"""Codes of the providers' own that say more than the SMTP code before them."""


def clean(diag: str) -> str:
    """The reply inside a `dsnDiag`: without `smtp;`, without "(in reply to …)", on one line, one code in front."""
    text = _PREFIX.sub("", _COMPOSITE.sub("", diag))
    text = _IN_REPLY_TO.sub("", text) if "(" in text else text
    text = _CONTINUED.sub(" ", text) if "\n" in text or "\r" in text else text
    found = _CODES.match(text)
    code, enhanced = (found[1], found[2]) if found else (None, None)
    if code and code in text[3:]:
        # "550-5.7.26 … 550-5.7.26 … 550 5.7.26 …": the code that began every line of the reply.
        same = rf"[- ]{re.escape(enhanced)}\s+|" if enhanced else ""
        # A reply of several lines ends in one that begins "550 ".
        last = r"| (?=\D)" if text[3:4] == "-" else ""
        again = rf"(?<=\S)\s+{code}(?:{same}-{last})"
        text = re.sub(again, " ", text)
    text = f"{code} {text[4:]}" if code and text[3:4] == "-" else text
    return " ".join(text.split())


def quoted(text: str) -> str:
    """The reply inside a cleaned reply (`mx.example said: 550 5.1.1 …`), "" where it quotes none."""
    found = _QUOTED.search(text) if _LATER_CODE.search(text, 4) else None
    return text[found.end() :] if found else ""


def codes(reply: str) -> tuple[str, str]:
    """SMTP code and enhanced code, ("421", "4.7.0"); "" for what the reply does not begin with."""
    found = _CODES.match(_PREFIX.sub("", _COMPOSITE.sub("", reply)))
    return (found[1] or "", found[2] or "") if found else ("", "")


@lru_cache(maxsize=32_768)
def name_of(reply: str) -> str:
    """How people name a reply: "421 4.7.0", "421 4.7.0 TSS04", "421 RP-001"; "" where it carries no code."""
    token = _TOKEN.search(reply)
    return " ".join(filter(None, (*codes(reply), token[0] if token else "")))


def masked(diag: str) -> str:
    """First stage of a template: addresses, hosts, ids, times and long numbers replaced by `*`."""
    return _FIND_VARIABLE.sub(MASK, diag[:RAW_LENGTH])


@lru_cache(maxsize=50_000)
def settle(half_done: str) -> str:
    """Second stage of a template: `masked` text cleaned, short numbers masked too, at most 200 characters."""
    text = clean(half_done)
    found = _CODES.match(text)
    head = found.end() if found else 0
    tail = _SMALL_NUMBER.sub(MASK, _NAMED.sub(r"\1\2\3*\3", text[head:]))
    return _MASKS.sub(MASK, text[:head] + _DATE.sub(MASK, tail))[:TEMPLATE_LENGTH].rstrip()


def template(reply: str) -> str:
    """What replies of one cause have in common: everything that varies is `*`; at most 200 characters."""
    return settle(masked(reply))


def mask_local_parts(text: str) -> str:
    """Replace what stands before the @ of every address, also where it is named again without the domain."""
    if "@" not in text:
        return text
    names = {found[1] for found in _LOCAL_PART.finditer(text)}
    hidden = _LOCAL_PART.sub("…@", text)
    for name in sorted(names, key=lambda name: (-len(name), name)):
        if len(name) > 2:
            hidden = _without_word(hidden, name)
    return hidden


def _without_word(text: str, word: str) -> str:
    """`…` for `word` where it stands alone; by hand, as every name would be a regular expression to compile."""
    kept, start, at = [], 0, text.find(word)
    while at >= 0:
        end = at + len(word)
        beside = text[at - 1 : at] + text[end : end + 1] if at else text[end : end + 1]
        alone = not any(sign.isalnum() or sign == "_" for sign in beside)
        if alone:
            kept.append(text[start:at])
            start = end
        at = text.find(word, end if alone else at + 1)
    return "…".join([*kept, text[start:]])
