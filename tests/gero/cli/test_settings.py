import json
import stat
from pathlib import Path

import pytest

from gero.cli.failure import Failure
from gero.cli.settings import checked_url, config_file, resolve
from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import TOKEN, FakeApi


def write_config(api_url: str, token: str) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(json.dumps({"api_url": api_url, "token": token}))


def write_local(folder: Path, api_url: str, token: str = "drgero_local") -> Path:
    (folder / ".gero").mkdir()
    file = folder / ".gero" / "local.json"
    file.write_text(json.dumps({"api_url": api_url, "token": token, "inference_url": f"{api_url}0"}))
    return file


def test_options_win_over_environment_over_login_over_make_run(
    nobody: Gero, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = write_local(tmp_path, "http://127.0.0.1:1")
    found = resolve()
    assert (found.api_url, found.token, found.api_url_source) == ("http://127.0.0.1:1", "drgero_local", str(local))
    assert found.inference_url == "http://127.0.0.1:10"
    write_config("https://login.test", "drgero_login")
    found = resolve()
    assert (found.api_url, found.token, found.inference_url) == ("https://login.test", "drgero_login", None)
    monkeypatch.setenv("GERO_API_URL", "https://env.test")
    monkeypatch.setenv("GERO_API_TOKEN", "drgero_env")
    found = resolve()
    assert (found.api_url, found.token, found.token_source) == ("https://env.test", "drgero_env", "GERO_API_TOKEN")
    found = resolve("https://option.test/", "drgero_option")
    assert (found.api_url, found.token, found.token_source) == ("https://option.test", "drgero_option", "--token")


def test_the_local_file_is_found_from_a_folder_below(
    nobody: Gero, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_local(tmp_path, "http://localhost:1")
    (tmp_path / "below" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "below" / "deep")
    assert resolve().api_url == "http://localhost:1"


def test_a_folder_cannot_point_the_token_of_the_environment_at_a_foreign_address(
    nobody: Gero, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_local(tmp_path, "https://evil.test")
    monkeypatch.setenv("GERO_API_TOKEN", TOKEN)
    assert "no Gero API is configured" in nobody.refused("leaderboard list", exit_code=3)


def test_a_stored_token_goes_only_to_the_address_it_was_stored_with(nobody: Gero) -> None:
    write_config("https://login.test", "drgero_login")
    assert resolve("https://other.test").token is None
    assert resolve("https://login.test/").token == "drgero_login"


@pytest.mark.parametrize(
    "url", ["gero.test", "ftp://gero.test", "https://", "https://me:secret@gero.test", "http://x:y"]
)
def test_an_unusable_address_is_refused(url: str) -> None:
    with pytest.raises(Failure) as refused:
        checked_url(url)
    assert refused.value.exit_code == 2


def test_a_damaged_config_file_is_named(nobody: Gero) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text("{")
    assert str(config_file()) in nobody.refused("leaderboard list")


def test_nothing_configured_says_how_to_start(nobody: Gero) -> None:
    assert "run `gero login`" in nobody.refused("leaderboard list", exit_code=3)
    assert "run `gero login`" in nobody.refused("status", exit_code=3)


def test_login_checks_the_token_and_keeps_it_for_the_owner_only(nobody: Gero, api: FakeApi) -> None:
    assert "token is unknown" in nobody.refused(f"login --api-url {api.url}", exit_code=3, input="drgero_wrong\n")
    assert not config_file().exists()
    assert nobody.ok(f"login --api-url {api.url}", input=f"{TOKEN}\n") == f"Signed in to Acme at {api.url}\n"
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600
    assert json.loads(config_file().read_text()) == {"api_url": api.url, "token": TOKEN}
    assert list(config_file().parent.iterdir()) == [config_file()]
    assert nobody.json("leaderboard list") == {"leaderboards": [], "count": 0}


def test_logout_forgets_the_token(nobody: Gero, api: FakeApi) -> None:
    nobody.ok(f"login --api-url {api.url}", input=TOKEN)
    assert nobody.json("logout") == {"signed_out": True}
    assert nobody.ok("logout") == "Nobody was signed in\n"
    assert not config_file().exists()


def test_status_names_the_sources_and_masks_the_token(gero: Gero, api: FakeApi) -> None:
    shown = gero.ok("status")
    assert f"{api.url} (from GERO_API_URL)" in shown
    assert "drgero_…cdef (from GERO_API_TOKEN)" in shown
    assert "Acme, plan free" in shown
    assert gero.json("status")["signed_in"] is True


def test_status_of_a_rejected_or_missing_token_is_not_signed_in(nobody: Gero, api: FakeApi) -> None:
    result = nobody(f"status --api-url {api.url} --token drgero_wrong --json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["signed_in"] is False
    assert "sign in with `gero login`" in result.stderr
    assert "not signed in" in nobody.refused(f"--api-url {api.url} status", exit_code=3)


def test_an_api_that_does_not_answer_is_one_sentence(nobody: Gero) -> None:
    shown = nobody.refused("status --api-url http://127.0.0.1:9 --token x")
    assert shown.startswith("gero: cannot reach the API at http://127.0.0.1:9: ")
    assert shown.count("\n") == 1
