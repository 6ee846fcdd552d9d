import pytest

from gero.kit import Conflict, conditions, table
from gero.kit.conditions import Condition, above, absent, at_most, differs, equals, present

pytestmark = pytest.mark.usefixtures("cloud")

ITEM = {"pk": "p", "sk": "s", "status": "running", "lease": 10, "name": "x"}


def holds(condition: Condition) -> bool:
    """Whether a conditional write to ITEM goes through."""
    table.put(ITEM)
    try:
        table.put(ITEM, condition)
    except Conflict:
        return False
    return True


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (present(), True),
        (absent(), False),
        (present("lease"), True),
        (absent("lease"), False),
        (absent("nothing"), True),
        (equals("lease", 10), True),
        (equals("lease", 11), False),
        (equals("nothing", 1), False),
        (differs("lease", 10), False),
        (differs("lease", 11), True),
        (at_most("lease", 10), True),
        (at_most("lease", 9), False),
        (at_most("nothing", 10), False),
        (above("lease", 9), True),
        (above("lease", 10), False),
        (above("name", "w"), True),
        (above("name", "x"), False),
        (above("nothing", ""), False),
        (absent("nothing") | at_most("nothing", -1), True),
        (at_most("lease", 10) & above("lease", 9), True),
        (equals("status", "running"), True),  # a reserved word of DynamoDB
        (equals("status", "queued") | equals("status", "running"), True),
        (equals("status", "queued") & equals("status", "running"), False),
        (absent("lease") | equals("lease", 10), True),
        (absent("lease") | differs("lease", 10), False),
        (present("name") & equals("lease", 10) & equals("status", "running"), True),
        ((absent() | equals("name", "x")) & equals("lease", 11), False),
        (absent() | (equals("name", "x") & equals("lease", 10)), True),
        ((present() | absent()) & absent(), False),  # only with the right parentheses
    ],
    ids=lambda value: value.expression if isinstance(value, Condition) else "",
)
def test_a_condition_holds_as_it_reads(condition: Condition, expected: bool) -> None:
    assert holds(condition) is expected


def test_two_conditions_on_one_attribute_keep_their_own_values() -> None:
    joined = equals("status", "a") | equals("status", "b")
    assert sorted(joined.values.values()) == ["a", "b"]


def test_a_condition_and_a_change_of_the_same_attribute_do_not_mix() -> None:
    table.put(ITEM)
    changed = table.update("p", "s", table.Changes(set={"status": "done"}), equals("status", "running"))
    assert changed["status"] == "done"
    with pytest.raises(Conflict):
        table.update("p", "s", table.Changes(set={"status": "done"}), equals("status", "running"))


def test_an_absent_item_is_created_once() -> None:
    table.put(ITEM, conditions.absent())
    with pytest.raises(Conflict) as refused:
        table.put(ITEM | {"name": "y"}, conditions.absent())
    assert refused.value.code == "condition_failed"
    stored = table.get("p", "s")
    assert stored is not None
    assert stored["name"] == "x"
