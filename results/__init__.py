"""What was found: results, how they are recorded, shown and delivered."""

from __future__ import annotations
