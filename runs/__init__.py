"""What was asked and where it stands: runs, their queue and their workers.

Knows nothing of scores or results.
"""

from __future__ import annotations
