"""A user's own `.npz` that is refused."""

import pytest

from noisecore.data import DatasetError, load_dataset


def refused(name):
    """Return the message of the refusal, after checking that it is one line in three beats."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(name)
    message = str(caught.value)
    assert "\n" not in message
    assert "expected " in message
    assert ", got " in message
    assert "; " in message
    assert name in message
    return message
