"""Every story, each on an empty store."""

from __future__ import annotations

import pytest

from tests.stories import alerts, changes, hosts, people, together, troubles
from tests.stories.empty_store import EmptyStore
from tests.stories.language import Story
from tests.stories.stage import play

STORIES = (*alerts.STORIES, *people.STORIES, *hosts.STORIES, *changes.STORIES, *together.STORIES, *troubles.STORIES)


@pytest.mark.parametrize("told", STORIES, ids=[story.name for story in STORIES])
def test_a_story_comes_as_it_is_told(told: Story, store: EmptyStore) -> None:
    play(told, store.fresh())
