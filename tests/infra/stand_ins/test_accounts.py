"""Accounts of the development sign-in that outlive a start."""

import stat
from pathlib import Path

import pytest

from infra.local.persistence import StateError
from infra.local.person import EMAIL, accounts_in, password_of
from infra.local.stand_ins.sign_in import AccountError, Accounts, accounts


def test_accounts_are_kept_as_hashes_for_this_user_alone(tmp_path: Path) -> None:
    made = Accounts(tmp_path / "accounts.json").create("ada@example.com", "a good password")
    file = tmp_path / "accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "a good password" not in file.read_text()
    again = Accounts(file)
    assert again.check("ada@example.com", "a good password") == made
    again.change_password("ada@example.com", "a good password", "another password")
    assert Accounts(file).check("ada@example.com", "another password").subject == made.subject


def test_the_demos_person_has_a_password_that_is_kept_until_they_choose_one(tmp_path: Path) -> None:
    first = password_of(accounts_in(tmp_path), None)
    assert first
    assert password_of(accounts_in(tmp_path), first) == first
    known = accounts_in(tmp_path)
    known.change_password(EMAIL, first, "one of my own")
    assert password_of(accounts_in(tmp_path), first) is None
    assert accounts_in(tmp_path).check(EMAIL, "one of my own")


def test_every_start_without_a_folder_has_another_password() -> None:
    assert password_of(accounts_in(None), None) != password_of(accounts_in(None), None)


def test_a_damaged_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text('[{"email": "ada@example.com"}]')
    with pytest.raises(StateError, match=r"accounts.json is damaged .*: remove it to start with no accounts"):
        accounts_in(tmp_path)


def test_an_address_without_an_account_is_refused() -> None:
    with pytest.raises(AccountError, match="wrong"):
        Accounts().check("nobody@example.com", "a good password")


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Accounts()
    known.create("ada@example.com", "a good password")
    salts: list[str] = []
    hashed = accounts._hashed

    def counted(password: str, salt: str) -> str:
        salts.append(salt)
        return hashed(password, salt)

    monkeypatch.setattr(accounts, "_hashed", counted)
    for email in ("ada@example.com", "nobody@example.com"):
        with pytest.raises(AccountError):
            known.check(email, "another one")
    assert len(salts) == 2, "one hash each"
