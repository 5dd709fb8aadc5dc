import pytest


@pytest.fixture(autouse=True)
def _private_files(settings, tmp_path):
    """Papers of a test go to a folder of its own."""
    settings.MEDIA_ROOT = tmp_path
