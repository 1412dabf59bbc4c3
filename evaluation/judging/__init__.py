"""Asking judge models: everything but the connection, the keys and the clock.

Those are passed in, so that a command, a worker and a test ask in the same way.
"""

from __future__ import annotations
