"""What the marker of a test asks for, as its fixture gives it: its one curve, and its suites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from noisecore.errors import ArgumentError

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.judging.suites import Suite
    from noisecore.plugin.marker import Request


def suites_asked(curves: Sequence[Curve], requests: Sequence[Request]) -> list[Suite]:
    """Return the suite of each condition of the marker that has one, in their order."""
    from noisecore.judging.suites import suites_of

    asked = {request.curve for request in requests if request.suite is not None}
    return list(suites_of((c for c in curves if c.name in asked), least=1).values())


def the_suite(suites: Sequence[Suite]) -> Suite:
    """Return the suite of a test that has exactly one; raise `ArgumentError` otherwise."""
    if not suites:
        raise ArgumentError(
            "this test has no suite: mark it with @pytest.mark.robustness(suite='mnist-c', "
            "train=('gaussian', 0)), or use what robustness.evaluate(..., suite=) returns"
        )
    if len(suites) > 1:
        raise ArgumentError(f"this test has {len(suites)} suites: use robustness.suites")
    return suites[0]


def the_curve(curves: Sequence[Curve], requests: Sequence[Request]) -> Curve:
    """Return the curve of a test that has exactly one; raise `ArgumentError` otherwise."""
    if not curves:
        raise ArgumentError(
            "this test has no curve: mark the test itself, not its fixture, with "
            "@pytest.mark.robustness(), or call robustness.evaluate(...) first"
        )
    if any(request.suite is not None for request in requests):
        raise ArgumentError(
            "this test asks for a suite, which has a curve for each family: use robustness.suite"
        )
    if len(curves) > 1:
        raise ArgumentError(f"this test has {len(curves)} curves: use robustness.curves")
    return curves[0]
