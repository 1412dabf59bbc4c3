"""``agentevals serve``: the HTTP server, with a worker beside it."""

from __future__ import annotations

import signal
import socket

import click


class PortInUseError(click.ClickException):
    """Somebody else listens on the port."""

    exit_code = 3


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--port", "-p", default=8001, show_default=True, type=click.IntRange(0, 65535))  # fmt: skip
@click.option("--no-worker", is_flag=True, help="Serve only; workers run elsewhere.")
def serve(host: str, port: int, no_worker: bool) -> None:
    """Start the API server and a worker that evaluates its runs."""
    from agentevals_site.cli.django import start_django

    start_django()
    from django.conf import settings
    from django.core.management.base import CommandError

    from agentevals_site.asgi import application, hub
    from agentevals_site.cli.web_server import run_server
    from agentevals_site.cli.worker_process import WorkerProcess
    from agentevals_site.migrating import prepare_database
    from results.evaluating import hosts

    _require_free_port(host, port)
    if settings.DURABLE:
        try:
            prepare_database()
        except CommandError as error:
            raise click.ClickException(str(error)) from error
        _log_pool()
    click.echo(f"agentevals API:  http://{host}:{port}/api\n")
    worker = WorkerProcess() if settings.DURABLE and not no_worker else None
    if worker:
        worker.start()
    try:
        run_server(
            application,
            host=host,
            port=port,
            end_streams=hub.close,
            finish=hosts.finish,
        )
    finally:
        hosts.close()
        if worker:
            click.echo("Stopping; Ctrl+C again stops at once", err=True)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            worker.stop()


def _require_free_port(host: str, port: int) -> None:
    """Refuse before anything is started when somebody else has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another --port"
            ) from error


def _log_pool() -> None:
    import logging

    from django.conf import settings

    if settings.STORAGE_BACKEND == "postgres":
        logging.getLogger(__name__).info(
            "Creating connection pool (min=%d, max=%d) for schema '%s'",
            settings.POOL["min_size"],
            settings.POOL["max_size"],
            settings.DATABASE_SCHEMA,
        )
