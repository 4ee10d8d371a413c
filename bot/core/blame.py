"""Who a reply blames: that decides what has to be repaired. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from bot.core.category import Category
from bot.core.finder import Asked, Finder


class Blamed(StrEnum):
    """What of ours, or of the recipient's, the reply points at."""

    UNKNOWN = ""
    IP = "ip"
    NETBLOCK = "netblock"
    MAIL_FROM = "mail_from"
    DKIM = "dkim"
    FROM_DOMAIN = "from_domain"
    URL = "url"
    RECIPIENT = "recipient"
    MESSAGE = "message"


_BY_CATEGORY = {
    Category.CONNECTION_LIMIT: Blamed.IP,
    Category.REPUTATION_IP: Blamed.IP,
    Category.REPUTATION_DOMAIN: Blamed.FROM_DOMAIN,
    Category.BLOCKLIST: Blamed.IP,
    Category.CONTENT_SPAM: Blamed.MESSAGE,
    Category.PROTOCOL_ERROR: Blamed.MESSAGE,
    Category.MAILBOX_FULL: Blamed.RECIPIENT,
    Category.BAD_MAILBOX: Blamed.RECIPIENT,
    Category.INACTIVE_MAILBOX: Blamed.RECIPIENT,
}
"""Where the words below say nothing."""

_ASKED = frozenset(
    {
        Category.RATE_LIMIT,
        Category.REPUTATION_IP,
        Category.REPUTATION_DOMAIN,
        Category.SPAM_COMPLAINTS,
        Category.BLOCKLIST,
        Category.AUTHENTICATION,
        Category.DNS_FAILURE,
        Category.CONTENT_SPAM,
        Category.POLICY_BLOCK,
        Category.THROTTLE_NORMAL,
    }
)
"""Categories whose words may name somebody else."""

_SCOPES = Finder(
    (
        (r"\burls?\b|\blinks?\b|\buribl\b|\bsurbl\b", Blamed.URL),
        (r"\bnetblock\b|part of (?:their|your) network|/(?:24|64) (?:range|network|block)", Blamed.NETBLOCK),
        (r"\bDKIM\b", Blamed.DKIM),
        (
            r"\bSPF\b|mailfrom\b|mail from:|mail from (?:domain|address|command)|envelope|return-path|"
            r"sender(?: address|'s domain)|domain of sender",
            Blamed.MAIL_FROM,
        ),
        (r"\bDMARC\b|from: ?(?:header|domain)?|(?:sending|sender|your|from) domain|\bDBL\b", Blamed.FROM_DOMAIN),
        (r"\b(?:recipients?|user|mailbox)\b.{0,40}\b(?:rate|limit|receiv|quickly|too many)", Blamed.RECIPIENT),
        (r"\bnull ?mx\b|recipient(?:'s)? domain|does not accept mail|\bhost unknown\b", Blamed.RECIPIENT),
        (
            r"\bIPs?\b|\bIPv6\b|\b(?:from|of|for) [\[(]{0,2}\d{1,3}\.\d|\bPTR\b|\brDNS\b|reverse|client host",
            Blamed.IP,
        ),
    )
)
_AUTH_BOTH = re.compile(r"\bspf\b.{0,40}\bdkim\b|\bdkim\b.{0,40}\bspf\b")
_LINK = re.compile(r"https?://\S+")


def blamed_by(category: Category, reply: Asked) -> Blamed:
    """The one the cleaned reply names; where it names nobody, whom its category is about; else UNKNOWN."""
    if category in _ASKED:
        said = Asked(_LINK.sub("", reply.lowered), reply.grams) if "://" in reply.lowered else reply
        if category is Category.AUTHENTICATION and _AUTH_BOTH.search(said.lowered):
            return Blamed.FROM_DOMAIN
        for scope in _SCOPES.found(said):
            if _fits(category, scope):
                return scope
    return _BY_CATEGORY.get(category, Blamed.UNKNOWN)


def _fits(category: Category, scope: Blamed) -> bool:
    """A judgement on an IP names no domain, and the other way round; only pacing blames a recipient's inbox."""
    if category is Category.REPUTATION_IP:
        return scope in (Blamed.IP, Blamed.NETBLOCK)
    if category is Category.REPUTATION_DOMAIN:
        return scope in (Blamed.DKIM, Blamed.MAIL_FROM, Blamed.FROM_DOMAIN, Blamed.URL)
    if category is Category.CONTENT_SPAM:
        return scope in (Blamed.URL, Blamed.MESSAGE)
    if category is Category.THROTTLE_NORMAL:
        return scope is Blamed.RECIPIENT
    return scope is not Blamed.RECIPIENT or category in (Category.RATE_LIMIT, Category.DNS_FAILURE)
