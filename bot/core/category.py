"""Why a reply was given, in twenty categories; each answers: what does the sender have to change?"""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """What a reply means. `group` says which kind of action it calls for; `words` is how people read it."""

    THROTTLE_NORMAL = "throttle_normal"
    CONNECTION_LIMIT = "connection_limit"
    RATE_LIMIT = "rate_limit"
    REPUTATION_IP = "reputation_ip"
    REPUTATION_DOMAIN = "reputation_domain"
    SPAM_COMPLAINTS = "spam_complaints"
    BLOCKLIST = "blocklist"
    AUTHENTICATION = "authentication"
    DNS_FAILURE = "dns_failure"
    TLS = "tls"
    CONTENT_SPAM = "content_spam"
    POLICY_BLOCK = "policy_block"
    GREYLIST = "greylist"
    MAILBOX_FULL = "mailbox_full"
    BAD_MAILBOX = "bad_mailbox"
    INACTIVE_MAILBOX = "inactive_mailbox"
    NETWORK = "network"
    SERVER_ERROR = "server_error"
    PROTOCOL_ERROR = "protocol_error"
    OTHER = "other"

    @property
    def group(self) -> str:
        return _ABOUT[self][0]

    @property
    def words(self) -> str:
        return _ABOUT[self][1]

    @property
    def aimed_at_us(self) -> bool:
        """False where the recipient's mailbox caused the reply: such deferrals decide no tier."""
        return self.group != "recipient"

    @property
    def pacing(self) -> bool:
        """True where the provider only slows us or is busy itself: nothing of ours is at fault."""
        return self.group == "none" or self is Category.THROTTLE_NORMAL


_ABOUT: dict[Category, tuple[str, str]] = {
    Category.THROTTLE_NORMAL: ("volume", "normal throttle"),
    Category.CONNECTION_LIMIT: ("connections", "connection limit"),
    Category.RATE_LIMIT: ("volume", "rate limit"),
    Category.REPUTATION_IP: ("volume", "IP reputation"),
    Category.REPUTATION_DOMAIN: ("volume", "domain reputation"),
    Category.SPAM_COMPLAINTS: ("complaints", "spam complaints"),
    Category.BLOCKLIST: ("blocklist", "IP on a blocklist"),
    Category.AUTHENTICATION: ("authentication", "authentication failure"),
    Category.DNS_FAILURE: ("dns", "DNS of the sender"),
    Category.TLS: ("infrastructure", "TLS"),
    Category.CONTENT_SPAM: ("content", "content judged spam"),
    Category.POLICY_BLOCK: ("review", "policy block"),
    Category.GREYLIST: ("none", "greylisting"),
    Category.MAILBOX_FULL: ("recipient", "mailbox full"),
    Category.BAD_MAILBOX: ("recipient", "unknown mailbox"),
    Category.INACTIVE_MAILBOX: ("recipient", "inactive mailbox"),
    Category.NETWORK: ("infrastructure", "network"),
    Category.SERVER_ERROR: ("none", "trouble at the provider"),
    Category.PROTOCOL_ERROR: ("infrastructure", "protocol error"),
    Category.OTHER: ("review", "not understood"),
}
