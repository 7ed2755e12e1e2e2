"""The baseline of a run: what it holds, which curves vanished from it, how it is renewed."""
