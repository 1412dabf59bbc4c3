"""Django's backend with another pool; Django looks for it in a module of this name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from agentevals_site.postgres.pool import PATIENCE_S, SILENCE_S, Pool


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection of a thread, lent by a pool when the options have one."""

    _connection_pools: dict[str, Pool]
    _configure_connection: Callable[[Any], None]

    def get_connection_params(self) -> dict[str, Any]:
        """Return what connects; nothing waits long unless the operator says so."""
        limits = {"connect_timeout": SILENCE_S, "tcp_user_timeout": 1000 * SILENCE_S}
        return {**limits, **super().get_connection_params()}

    @property
    def pool(self) -> Pool | None:
        """Return the pool that all threads share; none without a database of ours."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            pool = Pool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                configure=self._configure_connection,
                open=False,
                # Its pauses grow with an outage. It gives up when those are sent home who
                # wait, and whoever asks next has it try at once.
                reconnect_timeout=PATIENCE_S,
                **options,
            )
            # Of threads that come at once the first wins; no pool is open yet.
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]
