"""Suites: the curves of one model over the families of a suite of corruptions, as one object."""

from noisecore.judging.suites.suite import Suite

__all__ = ["Suite"]
