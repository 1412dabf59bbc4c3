"""A development PostgreSQL in a container."""

from __future__ import annotations

import subprocess

import click

from agentevals_site.development.server import LOOPBACK, Login, Server, is_free

IMAGE = "postgres:17-alpine"
ENGINE_TIMEOUT_S = 10


def docker_answers() -> bool:
    """Whether there is a Docker command with an engine behind it."""
    try:
        answer = subprocess.run(
            ["docker", "info"],  # noqa: S607 - whichever docker the developer uses
            capture_output=True,
            check=False,
            timeout=ENGINE_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


class DockerPostgres(Server):
    """One named container, made once and then started and stopped."""

    def __init__(self, container: str, login: Login, port: int) -> None:
        """Name the container; nothing is started yet."""
        self.name = f"Docker container {container}"
        self.login = login
        self._container = container
        self._port = port

    def up(self) -> int:
        """Start the container unless it runs; return its port."""
        running = self.running_port()
        if running is not None:
            return running
        if self._exists():
            self._docker("start", self._container)
            return self.running_port() or self._port
        if not is_free(self._port):
            raise click.ClickException(
                f"port {self._port} of {LOOPBACK} is taken; stop what listens there or "
                "choose another: make pg-up PG_PORT=5433"
            )
        self._create()
        return self._port

    def down(self) -> bool:
        """Stop the container, keep it; say whether it ran."""
        if self.running_port() is None:
            return False
        self._docker("stop", self._container)
        return True

    def running_port(self) -> int | None:
        """Return the published port of the running container."""
        answer = self._docker("port", self._container, "5432/tcp", check=False)
        lines = answer.stdout.split()
        return int(lines[0].rpartition(":")[2]) if lines else None

    def _exists(self) -> bool:
        answer = self._docker("container", "inspect", self._container, check=False)
        return answer.returncode == 0

    def _create(self) -> None:
        environment = {
            "POSTGRES_USER": self.login.user,
            "POSTGRES_PASSWORD": self.login.password,
            "POSTGRES_DB": self.login.database,
        }
        options = [f"--env={name}={value}" for name, value in environment.items()]
        self._docker(
            "run",
            "--detach",
            f"--name={self._container}",
            f"--publish={LOOPBACK}:{self._port}:5432",
            *options,
            IMAGE,
        )

    def _docker(
        self, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run(  # noqa: S603 - our own command
            ["docker", *arguments],  # noqa: S607 - whichever docker the developer uses
            capture_output=True,
            text=True,
            check=False,
        )
        if check and answer.returncode != 0:
            raise click.ClickException(
                f"docker {arguments[0]} failed: {answer.stderr.strip()}"
            )
        return answer
