"""Keeps the local cloud's tables, buckets and keys in a folder, so that they outlive its process.

    state/state.jsonl.gz     one gzip file of JSON lines, mode 0600, replaced whole
        {"gero_local_state": 1}
        {"key": id, "material": base64}                               a KMS key
        {"table": name, "item": {"pk": {"S": …}, …}}                  an item, as DynamoDB's JSON
        {"bucket": name, "key": …, "body": sha256, "metadata": {…}}   an object
    state/objects/<sha256>   the bodies of objects, written before the file that names them
    state/lock               held while a cloud uses the folder

Renaming `state.jsonl.gz` is the only commit: whatever interrupts a save, the state before it stays whole.
"""

from __future__ import annotations

import base64
import fcntl
import gzip
import hashlib
import json
import logging
import os
import re
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.backend import state
from infra.local.backend.wiring import Wiring

SAVE_EVERY_SECONDS = 30.0
_FORMAT = {"gero_local_state": 1}
_BODY = re.compile(r"[0-9a-f]{64}(\.new)?")
_OURS = {"state.jsonl.gz", "state.jsonl.gz.new", "objects", "lock"}
_LOG = logging.getLogger(__name__)


class StateError(RuntimeError):
    """The folder's state cannot be used; the message names the file and what to do."""


@contextmanager
def kept(folder: Path, wiring: Wiring) -> Iterator[None]:
    """Load the state in `folder` into the deployed cloud; save it every 30 s while it changes, and at the end."""
    with _claimed(folder):
        saver = _Saver(folder, wiring)
        saver.load()
        ended = threading.Event()
        thread = threading.Thread(target=saver.run, args=(ended,), name="gero-state", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            saver.save_at_last()


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """The folder for this process alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        foreign = sorted({path.name for path in folder.iterdir()} - _OURS)
    except OSError as error:
        raise StateError(f"{folder} cannot be used ({error.strerror}): choose another folder with --data") from error
    if foreign:
        raise StateError(f"{folder / foreign[0]} is not of Gero's local cloud: choose another folder with --data")
    (folder / "objects").mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"{folder} is in use by another Gero: stop it, or choose another --data") from error
        yield


class _Saver:
    """Loads once, then saves what changed."""

    def __init__(self, folder: Path, wiring: Wiring) -> None:
        self._file = folder / "state.jsonl.gz"
        self._bodies = folder / "objects"
        self._wiring = wiring
        self._saved = wiring.writes
        # Objects are immutable, so the body of each is read and hashed once.
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def run(self, ended: threading.Event) -> None:
        while not ended.wait(SAVE_EVERY_SECONDS):
            try:
                self.save()
            except Exception:  # noqa: BLE001 a full disk must not end the cloud; the next time may go well
                _LOG.exception("the local cloud's state could not be saved; %s is older", self._file)

    def save_at_last(self) -> None:
        """Save, or raise StateError: what was saved before is whole then."""
        try:
            self.save()
        except OSError as error:
            raise StateError(f"{self._file} could not be saved ({error}): it is as it was up to 30 s ago") from error

    def save(self) -> None:
        """Write the state as it is at one moment, unless nothing changed since the last time."""
        writes = self._wiring.writes
        if writes == self._saved:
            return
        self._store_bodies()  # the most of them while the cloud goes on
        with state.standing_still():
            self._store_bodies()
            lines: list[Any] = [_FORMAT]
            lines += ({"key": name, "material": base64.b64encode(key).decode()} for name, key in state.key_materials())
            lines += ({"table": table, "item": item} for table, item in state.items())
            objects = state.objects()
        lines += (
            {"bucket": one.bucket_name, "key": one.name, "body": self._names[one], "metadata": dict(one.metadata)}
            for one in objects
        )
        _sync(self._bodies)
        with _replacing(self._file) as file, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=3, mtime=0) as packed:
            packed.writelines(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
        _sync(self._file.parent)
        self._saved = writes
        self._forget_bodies({self._names[one] for one in objects})

    def load(self) -> None:
        """Put everything back. StateError when the state is damaged or of something else."""
        if not self._file.exists():
            return
        try:
            for line in _lines(self._file):
                self._put(line)
        except state.NoSuchPlaceError as error:
            raise StateError(
                f"{self._file} has data of the {error}, which this version of Gero does not deploy: "
                f"start the version that wrote it, or choose another --data"
            ) from error
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(self._file, error) from error

    def _put(self, line: dict[str, Any]) -> None:
        if "material" in line:
            state.put_key(line["key"], base64.b64decode(line["material"]))
        elif "item" in line:
            state.put_item(line["table"], line["item"])
        else:
            made = state.put_object(line["bucket"], line["key"], self._body(line["body"]), line["metadata"])
            self._names[made] = line["body"]

    def _body(self, name: str) -> bytes:
        path = self._bodies / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._damaged(path, error) from error
        if hashlib.sha256(content).hexdigest() != name:
            raise self._damaged(path, "its content has changed")
        return content

    def _damaged(self, path: Path, why: object) -> StateError:
        folder = self._file.parent
        return StateError(f"{path} is damaged ({why}): restore {folder} from a copy, or remove it to start empty")

    def _store_bodies(self) -> None:
        for one in state.objects():
            if one not in self._names and (content := state.body(one)) is not None:
                name = hashlib.sha256(content).hexdigest()
                if not (self._bodies / name).exists():
                    with _replacing(self._bodies / name) as file:
                        file.write(content)
                self._names[one] = name

    def _forget_bodies(self, named: Iterable[str]) -> None:
        for path in self._bodies.iterdir():
            if path.name not in named and _BODY.fullmatch(path.name):
                path.unlink()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as file:
        first = json.loads(file.readline() or "null")
        if first != _FORMAT:
            raise StateError(f"{path} is not a state that this version of Gero can read: choose another --data")
        for line in file:
            yield json.loads(line)


@contextmanager
def _replacing(path: Path) -> Iterator[Any]:
    """A new file, for this user alone, that takes the place of `path` once it is whole and on disk."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _sync(folder: Path) -> None:
    """Make the renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
