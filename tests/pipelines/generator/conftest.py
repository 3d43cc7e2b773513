"""One small generation for all tests that only read it."""

import pytest

from pipelines.generator.generate import generate
from tests.pipelines.generator.small_shop import OPTIONS, Shop, read_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    out = tmp_path_factory.mktemp("shop")
    return read_shop(out, generate(OPTIONS, out))
