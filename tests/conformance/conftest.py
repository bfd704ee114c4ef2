"""The descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.tables import MESSAGES, REST

if TYPE_CHECKING:
    from tests.conformance.described import Described
    from tests.conformance.messages import Message


@pytest.fixture(scope="session")
def openapi(shared: Path) -> dict[str, Described]:
    """The operations of the REST API by their names, as the official description has them."""
    path = shared / "specs" / "openapi.yml"
    if not path.is_file():
        pytest.skip("needs ../shared/specs/openapi.yml, which only the workplace has")
    # Not at the top: what reads the descriptions is not there in every environment.
    from tests.conformance.described import described
    from tests.conformance.schemas import Description

    found = {each.key: each for each in described(Description(path))}
    REST.expect({key: each.words for key, each in found.items()})
    return found


@pytest.fixture(scope="session")
def asyncapi(shared: Path) -> dict[str, Message]:
    """The messages of the websockets by their names, as the official description has them."""
    path = shared / "specs" / "asyncapi.yml"
    if not path.is_file():
        pytest.skip("needs ../shared/specs/asyncapi.yml, which only the workplace has")
    from tests.conformance.messages import messages
    from tests.conformance.schemas import Description

    found = {each.key: each for each in messages(Description(path))}
    MESSAGES.expect({key: each.words for key, each in found.items()})
    return found
