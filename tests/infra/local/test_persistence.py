"""What `--data DIR` keeps: everything that was acknowledged, or the last whole save of it."""

import base64
import gzip
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.backend.wiring import Wiring
from infra.local.cloud import LocalCloud
from infra.local.persistence import StateError, kept
from infra.local.session import Kept
from tests.waiting import wait_until

SAMPLE = Path(__file__).with_name("sample")
KEY = {"pk": {"S": "kept"}, "sk": {"S": "one"}}
ITEM: dict[str, Any] = {
    **KEY,
    "most": {"N": "12345678901234567890123456789012345678"},
    "least": {"N": "-0.00000000000000000000000000000000000001"},
    "bytes": {"B": bytes(range(256))},
    "sets": {"M": {"n": {"NS": ["1", "2.5"]}, "b": {"BS": [b"\0", b"\xff"]}, "s": {"SS": ["ü"]}}},
    "list": {"L": [{"NULL": True}, {"BOOL": False}, {"S": ""}, {"B": b"AQI="}, {"M": {}}, {"L": []}]},
    "due_kind": {"S": "kind"},
    "due_at": {"S": "2026"},
}
BODY = bytes(range(256)) * 50
CONTEXT = {"owner": "a"}
# A cloud of its own process, which saves often, until it is killed.
PROGRAM = """
import sys
from pathlib import Path
from infra.local import persistence
from infra.local.cloud import LocalCloud

persistence.SAVE_EVERY_SECONDS = 0.05
with LocalCloud.start(assembly=Path(sys.argv[1]), data=Path(sys.argv[2])) as cloud:
    cloud.client("dynamodb").put_item(
        TableName=cloud.outputs["TableName"], Item={"pk": {"S": "kept"}, "sk": {"S": "one"}, "n": {"N": "7"}}
    )
    print("put", flush=True)
    sys.stdin.readline()
"""


def started(data: Path) -> LocalCloud:
    return LocalCloud.start(assembly=SAMPLE, data=data)


def stored(cloud: LocalCloud) -> dict[str, Any]:
    found = cloud.client("dynamodb").get_item(TableName=cloud.outputs["TableName"], Key=KEY)
    item: dict[str, Any] = found["Item"]
    return item


def put(cloud: LocalCloud, item: dict[str, Any]) -> None:
    cloud.client("dynamodb").put_item(TableName=cloud.outputs["TableName"], Item=item)


def state_file(data: Path) -> Path:
    return data / "state" / "state.jsonl.gz"


def fill(cloud: LocalCloud) -> bytes:
    """Something of every kind; returns what the key has sealed."""
    s3, bucket = cloud.client("s3"), cloud.outputs["BucketName"]
    put(cloud, ITEM)
    for body in (b"old", BODY):
        s3.put_object(Bucket=bucket, Key="a/ü b+c", Body=body, ContentType="x/y", Metadata={"made": "here"})
    s3.put_object(Bucket=bucket, Key="gone", Body=b"gone")
    s3.delete_object(Bucket=bucket, Key="gone")
    kms = cloud.client("kms")
    sealed: bytes = kms.encrypt(KeyId=cloud.outputs["KeyArn"], Plaintext=b"sk-1", EncryptionContext=CONTEXT)[
        "CiphertextBlob"
    ]
    return sealed


def test_items_objects_and_sealed_secrets_outlive_the_process_exactly(tmp_path: Path) -> None:
    with started(tmp_path) as cloud:
        sealed, names = fill(cloud), cloud.outputs
    assert stat.S_IMODE(state_file(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    with started(tmp_path) as cloud:
        assert {cloud.outputs[name] == names[name] for name in ("TableName", "BucketName", "KeyArn")} == {True}
        found = stored(cloud)
        for name, members in found["sets"]["M"].items():
            [kind] = members
            assert set(members[kind]) == set(ITEM["sets"]["M"][name][kind])
        assert {**found, "sets": 0} == {**ITEM, "sets": 0}
        due = cloud.client("dynamodb").query(
            TableName=cloud.outputs["TableName"],
            IndexName="due",
            KeyConditionExpression="due_kind = :kind",
            ExpressionAttributeValues={":kind": {"S": "kind"}},
        )
        assert due["Count"] == 1
        s3, bucket = cloud.client("s3"), cloud.outputs["BucketName"]
        assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/ü b+c"]
        found = s3.get_object(Bucket=bucket, Key="a/ü b+c")
        assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (BODY, "x/y", {"made": "here"})
        opened = cloud.client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext=CONTEXT)
        assert opened["Plaintext"] == b"sk-1"
        s3.delete_object(Bucket=bucket, Key="a/ü b+c")
        refused(tmp_path / "state", "is in use by another Gero: stop it, or choose another --data")
    assert list((tmp_path / "state" / "objects").iterdir()) == []


def test_an_interrupted_save_leaves_the_state_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path) as cloud:
        put(cloud, {**KEY, "n": {"N": "1"}})
    cloud = started(tmp_path)
    put(cloud, {**KEY, "n": {"N": "2"}})
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", _full)
        with pytest.raises(StateError, match=r"state.jsonl.gz could not be saved \(no space left\)"):
            cloud.close()
    assert (tmp_path / "state" / "state.jsonl.gz.new").exists()
    with started(tmp_path) as cloud:
        assert stored(cloud)["n"] == {"N": "1"}
        written = state_file(tmp_path).stat().st_mtime_ns
    assert state_file(tmp_path).stat().st_mtime_ns == written, "an idle cloud was saved"


def _full(*_: object) -> None:
    raise OSError("no space left")


def test_what_was_saved_before_a_kill_is_there_afterwards(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(SAMPLE), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "put\n"
        wait_until(state_file(tmp_path).exists, every=0.02)
        process.send_signal(signal.SIGKILL)
    assert b'"n":{"N":"7"}' in gzip.decompress(state_file(tmp_path).read_bytes())
    refused(tmp_path / "state", "data of the key")  # free, and readable up to what no deployment here has


def write_state(folder: Path, *lines: dict[str, Any]) -> Path:
    (folder / "objects").mkdir(parents=True)
    file = folder / "state.jsonl.gz"
    file.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    return file


HEAD = {"gero_local_state": 1}
OBJECT = {"bucket": "b", "key": "k", "body": hashlib.sha256(b"body").hexdigest(), "metadata": {}}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "state.jsonl.gz is not a state that this version of Gero can read: choose another --data"),
        ([{"gero_local_state": 2}], "state.jsonl.gz is not a state that this version"),
        ([HEAD, {"nothing": 1}], "state.jsonl.gz is damaged .*: restore .*state from a copy, or remove it to start"),
        ([HEAD, {"table": "Old-table", "item": {}}], "data of the table Old-table, which this version .* start the"),
        ([HEAD, {"key": "k", "material": base64.b64encode(b"m").decode()}], "data of the key k"),
        ([HEAD, OBJECT], rf"objects/{OBJECT['body']} is damaged \(.*No such file.*remove it to start empty"),
    ],
)
def test_a_state_that_cannot_be_loaded_is_named_with_its_remedy(
    tmp_path: Path, lines: list[dict[str, Any]], says: str
) -> None:
    file = write_state(tmp_path / "state", *lines)
    before = file.read_bytes()
    refused(tmp_path / "state", says)
    assert file.read_bytes() == before


def refused(folder: Path, says: str) -> None:
    with pytest.raises(StateError, match=says), kept(folder, Wiring()):
        pass


def test_cut_and_changed_files_are_refused(tmp_path: Path) -> None:
    file = write_state(tmp_path / "state", HEAD, *({"no": os.urandom(99).hex()} for _ in range(99)))
    whole = file.read_bytes()
    for damaged in (b"no gzip", whole[: len(whole) // 2], whole[:200] + b"\0\0\0\0" + whole[204:]):
        file.write_bytes(damaged)
        refused(tmp_path / "state", "state.jsonl.gz is damaged")
    body = tmp_path / "state" / "objects" / str(OBJECT["body"])
    body.write_bytes(b"another")
    file.unlink()
    (tmp_path / "state" / "objects").rename(tmp_path / "objects")
    (tmp_path / "state" / "lock").unlink()
    (tmp_path / "state").rmdir()
    write_state(tmp_path / "state", HEAD, OBJECT)
    (tmp_path / "objects" / body.name).rename(body)
    refused(tmp_path / "state", "is damaged .its content has changed")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "mine.txt").write_text("mine")
    refused(tmp_path / "state", "mine.txt is not of Gero's local cloud: choose another folder with --data")
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["mine.txt"]
    refused(tmp_path / "state" / "mine.txt", "mine.txt cannot be used .File exists.: choose another folder")


def test_the_token_and_the_ports_are_kept_for_this_user_alone(tmp_path: Path) -> None:
    Kept(None).write("drgero_x", "a password", {"hub": 1})
    assert Kept(None).read() == Kept(tmp_path).read() == {}
    Kept(tmp_path).write("drgero_x", "a password", {"hub": 1})
    assert Kept(tmp_path).read() == {"token": "drgero_x", "password": "a password", "ports": {"hub": 1}}
    assert stat.S_IMODE((tmp_path / "session.json").stat().st_mode) == 0o600
    (tmp_path / "session.json").write_text("[]")
    with pytest.raises(StateError, match=r"session.json is damaged .*: remove it to start with a new workspace"):
        Kept(tmp_path).read()
