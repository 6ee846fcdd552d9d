"""Which private networks a deployment's functions may call: none, or those that somebody named."""

import ipaddress
from typing import Any

import pytest
from aws_cdk import App

from gero.kit import address
from infra.local.__main__ import _options
from infra.settings import Settings


def chosen(**context: Any) -> str:
    return Settings.of(App(context={f"gero:{key}": value for key, value in context.items()})).private_networks


def test_a_deployment_calls_none_unless_it_names_them() -> None:
    assert chosen() == ""
    assert chosen(private_networks="10.0.0.0/8,fd12::/16") == "10.0.0.0/8,fd12::/16"


def test_the_local_cloud_calls_this_machine() -> None:
    assert chosen(local="true") == address.LOOPBACK


@pytest.mark.parametrize("networks", ["10.0.0.1/8", "everything", "10.0.0.0/8;10.1.0.0/16"])
def test_what_is_no_network_fails_the_synthesis(networks: str) -> None:
    with pytest.raises(ValueError, match=r"gero:private_networks: .*10\.0\.0\.0/8"):
        chosen(private_networks=networks)


def test_make_run_takes_more_networks_and_no_nonsense(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["run", "--allow", "192.168.1.0/24", "--allow", "fd12::/16"])
    assert _options().allow == ["192.168.1.0/24", "fd12::/16"]
    monkeypatch.setattr("sys.argv", ["run", "--allow", "192.168.1.1/24"])
    with pytest.raises(SystemExit):
        _options()
    assert "give a network such as 192.168.1.0/24" in capsys.readouterr().err


def test_the_default_can_be_read() -> None:
    assert all(ipaddress.ip_network(one).is_loopback for one in address.LOOPBACK.split(","))
