"""A PostgreSQL of our own that may be crashed."""

from __future__ import annotations

from pathlib import Path

from agentevals_site.development.postgres import dsn, wait_until_ready
from agentevals_site.development.server import Login, free_port
from agentevals_site.development.wheel_postgres import WheelPostgres, _account


class ChaosPostgres(WheelPostgres):
    """The wheel's server in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        """Choose a free port."""
        login = Login(user="chaos", password="chaos", database="chaos")
        super().__init__(folder, login, free_port())

    def start(self) -> str:
        """Start it; returns its URL."""
        url = dsn(self.login, self.up())
        wait_until_ready(url)
        return url

    def crash(self) -> None:
        """End it as a power cut does and start it again."""
        self._execute(
            _account(), "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop"
        )
        self._start(_account(), self._port)
