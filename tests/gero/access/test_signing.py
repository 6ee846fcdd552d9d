"""The secret that signs cookies: one for a deployment, whoever asks first."""

from collections.abc import Iterator

import pytest

from gero.access import signing
from gero.kit import secrets, table
from tests.gero.access.peopled import at_once

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def _anew(cloud: None) -> Iterator[None]:
    signing.forget()
    yield
    signing.forget()


def test_every_process_has_the_same_key_and_another_deployment_another() -> None:
    first = signing.key()
    assert len(first) == 32
    signing.forget()
    secrets.forget()
    assert signing.key() == first
    table.delete("SIGNING", "KEY")
    signing.forget()
    assert signing.key() != first


def test_the_key_is_sealed_in_the_table() -> None:
    key = signing.key()
    (item,) = table.query("SIGNING")
    assert key.hex() not in str(item)
    assert secrets.unseal(item["sealed_key"], {"owner": "signing-key"}) == key.hex()


@pytest.mark.usefixtures("atomic_cloud")
def test_processes_that_ask_first_at_the_same_moment_agree() -> None:
    assert len(set(at_once(*[signing._sealed] * 6))) == 1


def test_a_mac_is_of_its_text_and_of_the_key() -> None:
    made = signing.mac("csrf:a")
    assert made == signing.mac("csrf:a")
    assert made != signing.mac("csrf:b")
    assert len(made) == 64
    table.delete("SIGNING", "KEY")
    signing.forget()
    assert signing.mac("csrf:a") != made
