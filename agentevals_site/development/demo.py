"""The demonstration: a server on a free port, one sample trace, its results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx2

from agentevals_site.development.server import LOOPBACK, free_port
from evaluation.reports.grid import grid

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples"
METRICS = ["tool_trajectory_avg_score", "tool_trajectory_f1", "response_match_score"]
TERMINAL = {"succeeded", "failed", "cancelled"}
START_TIMEOUT_S = 60.0
RUN_TIMEOUT_S = 60.0
LOOK_S = 0.1
SERVE = "from agentevals_site.command import main; main()"
HEADINGS = ("Metric", "Status", "Score", "Error")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run server and worker on a SQLite file in ``folder``; yield the server's URL."""
    port = free_port()
    environment = {
        **{name: os.environ[name] for name in os.environ if _is_neutral(name)},
        "AGENTEVALS_STORAGE_BACKEND": "sqlite",
        "AGENTEVALS_STATE_DIR": str(folder),
        "AGENTEVALS_LOG_LEVEL": "WARNING",
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", SERVE, "serve", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://{LOOPBACK}:{port}"
    try:
        _wait_for(url, process)
        yield url
    except click.ClickException:
        click.echo(log.read_text(errors="replace"), err=True)
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _is_neutral(name: str) -> bool:
    """Whether a variable leaves the service alone: every demonstration is the same."""
    return not name.startswith("AGENTEVALS_")


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx2.get(f"{url}/api/health").is_success:
                return
        except httpx2.TransportError:
            time.sleep(LOOK_S)
    raise click.ClickException("the server did not start")


def submit(client: httpx2.Client, trace: Path, eval_set: Path) -> dict[str, Any]:
    """Ask for a run and return it as it was accepted."""
    spec = {
        "target": {"kind": "inline", "inline": json.loads(trace.read_bytes())},
        "evalSet": json.loads(eval_set.read_bytes()),
        "evalConfig": {"metrics": METRICS},
    }
    run: dict[str, Any] = _data(
        client.post("/api/runs", json={"name": "demo", "spec": spec})
    )
    return run


def follow(client: httpx2.Client, run: dict[str, Any]) -> dict[str, Any]:
    """Read the run until it has ended, telling each change."""
    until = time.monotonic() + RUN_TIMEOUT_S
    told = ""
    while True:
        if run["status"] != told:
            told = run["status"]
            click.echo(f"  {told}")
        if told in TERMINAL:
            return run
        if time.monotonic() > until:
            raise click.ClickException(f"the run is still {told}")
        time.sleep(LOOK_S)
        run = _data(client.get(f"/api/runs/{run['runId']}"))


def table(results: list[dict[str, Any]]) -> str:
    """Lay the results out, a line each."""
    rows = [
        (
            result["evaluatorName"],
            result["status"],
            "" if result["score"] is None else f"{result['score']:.4g}",
            result["errorText"] or "",
        )
        for result in results
    ]
    numeric = frozenset({HEADINGS.index("Score")})
    return "\n".join(grid(HEADINGS, rows, numeric=numeric))


def _data(response: httpx2.Response) -> Any:
    if not response.is_success:
        raise click.ClickException(f"{response.request.url}: {response.text}")
    return response.json()["data"]


@click.command()
def demo() -> None:
    """Score samples/helm.json against samples/eval_set_helm.json over HTTP."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder)) as url,
        httpx2.Client(base_url=url) as client,
    ):
        click.echo(f"Server at {url}; submitting samples/helm.json")
        run = submit(client, SAMPLES / "helm.json", SAMPLES / "eval_set_helm.json")
        click.echo(f"Run {run['runId']}")
        run = follow(client, run)
        results = _data(client.get(f"/api/runs/{run['runId']}/results"))
        click.echo("\n" + table(results))
        if run["status"] != "succeeded":
            raise click.ClickException(f"the run {run['status']}: {run['error']}")


if __name__ == "__main__":
    demo()
