"""What the gate against a baseline does, simulated: the parts of `design.py`."""
