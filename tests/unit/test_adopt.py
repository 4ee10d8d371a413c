"""Unknown replies to rules of one's own: proposed, written whole or not at all, in force at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.category import Category
from bot.core.change import Refusal
from bot.core.templates import OTHER_TEMPLATE
from bot.errors import ConfigError
from bot.knowledge import load_knowledge
from bot.playbook.local_file import replace_file
from bot.services.adopt import Adopt, Adopted, Choice
from bot.services.rule_book import RuleBook
from bot.services.unknowns import Unknowns
from tests.diagnoses import NOW
from tests.fakes import ManualClock, MemoryTallyStore
from tests.rule_desk import RuleDesk, isps, shipped
from tests.unknown_replies import BLIP, REPLIES, UNDERSTOOD, ZORG, counted, put

DAY = timedelta(hours=24)
RATE = Choice(Category.RATE_LIMIT, meaning="Zorg holds our mail.")


FLUB = """\
phrases:
- id: flub
  pattern: flub
  category: content_spam
  severity: 2
  meaning: Flub.
  check: Look.
  examples: ["550 flub"]
"""


def rig(folder: Path, replies: Mapping[tuple[str, str], int] = REPLIES) -> RuleDesk:
    made = RuleDesk(ManualClock(NOW), folder)
    put(made.store, replies)
    return made


def test_what_no_rule_understands_is_counted(tmp_path: Path) -> None:
    found = rig(tmp_path).propose.unknown()
    assert (found.count, found.replies) == (54, 554)
    assert [cluster.count for cluster in found.clusters] == [42, 9, 3]
    assert UNDERSTOOD in found.understood


def test_one_isp_alone(tmp_path: Path) -> None:
    found = rig(tmp_path).propose.unknown(DAY, "yahoo")
    assert (found.isp, found.count, found.replies) == ("yahoo", 12, 12)


def test_replies_that_are_not_kept_apart_are_said(tmp_path: Path) -> None:
    store = MemoryTallyStore(templates_per_isp=1)
    put(store, counted([ZORG, BLIP, UNDERSTOOD]))
    found = Unknowns(store, rig(tmp_path).book, ManualClock(NOW)).unknown(DAY)
    assert found.replies == 6
    assert found.not_kept == 6 - found.count - sum(text == UNDERSTOOD for text in found.understood) * 3
    assert OTHER_TEMPLATE not in [member.template for cluster in found.clusters for member in cluster.members]


def test_an_adopted_rule_changes_the_verdict_at_once(tmp_path: Path) -> None:
    made = rig(tmp_path)
    proposal = made.proposal("zorg")
    assert made.book.classify(ZORG, "gmail").category is Category.SERVER_ERROR
    outcome = made.adopt.adopt([proposal], RATE, by="U0ANN")
    assert outcome == Adopted((f"generic/{proposal.rule}",), Category.RATE_LIMIT, str(made.file))
    verdict = made.book.classify(ZORG, "gmail")
    assert (verdict.category, verdict.meaning) == (Category.RATE_LIMIT, "Zorg holds our mail.")
    assert [cluster.count for cluster in made.propose.unknown().clusters] == [9, 3]


def test_a_fresh_start_reads_what_was_adopted(tmp_path: Path) -> None:
    made = rig(tmp_path)
    made.adopt.adopt([made.proposal("zorg")], RATE, by="U0ANN")
    assert load_knowledge(local_rules=made.file).classifier.decide(ZORG, "gmail").category is Category.RATE_LIMIT
    assert load_knowledge().classifier.decide(ZORG, "gmail").category is Category.SERVER_ERROR


def test_what_is_adopted_is_audited(tmp_path: Path) -> None:
    made = rig(tmp_path)
    proposal = made.proposal("flibber")
    made.adopt.adopt([proposal], RATE, by="U0ANN")
    entry = made.audit.entries()[0]
    assert (entry.actor, entry.action, entry.subject) == ("U0ANN", "rule_adopted", str(made.file))
    assert entry.detail["rules"] == [f"yahoo/{proposal.rule}"]


def test_a_second_time_does_nothing(tmp_path: Path) -> None:
    made = rig(tmp_path)
    proposal = made.proposal("zorg")
    made.adopt.adopt([proposal], RATE, by="U0ANN")
    text = made.file.read_text()
    for again in (made.adopt.adopt([proposal], RATE, by="U0BO"), made.propose.proposal(proposal.cluster.id)):
        assert isinstance(again, Refusal)
        assert again.sentence.endswith("already; nothing more was done.")
    assert made.file.read_text() == text
    assert len(made.audit.entries()) == 1


def test_two_at_once_write_one_rule(tmp_path: Path) -> None:
    made = rig(tmp_path)
    proposal = made.proposal("zorg")
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda who: made.adopt.adopt([proposal], RATE, by=f"U{who}"), range(4)))
    assert [type(outcome) for outcome in outcomes].count(Adopted) == 1
    assert made.file.read_text().count("- id:") == 1
    assert len(made.audit.entries()) == 1


def test_what_another_process_wrote_in_between_is_seen(tmp_path: Path) -> None:
    made, other = rig(tmp_path), rig(tmp_path)
    first, second = made.proposal("zorg"), made.proposal("flibber")
    other.adopt.adopt([other.proposal("zorg")], RATE, by="ann")
    assert isinstance(made.adopt.adopt([first], RATE, by="U0ANN"), Refusal)
    assert isinstance(made.adopt.adopt([second], RATE, by="U0ANN"), Adopted)
    assert made.book.classify(ZORG, "gmail").category is Category.RATE_LIMIT


def test_an_unknown_id_gets_the_nearest(tmp_path: Path) -> None:
    made = rig(tmp_path)
    right = made.proposal("zorg").cluster.id
    wrong = made.propose.proposal(right[:-1] + ("0" if right[-1] != "0" else "1"))
    assert isinstance(wrong, Refusal)
    assert f"did you mean {right}?" in wrong.sentence


def test_without_a_pattern_nothing_is_written(tmp_path: Path) -> None:
    made = rig(tmp_path)
    sorry = made.propose.proposals(made.propose.unknown(), 20)[-1]
    outcome = made.adopt.adopt([sorry], RATE, by="U0ANN")
    assert isinstance(outcome, Refusal)
    assert outcome.rule == "no pattern"
    assert not made.file.exists()


def test_rules_that_take_each_others_replies_are_written_once(tmp_path: Path) -> None:
    said = {("gmail", f"{code} Zorg gateway parked this delivery"): count for code, count in (("450", 9), ("554", 5))}
    made = rig(tmp_path, said)
    first, second = made.propose.proposals(made.propose.unknown(), 20)
    outcome = made.adopt.adopt([first, second], RATE, by="U0ANN")
    assert isinstance(outcome, Adopted)
    assert outcome.covered == (second.cluster.id,)
    assert made.propose.unknown().clusters == ()


def test_what_stands_in_the_file_stays(tmp_path: Path) -> None:
    made = rig(tmp_path)
    mine = """\
# mine
provider: yahoo
phrases:
- id: flub  # a remark
  pattern: 'flub'
  category: content_spam
  severity: 2
  meaning: Flub.
  check: Look.
  examples: ["550 flub"]
# the end

codes:
- {id: odd, pattern: '^599', category: other, severity: 1, meaning: Odd., check: Look., examples: ["599 x"]}
"""
    made.file.write_text(mine)
    outcome = made.adopt.adopt([made.proposal("zorg"), made.proposal("flibber")], RATE, by="U0ANN")
    assert isinstance(outcome, Adopted), outcome
    text = made.file.read_text()
    head, tail = mine.split("# the end")
    assert text.startswith(f"{head}# Adopted")
    assert text.endswith(f"# the end{tail}")
    assert made.book.classify("550 flub", "yahoo").rule_id == "yahoo/flub"
    assert made.book.classify(BLIP, "yahoo").category is Category.RATE_LIMIT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phrases: []\n", "a list of `- id: …` expected"),
        ("- a\n", "keys such as `phrases:`"),
        ("phrases: {\n", "expected YAML"),
        (f"{FLUB}  provider: nosuch\n", "a key of isps.yaml expected, found 'nosuch'"),
        (f"{FLUB}  pattern: flub\n", "expected once, found again"),
        ("phrases:\n- id: x\n", "phrases[0].pattern: expected this key, found nothing"),
    ],
)
def test_a_file_with_faults_is_left_alone(tmp_path: Path, text: str, said: str) -> None:
    made = rig(tmp_path)
    proposal = made.proposal("zorg")
    made.file.write_text(text)
    with pytest.raises(ConfigError, match=str(made.file)) as caught:
        made.adopt.adopt([proposal], RATE, by="U0ANN")
    assert said in str(caught.value)
    assert made.file.read_text() == text
    assert list(tmp_path.iterdir()) == [made.file]
    assert made.audit.entries() == ()


def test_a_rule_that_can_never_decide_is_refused_before_writing(tmp_path: Path) -> None:
    made = rig(tmp_path)
    made.adopt.adopt([made.proposal("zorg")], RATE, by="U0ANN")
    text = made.file.read_text()
    shadowed = replace(
        made.proposal("flibber"), provider="generic", pattern=r"\bzorg gateway parked this delivery, shelf\b"
    )
    with pytest.raises(ConfigError, match="expected"):
        made.adopt.adopt([shadowed], RATE, by="U0ANN")
    assert made.file.read_text() == text


def test_a_fault_between_write_and_rename_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "replies.local.yaml"
    file.write_text("old")

    def refuse(written: Path) -> None:
        assert written.read_text() == "new"
        raise ConfigError(["no"])

    with pytest.raises(ConfigError):
        replace_file(file, "new", refuse)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    made = rig(tmp_path)
    lost = RuleBook(shipped(), tmp_path / "gone" / "replies.local.yaml", isps())
    with pytest.raises(ConfigError, match="expected a file in a folder that can be written"):
        Adopt(book=lost, audit=made.audit, clock=ManualClock(NOW)).adopt([made.proposal("zorg")], RATE, by="U0ANN")


def test_a_file_written_elsewhere_is_taken_again(tmp_path: Path) -> None:
    """A running bot and the command line: two books, one file."""
    running, typed = rig(tmp_path), rig(tmp_path)
    assert not running.book.refresh()
    typed.adopt.adopt([typed.proposal("zorg")], RATE, by="ann")
    assert running.book.refresh()
    assert running.book.classify(ZORG, "gmail").category is Category.RATE_LIMIT
    running.file.write_text("phrases: 3\n")
    assert running.book.refresh()  # told in the log; the rules stay
    assert running.book.classify(ZORG, "gmail").category is Category.RATE_LIMIT
    running.file.unlink()
    assert running.book.refresh()
    assert running.book.classify(ZORG, "gmail").category is Category.SERVER_ERROR


def test_rules_that_nothing_met_are_told(tmp_path: Path) -> None:
    made = rig(tmp_path)
    unused, replies = made.unknowns.unused(DAY)
    ids = [rule.id for rule in unused]
    decided = made.book.rules.classifier.decide(UNDERSTOOD, "gmail").rule_id
    assert replies == 554
    assert decided
    assert decided not in ids
    assert "generic/c-busy" not in ids  # "421 sorry"
    assert "yahoo/permanent" in ids
