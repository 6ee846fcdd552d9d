"""A token that a version keeps from the one before goes where it went, under a header that can be sent."""

from typing import Any

import pytest

from gero import models
from gero.kit import Invalid
from gero.models import Model
from tests.gero.models.made import BASE, SECRET, made, published

pytestmark = pytest.mark.usefixtures("cloud")
HEADED = BASE | {"auth_method": "custom_header", "auth_header_name": "X-Key", "auth_token": SECRET}


@pytest.fixture
def model() -> Model:
    """A model whose token goes under a header of its own."""
    return made(base=HEADED)


@pytest.mark.parametrize(
    "name", ["Host", "Host\r\nX-Evil: 1", "X-Key\n", "content-length", "X Key", "X-Key:", "Ключ", "x" * 101]
)
def test_a_kept_token_is_sent_under_no_header_that_cannot_be_sent(model: Model, name: str) -> None:
    with pytest.raises(Invalid, match=r"^base\.auth_header_name: custom_header needs the name") as refused:
        published(model, base=BASE | {"auth_header_name": name})
    assert refused.value.details == {"field": "base.auth_header_name"}
    assert SECRET not in str(refused.value.body())
    assert models.get("w", model.id).latest_version == 1


def test_a_kept_token_moves_to_another_header(model: Model) -> None:
    moved = published(model, base=BASE | {"auth_header_name": "X-Other"}).base
    assert moved.headers("w")["X-Other"] == SECRET
    assert published(model, base=BASE | {"timeout_seconds": 9}).base.headers("w")["X-Other"] == SECRET


def test_a_token_under_a_header_of_its_own_is_not_kept_where_there_is_none(model: Model) -> None:
    wanted: dict[str, Any] = {"platform": "huggingface", "endpoint_url": BASE["endpoint_url"]}
    with pytest.raises(Invalid, match="platform huggingface has none; give a token, or auth_method none") as refused:
        published(model, base=wanted)
    assert refused.value.details == {"field": "base.auth_token"}
    given = published(model, base=wanted | {"auth_token": "hf_given"}).base
    assert given.headers("w")["Authorization"] == "Bearer hf_given"
    assert "None" not in given.headers("w")
    # A Bearer token is one on any platform.
    back = published(model, base=BASE).base
    assert back.headers("w")["Authorization"] == "Bearer hf_given"
