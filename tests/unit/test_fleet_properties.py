"""What holds for every command line and every change on the simulated fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.fleet.command import FORMS
from bot.sim.fleet.console import Answer
from tests.fleet_scene import MINUTE, Scene, scene

WORDS = st.one_of(
    st.sampled_from(sorted({word for form in FORMS for word in form.words})),
    st.sampled_from(["*/*", "gmail.com/gmail-ip-1", "gmail.com/*", "192.0.2.10", "*", "newsletter-129"]),
    st.sampled_from(["--dom", "--xml", "--json", "--errors", "--maxitems=3", "--mode=backoff", "--reenable-after=9w"]),
    st.text(max_size=12),
    st.text(max_size=8).map(lambda text: f"--maxitems={text}"),
    st.text(max_size=8).map(lambda text: f"--reenable-after={text}"),
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    s = scene(tmp_path_factory.mktemp("lived"), backfill=5 * MINUTE)
    s.fleet.start_scenario("gmail-reputation")
    s.live(5 * MINUTE)
    return s


@given(argv=st.lists(WORDS, max_size=6))
def test_any_command_line_is_answered(lived: Scene, argv: list[str]) -> None:
    answer = lived.fleet.pmta("mta1", argv)
    assert isinstance(answer, Answer)
    assert bool(answer.stderr) == (answer.status != 0)
    assert bool(answer.stdout) == (answer.status == 0)


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        ("pause queue gmail.com/gmail-ip-1", "resume queue gmail.com/gmail-ip-1"),
        ("pause queue '*/gmail-ip-1'", "resume queue '*/gmail-ip-1'"),
        (
            "disable source --reenable-after=4h 192.0.2.10 gmail.com/gmail-ip-1",
            "enable source 192.0.2.10 gmail.com/gmail-ip-1",
        ),
        ("set queue --mode=backoff gmail.com/gmail-ip-1", "set queue --mode=normal gmail.com/gmail-ip-1"),
    ],
)
def test_a_change_and_its_undo_leave_the_fleet_as_it_was(tmp_path: Path, change: str, undo: str) -> None:
    def state(s: Scene) -> list[tuple[object, ...]]:
        queues = s.fleet.snapshot()["hosts"][0]["queues"]  # type: ignore[index]
        return [(q["name"], q["recipients"], q["paused"], q["mode"], q["disabled"]) for q in queues]

    s = scene(tmp_path, backfill=5 * MINUTE)
    before = state(s)
    s.run(change)
    assert state(s) != before
    s.run(undo)
    assert state(s) == before
