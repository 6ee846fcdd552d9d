import pytest

from tests.infra.synthesis import Template, synthesis


@pytest.fixture(scope="session")
def data() -> Template:
    return synthesis().data


@pytest.fixture(scope="session")
def app() -> Template:
    return synthesis().app
