"""Suites: the curves of one model over the families of a suite of corruptions, as one object."""

from noisecore.judging.suites.suite import (
    Suite,
    UnknownFamilyError,
    suite_of,
    suites_of,
    table_rows,
)

__all__ = ["Suite", "UnknownFamilyError", "suite_of", "suites_of", "table_rows"]
