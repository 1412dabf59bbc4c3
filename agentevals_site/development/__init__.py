"""What only developers need: a PostgreSQL to work with, and a demonstration."""

from __future__ import annotations
