"""The development server in Docker, with a docker command that only pretends."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest

from agentevals_site.development.docker_postgres import DockerPostgres, docker_answers
from agentevals_site.development.server import LOOPBACK, Login, free_port

LOGIN = Login(user="agentevals", password="agentevals", database="agentevals")
# Keeps one container as two files: one while it exists, one with its port while it runs.
DOCKER = """#!/bin/sh
cd "$(dirname "$0")"
echo "$@" >> calls
case "$1" in
  port) test -f running && cat running ;;
  container) test -f exists ;;
  run) for word in "$@"; do case "$word" in
         --publish=*) word=${word#--publish=}; echo "${word%:5432}" > exists ;; esac; done
       cp exists running ;;
  start) cp exists running ;;
  stop) rm running ;;
  info) test ! -f no_engine ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the pretended docker first on the path; return its folder."""
    command = tmp_path / "docker"
    command.write_text(DOCKER)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_container_is_made_once_then_started_and_stopped(engine: Path) -> None:
    port = free_port()
    server = DockerPostgres("pg", LOGIN, port)

    ports = [server.up(), server.up()]
    stopped = [server.down(), server.down()]
    ports.append(server.up())

    assert ports == [port] * 3
    assert stopped == [True, False]
    calls = [line.split()[0] for line in (engine / "calls").read_text().splitlines()]
    assert [calls.count(verb) for verb in ("run", "start", "stop")] == [1, 1, 1]


def test_port_is_published_on_the_loopback_address_only(engine: Path) -> None:
    port = free_port()

    DockerPostgres("pg", LOGIN, port).up()

    assert f"--publish={LOOPBACK}:{port}:5432" in (engine / "calls").read_text()


def test_port_that_is_taken_is_refused_with_the_cure(engine: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]

        with pytest.raises(click.ClickException, match="PG_PORT="):
            DockerPostgres("pg", LOGIN, taken).up()


def test_docker_without_an_engine_does_not_answer(engine: Path) -> None:
    answered = docker_answers()
    (engine / "no_engine").touch()

    assert answered
    assert not docker_answers()


def test_missing_docker_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not docker_answers()
