"""The database backend for PostgreSQL: Django's, with a pool that knows of outages."""

from __future__ import annotations
