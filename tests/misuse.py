"""What noisecore says of a mistake."""

from __future__ import annotations

import pytest

from noisecore import NoisecoreError


def refused(call, *arguments, **named) -> str:
    """Return the one line by which noisecore refuses a call."""
    with pytest.raises(NoisecoreError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)
