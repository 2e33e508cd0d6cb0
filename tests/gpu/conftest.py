import pytest

from realtime.engine.gpu_probe import find_gpus


@pytest.fixture(scope="session", autouse=True)
def gpu():
    """Everything here needs a GPU; elsewhere it skips and says what is missing."""
    found = find_gpus()
    if not found.gpus:
        pytest.skip(found.trouble)
    return found.gpus[0]
