"""Who has an account at the development sign-in: addresses and hashes of passwords, in memory or in a file."""

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.secret_file import write_secret

MIN_PASSWORD, MAX_PASSWORD = 8, 256
MAX_TRIES = 5
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,189}")
_MAX_TRIED = 1000  # addresses whose tries are remembered
_WRONG = "the e-mail address or the password is wrong"


class AccountError(Exception):
    """Why a form is refused; `field` says which part of it, "" the whole."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Account:
    """A person with a password. `subject` is what others know them by, for good."""

    email: str
    subject: str
    salt: str
    password_hash: str


@dataclass
class _Tries:
    wrong: int = 0
    until: float = 0.0  # of the monotonic clock: refused until then


class Accounts:
    """All accounts; safe to use from several threads. `file` keeps them, for this user alone.

    After five wrong passwords in a row an address is refused for `pause_seconds`, whether or not it has an account.
    """

    def __init__(self, file: Path | None = None, *, pause_seconds: float = 60.0) -> None:
        self._file = file
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._tries: dict[str, _Tries] = {}
        self._nobody = _made("nobody@example.com", secrets.token_hex())
        self._by_email: dict[str, Account] = {}
        if file and file.exists():
            self._by_email = {one["email"]: Account(**one) for one in json.loads(file.read_text())}

    def find(self, email: str) -> Account | None:
        """The account of an address."""
        return self._by_email.get(_normalised(email))

    def create(self, email: str, password: str) -> Account:
        """A new account. AccountError when there is one, or the address or the password will not do."""
        email = _normalised(email)
        if not _ADDRESS.fullmatch(email):
            raise AccountError("give an e-mail address, such as ada@example.com", "email")
        account = _made(email, _checked(password))
        with self._lock:
            if email in self._by_email:
                raise AccountError("there is an account with this address; sign in with it", "email")
            self._keep(account)
        return account

    def check(self, email: str, password: str) -> Account:
        """The account that has this password. AccountError, the same for an unknown address, when none has it."""
        email = _normalised(email)
        self._count_try(email)
        account = self._by_email.get(email)
        # An unknown address takes as long: its password is compared with one that nobody knows.
        known = account or self._nobody
        good = hmac.compare_digest(_hashed(password, known.salt), known.password_hash)
        if account is None or not good:
            raise AccountError(_WRONG)
        with self._lock:
            self._tries.pop(email, None)
        return account

    def change_password(self, email: str, password: str, new: str) -> Account:
        """Give an account another password. AccountError when the present one is wrong, or the new one will not do."""
        before = self.check(email, password)
        made = _made(before.email, _checked(new))
        with self._lock:
            return self._keep(Account(before.email, before.subject, made.salt, made.password_hash))

    def _count_try(self, email: str) -> None:
        """Counted before the password is looked at, so that many at once are not more than one after the other."""
        now = time.monotonic()
        with self._lock:
            tries = self._tries.setdefault(email, _Tries())
            if tries.until > now:
                raise AccountError(f"too many tries with this address; wait {self._pause_seconds:.0f} seconds")
            tries.wrong += 1
            if tries.wrong >= MAX_TRIES:
                tries.wrong, tries.until = 0, now + self._pause_seconds
            while len(self._tries) > _MAX_TRIED:
                self._tries.pop(next(iter(self._tries)))

    def _keep(self, account: Account) -> Account:
        self._by_email[account.email] = account
        if self._file:
            write_secret(self._file, [asdict(one) for one in self._by_email.values()])
        return account


def _normalised(email: str) -> str:
    return email.strip().lower()


def _checked(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters", "password")
    return password


def _made(email: str, password: str) -> Account:
    salt = secrets.token_hex(16)
    return Account(email, secrets.token_hex(16), salt, _hashed(password, salt))


def _hashed(password: str, salt: str) -> str:
    return hashlib.scrypt(password[: MAX_PASSWORD + 1].encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
