"""Who may tell the account's event bus, and which one."""

import json
from typing import Any

import pytest

from tests.infra.synthesis import Template, actions


def told(app: Template, function: str) -> list[Any]:
    """The resources on which a function may put events."""
    return [one["Resource"] for one in app.grants_of(function) if "events:PutEvents" in actions(one)]


@pytest.mark.parametrize("function", ["finish_run", "start_due"])
def test_who_sends_notifications_may_tell_the_default_bus_and_no_other(app: Template, function: str) -> None:
    (resource,) = told(app, function)
    assert "*" not in json.dumps(resource)
    assert resource["Fn::Join"][1][-1] == ":event-bus/default"


def test_nobody_else_may(app: Template) -> None:
    assert {name for name in app.functions if told(app, name)} == {"finish_run", "start_due"}
