"""What every test can use: pytest's own `pytester`."""

pytest_plugins = "pytester"
