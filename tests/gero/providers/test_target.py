import pytest

from gero.kit import table
from gero.providers import Endpoint, target
from gero.providers.target import NoTarget, Target

pytestmark = pytest.mark.usefixtures("cloud")

TARGET = Target("c", "gpt", "Say {input}", Endpoint(platform="custom", url="https://x.test", parameters={"top_p": 0.5}))


def test_a_leaderboard_has_no_target_until_one_is_written() -> None:
    assert target.load(target.key("w", "l")) is None
    table.put(target.item(target.key("w", "l"), None))
    assert target.load(target.key("w", "l")) == NoTarget()
    table.put(target.item(target.key("w", "l"), TARGET))
    assert target.load(target.key("w", "l")) == TARGET


def test_a_target_is_seen_in_its_own_workspace_only() -> None:
    table.put(target.item(target.key("w", "l"), TARGET))
    assert target.load(target.key("v", "l")) is None
