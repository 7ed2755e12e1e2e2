"""What every test can use: pytest's own `pytester`."""

# Imported here once: what a pytester imports in this process, it takes out again when it ends, and
# parts of NumPy cannot be loaded a second time.
import noisecore.judging.gates
import noisecore.running.engine
import noisecore.running.store
import noisecore.showing.report  # noqa: F401

pytest_plugins = "pytester"
