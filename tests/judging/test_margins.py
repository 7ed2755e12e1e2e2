"""Margins: how much may be lost, as a person writes it."""

from __future__ import annotations

import pytest

from noisecore.judging.gates import (
    Margins,
    MarginsError,
    parse_margins,
)


class TestMargins:
    """Margins as a person writes them."""

    def test_named_parts_replace_the_default(self) -> None:
        """What is not named stays as it was; none switches a check off."""
        assert parse_margins("scale>4") == Margins(scale=4.0)
        assert parse_margins("clean>none") == Margins(clean=None)
        assert parse_margins(" mean>none , seconds>1.5") == Margins(mean=None, seconds=1.5)
        assert str(Margins(scale=2.0, memory=1.5)) == (
            "mean>1.5,scale>2,clean>1.5,since-first>2,memory>1.5"
        )
        assert parse_margins("since-first>none") == Margins(since_first=None)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "got ''"),
            ("3", "got '3'"),
            ("drop>3", "got 'drop>3'"),
            ("mean<2", "written as NAME>NUMBER, such as mean>1.5,scale>3 (points) or"),
            ("mean>x", "mean must be points in (0, 100], such as 2, or none, got 'x'"),
            ("mean>0", "got '0'"),
            ("mean>nan", "got 'nan'"),
            ("scale>101", "got '101'"),
            (
                "seconds>1",
                "seconds must be a ratio > 1, such as 2, or none, got '1'",
            ),
            ("memory>inf", "got 'inf'"),
            ("mean>1,mean>2", "must name mean once"),
        ],
    )
    def test_bad(self, text, words) -> None:
        """Anything else is refused with the part and what is expected."""
        with pytest.raises(MarginsError) as caught:
            parse_margins(text)
        assert words in str(caught.value)
