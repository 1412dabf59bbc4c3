"""What somebody who looks for a fault wants to be sent."""

from __future__ import annotations
