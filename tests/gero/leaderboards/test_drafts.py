"""Leaderboards that somebody is still describing."""

from datetime import timedelta

import pytest

from gero.kit import Invalid, NotFound, clock
from gero.leaderboards import drafts

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_draft_is_what_was_typed_last() -> None:
    draft = drafts.save("w", {"name": ["Tickets"]})
    assert drafts.save("w", {"name": ["Post"], "normalizers": ["case", "number"]}, draft) == draft
    assert drafts.get("w", draft) == {"name": ["Post"], "normalizers": ["case", "number"]}


def test_a_draft_is_its_workspaces_alone() -> None:
    draft = drafts.save("w", {"name": ["Tickets"]})
    with pytest.raises(NotFound, match="this draft is gone"):
        drafts.get("other", draft)


def test_a_draft_is_forgotten_after_a_week_and_when_it_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, removed = drafts.save("w", {}), drafts.save("w", {})
    drafts.remove("w", removed)
    with pytest.raises(NotFound):
        drafts.get("w", removed)
    moment = clock.now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    with pytest.raises(NotFound):
        drafts.get("w", kept)


def test_a_draft_too_large_for_the_table_is_refused() -> None:
    with pytest.raises(Invalid, match="too long to be kept"):
        drafts.save("w", {"system_prompt": ["x" * 400_000]})
