"""The scoring library and the ``agentevals run`` command: bytes in, values out.

Knows nothing of Django, databases, the clock or the environment: callers pass them in.
"""

from __future__ import annotations
