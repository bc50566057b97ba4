from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import listing_fixture

from yarak.rules.listing import Listing


@pytest.fixture(scope="session")
def listing() -> Listing:
    """The syscall source with the container plugin, as the core lists it."""
    return Listing.from_json(**listing_fixture.document("container"))
