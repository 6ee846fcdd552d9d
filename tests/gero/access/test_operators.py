import pytest

from gero import access
from gero.access import operators
from gero.kit import NotFound, Unauthenticated, table

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.mark.parametrize(
    ("header", "form"),
    [("authorization", "Bearer {}"), ("authorization", "bearer  {} "), ("x-dr.gero-operator-token", "{}")],
)
def test_an_operator_token_travels_in_either_of_its_headers(header: str, form: str) -> None:
    token, secret = operators.create("cron")
    assert secret.startswith("gop_")
    assert operators.authenticate({header: form.format(secret)}) == token


def test_the_secret_is_nowhere_in_the_table() -> None:
    _, secret = operators.create("cron")
    assert secret.removeprefix("gop_") not in str(list(table.query("OPERATORS")))


def test_several_tokens_work_until_they_are_revoked() -> None:
    (first, first_secret), (second, second_secret) = operators.create("one"), operators.create("two")
    assert list(operators.listed()) == [first, second]
    operators.revoke(first.id)
    assert list(operators.listed()) == [second]
    with pytest.raises(Unauthenticated):
        operators.authenticate({"authorization": f"Bearer {first_secret}"})
    assert operators.authenticate({"authorization": f"Bearer {second_secret}"}) == second
    with pytest.raises(NotFound):
        operators.revoke(first.id)


@pytest.mark.parametrize("text", ["", "gop_", "gop_abc", "gop_" + "é" * 60, "gop_" + "A" * 52, "A" * 5000])
def test_nonsense_is_nobody_and_is_told_what_to_send(text: str) -> None:
    operators.create("cron")
    with pytest.raises(Unauthenticated, match="operator token of the deployment, gop_"):
        operators.authenticate({"x-dr.gero-operator-token": text})


def test_a_changed_secret_of_a_known_token_is_nobody() -> None:
    _, secret = operators.create("cron")
    changed = secret[:-8] + ("AAAAAAAA" if not secret.endswith("AAAAAAAA") else "BBBBBBBB")
    with pytest.raises(Unauthenticated):
        operators.authenticate({"authorization": f"Bearer {changed}"})


def test_tokens_of_operators_and_of_workspaces_open_only_their_own_doors() -> None:
    _, operator = operators.create("cron")
    _, user = access.workspaces.create("test")
    with pytest.raises(Unauthenticated):
        access.authenticate({"authorization": f"Bearer {operator}"})
    with pytest.raises(Unauthenticated):
        operators.authenticate({"authorization": f"Bearer {user}"})
