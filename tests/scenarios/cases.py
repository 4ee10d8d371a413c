"""Labelled cases: what is wrong, and what has to be said of it. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.category import Category as C
from bot.core.finding import Elsewhere, Kind
from bot.sim.fleet import replies as r
from bot.sim.fleet import trouble_replies as t
from bot.sim.fleet.replies import ReplyText
from tests.scenarios.mail import TITLES, Ours, Trouble

ALL_ISPS = tuple(TITLES)
LISTED_AT = ("comcast", "apple", "microsoft")
STREAMS = Ours(per_vmta=4)
EVEN = Ours()
FEW = Ours(volume=40.0, elsewhere=40.0)


@dataclass(frozen=True, slots=True)
class Case:
    """`causes`: right answers for the commonest cause. `danger`: the dangerous one, None where there is none.

    `kind`, `keys`: where the cause `of` sits (the commonest one where not given); kinds beside the first are right as
    well. `tiny`: too little to be sure of, so a missed danger is no fault.
    """

    name: str
    isp: str
    causes: tuple[C, ...]
    danger: C | None
    kind: tuple[Kind, ...]
    troubles: tuple[Trouble, ...] = ()
    keys: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = tuple(Elsewhere)
    of: C | None = None
    ours: Ours = EVEN
    tiny: bool = False


def _one(answers: tuple[ReplyText, ...], rate: float, isp: str, **where: tuple[int, ...]) -> tuple[Trouble, ...]:
    return (Trouble(answers, rate, (isp,), **where),)


def _ips(*numbers: int) -> tuple[str, ...]:
    return tuple(f"192.0.2.{10 + number}" for number in numbers)


CLEAN, BAD = (Elsewhere.CLEAN,), (Elsewhere.BAD,)
PACED = {"gmail": C.THROTTLE_NORMAL, "microsoft": C.THROTTLE_NORMAL, "yahoo": C.THROTTLE_NORMAL,
          "apple": C.SERVER_ERROR, "comcast": C.CONNECTION_LIMIT}  # fmt: skip
"""What each provider answers on a good day."""

NARROW = (
    Case("reputation on 3 of 12 IPs", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(r.GMAIL_REPUTATION, 0.6, "gmail", ips=(0, 4, 7)), _ips(0, 4, 7), CLEAN),
    Case("reputation on one IP", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(r.GMAIL_REPUTATION, 0.7, "gmail", ips=(5,)), _ips(5), CLEAN),
    Case("reputation on half the IPs", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(r.GMAIL_REPUTATION, 0.5, "gmail", ips=(0, 2, 5, 7, 9, 10)), _ips(0, 2, 5, 7, 9, 10), CLEAN),
    Case("refused for its rate (5.7.28), one IP", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(t.GMAIL_RATE_REFUSED, 0.8, "gmail", ips=(3,)), _ips(3), CLEAN),
    Case("RP-001 on one IP", "microsoft", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(r.MICROSOFT_RP001, 0.7, "microsoft", ips=(8,)), _ips(8), CLEAN),
    Case("TSS04 on one IP", "yahoo", (C.SPAM_COMPLAINTS,), C.SPAM_COMPLAINTS, (Kind.IPS, Kind.VMTAS),
         _one(r.YAHOO_TSS04, 0.6, "yahoo", ips=(1,))),
    Case("TSS09 on two IPs", "yahoo", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(t.YAHOO_LASTING, 0.9, "yahoo", ips=(1, 6)), _ips(1, 6), CLEAN),
    Case("one listed IP, several ISPs refuse it", "comcast", (C.BLOCKLIST,), C.BLOCKLIST, (Kind.IPS,),
         tuple(Trouble(r.LISTED[isp], 0.85, (isp,), ips=(9,)) for isp in LISTED_AT), _ips(9), BAD),
    Case("two listed IPs everywhere", "apple", (C.BLOCKLIST,), C.BLOCKLIST, (Kind.IPS,),
         (Trouble(t.LISTED_ANYWHERE, 0.7, ALL_ISPS, ips=(2, 3)),), _ips(2, 3), BAD),
    Case("one IP banned (5.7.606)", "microsoft", (C.BLOCKLIST,), C.BLOCKLIST, (Kind.IPS,),
         _one(t.MICROSOFT_BANNED, 0.95, "microsoft", ips=(11,)), _ips(11), CLEAN),
    Case("two IPs on Microsoft's own list (S3150)", "microsoft", (C.BLOCKLIST,), C.BLOCKLIST, (Kind.IPS,),
         _one(t.MICROSOFT_OWN_LIST, 0.8, "microsoft", ips=(4, 5)), _ips(4, 5), CLEAN),
    Case("no PTR on one IP", "comcast", (C.DNS_FAILURE,), None, (Kind.IPS, Kind.VMTAS),
         (Trouble(t.COMCAST_PTR, 0.9, ("comcast",), ips=(2,)), Trouble(t.GMAIL_PTR, 0.9, ("gmail",), ips=(2,))),
         elsewhere=BAD),
    Case("warm-up: two new IPs limited", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.NEW_IPS,),
         _one(r.GMAIL_REPUTATION, 0.5, "gmail", ips=(10, 11)), _ips(10, 11), CLEAN, ours=Ours(new=(10, 11))),
    Case("warm-up: three new IPs, 4.7.28", "gmail", (C.RATE_LIMIT,), None, (Kind.NEW_IPS,),
         _one(t.GMAIL_RATE, 0.55, "gmail", ips=(9, 10, 11)), _ips(9, 10, 11), CLEAN, ours=Ours(new=(9, 10, 11))),
    Case("old IPs bad while two warm up well", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         _one(r.GMAIL_REPUTATION, 0.6, "gmail", ips=(0, 1)), _ips(0, 1), CLEAN, ours=Ours(new=(10, 11))),
    Case("RP-003 on one VMTA", "microsoft", (C.CONNECTION_LIMIT,), None, (Kind.VMTAS,),
         _one(t.MICROSOFT_RP003, 0.5, "microsoft", vmtas=(1,)), ("vmta-2",), CLEAN, ours=STREAMS),
    Case("DMARC of one stream", "microsoft", (C.AUTHENTICATION,), C.AUTHENTICATION, (Kind.VMTAS,),
         _one(t.MICROSOFT_DMARC, 0.9, "microsoft", vmtas=(2,)), ("vmta-3",), ours=STREAMS),
    Case("DMARC of one stream at Apple", "apple", (C.AUTHENTICATION,), C.AUTHENTICATION, (Kind.VMTAS,),
         _one(t.APPLE_DMARC, 0.9, "apple", vmtas=(0,)), ("vmta-1",), ours=STREAMS),
    Case("policy block of one VMTA", "apple", (C.POLICY_BLOCK,), C.POLICY_BLOCK, (Kind.VMTAS,),
         _one(t.APPLE_POLICY, 0.4, "apple", vmtas=(1,)), ("vmta-2",), ours=STREAMS),
    Case("unsigned campaign (5.7.26)", "gmail", (C.AUTHENTICATION,), C.AUTHENTICATION, (Kind.CAMPAIGNS,),
         _one(t.GMAIL_AUTH, 0.9, "gmail", jobs=(3,)), ("winback",)),
    Case("spam-like campaign", "gmail", (C.CONTENT_SPAM,), None, (Kind.CAMPAIGNS,),
         _one(t.GMAIL_CONTENT, 0.5, "gmail", jobs=(0,)), ("daily-deals",)),
    Case("a campaign's link domain (4.7.28 URL)", "gmail", (C.RATE_LIMIT,), None, (Kind.CAMPAIGNS,),
         _one(t.GMAIL_URL, 0.6, "gmail", jobs=(5,)), ("invites",)),
    Case("a campaign's bad link (PH01)", "yahoo", (C.CONTENT_SPAM,), None, (Kind.CAMPAIGNS,),
         _one(t.YAHOO_LINK, 0.7, "yahoo", jobs=(2,)), ("news-weekly",)),
    Case("complaints about one campaign", "comcast", (C.SPAM_COMPLAINTS,), C.SPAM_COMPLAINTS, (Kind.CAMPAIGNS,),
         _one(t.COMPLAINED_OF, 0.6, "comcast", jobs=(3,)), ("winback",)),
    Case("a spam-like campaign under a reputation of all IPs", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP,
         (Kind.CAMPAIGNS,), (Trouble(r.GMAIL_REPUTATION, 0.4, ("gmail",)),
          Trouble(t.GMAIL_CONTENT, 0.5, ("gmail",), jobs=(0,))), ("daily-deals",), of=C.CONTENT_SPAM),
    Case("two campaigns, two causes: the unsigned one", "gmail", (C.AUTHENTICATION, C.CONTENT_SPAM), C.AUTHENTICATION,
         (Kind.CAMPAIGNS,), (Trouble(t.GMAIL_AUTH, 0.9, ("gmail",), jobs=(3,)),
          Trouble(t.GMAIL_CONTENT, 0.4, ("gmail",), jobs=(0,))), ("winback",)),
    Case("two campaigns, two causes: the spam-like one", "gmail", (C.AUTHENTICATION, C.CONTENT_SPAM), C.AUTHENTICATION,
         (Kind.CAMPAIGNS,), (Trouble(t.GMAIL_AUTH, 0.9, ("gmail",), jobs=(3,)),
          Trouble(t.GMAIL_CONTENT, 0.4, ("gmail",), jobs=(0,))), ("daily-deals",), of=C.CONTENT_SPAM),
    Case("a campaign refused, IPs of another cause beside it", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP,
         (Kind.CAMPAIGNS,), (Trouble(r.GMAIL_REPUTATION, 0.9, ("gmail",), ips=(0, 1, 2, 3, 4, 5)),
          Trouble(t.GMAIL_CONTENT, 0.6, ("gmail",), jobs=(5,))), ("invites",), of=C.CONTENT_SPAM),
    Case("a list of dead domains", "comcast", (C.DNS_FAILURE,), None, (Kind.CAMPAIGNS,),
         _one(t.NO_DOMAIN, 0.5, "comcast", jobs=(3,)), ("winback",)),
    Case("our resolver fails on one host", "yahoo", (C.DNS_FAILURE,), None, (Kind.HOSTS,),
         (Trouble(t.NO_RESOLVER, 0.7, ALL_ISPS, hosts=(1,)),), ("mta2",), BAD),
    Case("certificate expired on one host", "apple", (C.TLS,), None, (Kind.HOSTS,),
         (Trouble(t.NO_HANDSHAKE, 0.8, ALL_ISPS, hosts=(0,)),), ("mta1",), BAD),
    Case("one host's uplink is down", "comcast", (C.NETWORK,), None, (Kind.HOSTS,),
         (Trouble(t.NO_CONNECTION, 0.6, ALL_ISPS, hosts=(2,)),), ("mta3",), BAD),
    Case("one host opens too many connections", "microsoft", (C.CONNECTION_LIMIT,), None, (Kind.HOSTS,),
         _one(r.MICROSOFT_RP002, 0.5, "microsoft", hosts=(1,)), ("mta2",), CLEAN),
)  # fmt: skip

WIDE = (
    Case("a good day at Gmail", "gmail", (PACED["gmail"],), None, (Kind.ALL,)),
    Case("a good day at Yahoo", "yahoo", (PACED["yahoo"],), None, (Kind.ALL,)),
    Case("4.2.1 pacing", "gmail", (C.THROTTLE_NORMAL,), None, (Kind.ALL,),
         _one(r.GMAIL_PACING, 0.09, "gmail"), elsewhere=CLEAN),
    Case("the whole pool's reputation", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.ALL,),
         _one(r.GMAIL_REPUTATION, 0.35, "gmail"), elsewhere=CLEAN),
    Case("the domain's reputation", "gmail", (C.REPUTATION_DOMAIN,), C.REPUTATION_DOMAIN, (Kind.ALL,),
         _one(t.GMAIL_DOMAIN, 0.4, "gmail"), elsewhere=CLEAN),
    Case("RP-001 on all IPs", "microsoft", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.ALL,),
         _one(r.MICROSOFT_RP001, 0.5, "microsoft"), elsewhere=CLEAN),
    Case("RP-002", "microsoft", (C.CONNECTION_LIMIT,), None, (Kind.ALL,),
         _one(r.MICROSOFT_RP002, 0.25, "microsoft"), elsewhere=CLEAN),
    Case("complaints at Microsoft (SC-004)", "microsoft", (C.SPAM_COMPLAINTS,), C.SPAM_COMPLAINTS, (Kind.ALL,),
         _one(t.MICROSOFT_COMPLAINTS, 0.3, "microsoft"), elsewhere=CLEAN),
    Case("nothing signed any more", "gmail", (C.AUTHENTICATION,), C.AUTHENTICATION, (Kind.ALL,),
         (Trouble(t.GMAIL_AUTH, 0.9, ("gmail",)), Trouble(t.MICROSOFT_DMARC, 0.9, ("microsoft",)),
          Trouble(t.APPLE_DMARC, 0.9, ("apple",)), Trouble(t.LISTED_ANYWHERE, 0.0, ("yahoo",))), elsewhere=BAD),
    Case("policy 5.7.1 on everything", "comcast", (C.POLICY_BLOCK,), C.POLICY_BLOCK, (Kind.ALL,),
         _one(t.COMCAST_POLICY, 0.4, "comcast"), elsewhere=CLEAN),
    Case("the provider is down", "apple", (C.SERVER_ERROR,), None, (Kind.ALL,),
         _one(r.APPLE_OUTAGE[:2], 0.95, "apple"), elsewhere=CLEAN),
    Case("the provider cannot be reached", "yahoo", (C.NETWORK,), None, (Kind.ALL,),
         _one(t.NO_CONNECTION, 0.9, "yahoo"), elsewhere=CLEAN),
    Case("our whole network is down", "gmail", (C.NETWORK,), None, (Kind.ALL,),
         (Trouble(t.NO_CONNECTION, 0.7, ALL_ISPS),), elsewhere=BAD),
    Case("greylisting", "comcast", (C.GREYLIST,), None, (Kind.ALL,), _one(t.GREYLISTED, 0.6, "comcast"),
         elsewhere=CLEAN),
    Case("full mailboxes", "gmail", (C.THROTTLE_NORMAL,), None, (Kind.ALL,), _one(t.MAILBOX_FULL, 0.3, "gmail")),
    Case("our account's daily limit", "gmail", (C.RATE_LIMIT,), None, (Kind.ALL,),
         _one(t.GMAIL_QUOTA, 0.4, "gmail"), elsewhere=CLEAN),
    Case("TLS is wanted", "gmail", (C.TLS,), None, (Kind.ALL,), _one(t.GMAIL_TLS, 0.5, "gmail"), elsewhere=CLEAN),
    Case("words nobody knows", "comcast", (C.OTHER,), None, (Kind.ALL,), _one(t.NOT_UNDERSTOOD, 0.3, "comcast")),
    Case("200 IPs, paced", "gmail", (C.THROTTLE_NORMAL,), None, (Kind.ALL,),
         _one(r.GMAIL_PACING, 0.08, "gmail"), ours=Ours(ips=200, hosts=6, volume=100.0, elsewhere=50.0)),
    Case("200 IPs, a good day", "yahoo", (C.THROTTLE_NORMAL,), None, (Kind.ALL,),
         ours=Ours(ips=200, hosts=6, volume=60.0, elsewhere=30.0)),
)  # fmt: skip

MIXED = (
    Case("pacing, and one listed IP", "gmail", (C.THROTTLE_NORMAL,), C.BLOCKLIST, (Kind.IPS,),
         (*_one(r.GMAIL_PACING, 0.15, "gmail"), Trouble(t.LISTED_ANYWHERE, 0.6, ALL_ISPS, ips=(6,))), _ips(6), BAD,
         of=C.BLOCKLIST),
    Case("too many connections, and two IPs of bad name", "microsoft", (C.CONNECTION_LIMIT,), C.REPUTATION_IP,
         (Kind.IPS,), (*_one(r.MICROSOFT_RP002, 0.3, "microsoft"), *_one(r.MICROSOFT_RP001, 0.6, "microsoft",
         ips=(3, 8))), _ips(3, 8), CLEAN, of=C.REPUTATION_IP),
    Case("the provider is down, and one IP is listed", "apple", (C.SERVER_ERROR,), C.BLOCKLIST, (Kind.IPS,),
         (*_one(r.LISTED["apple"], 0.8, "apple", ips=(1,)), *_one(r.APPLE_OUTAGE[:2], 0.5, "apple")), _ips(1), CLEAN,
         of=C.BLOCKLIST),
    Case("pacing, and an unsigned stream", "gmail", (C.THROTTLE_NORMAL, C.AUTHENTICATION), C.AUTHENTICATION,
         (Kind.VMTAS,), (*_one(t.GMAIL_AUTH, 0.5, "gmail", vmtas=(1,)), *_one(r.GMAIL_PACING, 0.2, "gmail")),
         ("vmta-2",), of=C.AUTHENTICATION, ours=STREAMS),
    Case("full mailboxes, and one IP of bad name", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.IPS,),
         (*_one(t.MAILBOX_FULL, 0.3, "gmail"), *_one(r.GMAIL_REPUTATION, 0.7, "gmail", ips=(2,))), _ips(2), CLEAN),
    Case("an IP of bad name, and a spam-like campaign", "gmail", (C.REPUTATION_IP, C.CONTENT_SPAM), C.REPUTATION_IP,
         (Kind.IPS,), (*_one(r.GMAIL_REPUTATION, 0.7, "gmail", ips=(4, 5)),
         *_one(t.GMAIL_CONTENT, 0.2, "gmail", jobs=(1,))), _ips(4, 5), of=C.REPUTATION_IP),
    Case("two causes as common as each other", "microsoft", (C.CONNECTION_LIMIT, C.REPUTATION_IP), C.REPUTATION_IP,
         (Kind.ALL,), (*_one(r.MICROSOFT_RP002, 0.2, "microsoft"), *_one(r.MICROSOFT_RP001, 0.25, "microsoft")),
         of=C.REPUTATION_IP),
    Case("greylisting, and a stream's policy block", "comcast", (C.GREYLIST,), C.POLICY_BLOCK, (Kind.VMTAS,),
         (*_one(t.GREYLISTED, 0.5, "comcast"), *_one(t.COMCAST_POLICY, 0.4, "comcast", vmtas=(0,))), ("vmta-1",),
         of=C.POLICY_BLOCK, ours=STREAMS),
    Case("200 IPs, one listed", "comcast", (C.BLOCKLIST, PACED["comcast"]), C.BLOCKLIST, (Kind.IPS,),
         (Trouble(t.LISTED_ANYWHERE, 0.9, ALL_ISPS, ips=(77,)),), _ips(77), BAD, of=C.BLOCKLIST,
         ours=Ours(ips=200, hosts=6, volume=100.0, elsewhere=60.0)),
    Case("one IP in all, of bad name", "gmail", (C.REPUTATION_IP,), C.REPUTATION_IP, (Kind.CANNOT_TELL,),
         _one(r.GMAIL_REPUTATION, 0.4, "gmail"), ours=Ours(ips=1, hosts=1, volume=3000.0)),
)  # fmt: skip


def _tiny(name: str, answers: tuple[ReplyText, ...], isp: str, category: C, **where: tuple[int, ...]) -> Case:
    return Case(f"a few replies: {name}", isp, (PACED[isp], category), category, (Kind.IPS, Kind.VMTAS), (
        Trouble(answers, 0.25, (isp,), **(where or {"ips": (3,)})),), ours=FEW, tiny=True, of=category)  # fmt: skip


TINY = (
    _tiny("blocklist", t.LISTED_ANYWHERE, "comcast", C.BLOCKLIST),
    _tiny("banned", t.MICROSOFT_BANNED, "microsoft", C.BLOCKLIST),
    _tiny("reputation", r.GMAIL_REPUTATION, "gmail", C.REPUTATION_IP),
    _tiny("RP-001", r.MICROSOFT_RP001, "microsoft", C.REPUTATION_IP),
    _tiny("authentication", t.GMAIL_AUTH, "gmail", C.AUTHENTICATION),
    _tiny("DMARC", t.MICROSOFT_DMARC, "microsoft", C.AUTHENTICATION),
    _tiny("complaints", r.YAHOO_TSS04, "yahoo", C.SPAM_COMPLAINTS),
    _tiny("domain", t.GMAIL_DOMAIN, "gmail", C.REPUTATION_DOMAIN),
    _tiny("policy", t.APPLE_POLICY, "apple", C.POLICY_BLOCK),
)

CASES = (*NARROW, *WIDE, *MIXED, *TINY)
