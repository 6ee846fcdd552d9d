import pytest

from gero.kit import secrets
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")

CONTEXT = {"workspace_id": "w", "owner": "c"}


def test_a_secret_opens_under_its_own_context() -> None:
    sealed = secrets.seal("sk-größe", CONTEXT)
    assert "sk-" not in sealed
    assert secrets.unseal(sealed, dict(reversed(CONTEXT.items()))) == "sk-größe"


@pytest.mark.parametrize("other", [{"workspace_id": "x", "owner": "c"}, {"workspace_id": "w", "owner": "d"}, {}])
def test_a_secret_copied_to_another_context_opens_nothing(other: dict[str, str]) -> None:
    sealed = secrets.seal("sk-1", CONTEXT)
    secrets.unseal(sealed, CONTEXT)  # now it is kept in the process, for this context alone
    with pytest.raises(Exception, match="InvalidCiphertext"):
        secrets.unseal(sealed, other)


def test_the_key_service_is_asked_once_and_again_when_the_time_is_over(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = secrets.seal("sk-1", CONTEXT)
    asked = faults.answer("kms", "Decrypt", 0, lambda _: {})
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    assert {secrets.unseal(sealed, CONTEXT) for _ in range(3)} == {"sk-1"}
    assert len(asked) == 1
    now[0] += 301
    secrets.unseal(sealed, CONTEXT)
    assert len(asked) == 2
