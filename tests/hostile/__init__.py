"""Hostile values, names, files, paths and addresses, a thousand and more, and what judges them.

`pytest tests/hostile -m slow` tries them all. From `tests`, `python -m hostile` does the same and
prints one table; `python -m hostile KIND` tries one kind, and `python -m hostile KIND NUMBER` shows
what one case prints.
"""
