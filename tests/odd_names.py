"""A hundred names that somebody may give: each means something, to somebody who reads it."""

from __future__ import annotations

ESC = "\x1b"
_PARTS = [
    # Matplotlib: formulas, whole and broken
    "$x_{$", "$x$", "$$", "\\$5 and $6", "$\\frac{1}{", "a_b^c$", "\\mathrm{", "$\\alpha$-net",
    "%$#&~",
    # line ends and what passes for one
    "a\nb", "a\rb", "a\r\nb", "a\x0bb", "a\x0cb", "a\x85b", "a\u2028b", "a\u2029b", "\n", "\r",
    # control characters, ANSI, directions of writing, and what no file can hold
    "\x00", "a\x00b", "\x01\x02\x03", "\x07bell", "\x08\x08\x08", "\x7f", "\x9b31m", "\ufffe",
    "\uffff",
    f"{ESC}[31mred{ESC}[0m", f"{ESC}]0;title\x07", f"{ESC}[2J", f"{ESC}c", "a\tb", "\u202egnp.exe",
    "\u2066a\u2069", "\u200b", "\u200f", "\ufeffa", "caf\udce9", "\ud800", "\udfff\udc00",
    # what a CI takes for a command
    "::warning::w", "::error file=a,line=1::e", "::stop-commands::x", " ::add-mask::m",
    "##[error]e",
    "x ##[group]g", "##vso[task.complete]d", "##teamcity[x]", "\n::warning::w", "\r::error::e",
    "a\n  ::set-output name=a::b", "%0A::warning::w", "a,b:c;d", "a b ::notice::n",
    # Markdown and HTML
    "``<b>``", "```", "`", "a`b``c```d", "` ![i](http://x/i.png) `", "<b>bold</b>", "<img src=x>",
    "<script>alert(1)</script>", "<!-- c", "![i](x.png)", "[l](http://x)", "[r]: http://x", "**b**",
    "__init__", "_a_", "~~s~~", "# head", "- item", "1. one", "> quote", "---", "===", "a|b", "\\|",
    "a\\|b", "|---|", "&lt;b&gt;", "&amp;", "&#60;", "a\\", "\\`", "$`x`$", ":smile:", "@somebody",
    # XML
    "]]>", "<![CDATA[", "a--b-", "<?xml?>", "\"'", "&undefined;",
    # spreadsheets, and plain oddities
    "=1+1", "+1", "-1", "@SUM(A1)", '=cmd|"/c calc"!A1', "a,b", 'a"b', "漢字", "👩‍👩‍👧", "é\u0301",
    "ﷺ", "x" * 2000, "a b" * 300, " lead", "trail ", "/", "..", "a/b/c", "::", "nan",
]  # fmt: skip
NAMES = tuple(dict.fromkeys(_PARTS))
