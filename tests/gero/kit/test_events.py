import pytest

from gero.kit import aws, events
from gero.kit.events import BusEvent


@pytest.fixture
def calls(cloud: None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each call to the bus had."""
    client, made = aws.client("events"), []
    put = client.put_events

    def counted(Entries: list[dict[str, str]]) -> dict[str, object]:  # noqa: N803
        made.append(len(Entries))
        answer: dict[str, object] = put(Entries=Entries)
        return answer

    monkeypatch.setattr(client, "put_events", counted)
    return made


def test_events_are_put_ten_a_call(calls: list[int]) -> None:
    assert events.put([BusEvent("run.completed", "{}")] * 23) == [True] * 23
    assert calls == [10, 10, 3]
    assert events.put([]) == []


def test_of_each_event_it_is_told_whether_the_bus_took_it(calls: list[int]) -> None:
    found = [BusEvent("run.completed", "{}"), BusEvent("run.completed", "no JSON"), BusEvent("run.failed", "{}")]
    assert events.put(found) == [True, False, True]
