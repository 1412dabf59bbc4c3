"""``agentevals evaluator fetch``: the only place that downloads evaluators."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import httpx2

from evaluation.cli.evaluators.cache import evaluator_cache
from evaluation.cli.exit_codes import NOT_EVALUATED, PASSED
from evaluation.cli.running import read_config
from evaluation.config.model import EvaluatorSpec
from evaluation.evaluators.fetched import hash_of, keep

SOURCE = "https://raw.githubusercontent.com"
TIMEOUT_S = 30.0
MAX_BYTES = 1024 * 1024
TOKENS = ("AGENTEVALS_GITHUB_TOKEN", "GITHUB_TOKEN")


class FetchError(Exception):
    """An evaluator could not be fetched, or is not the one that was meant."""


@click.command("fetch")
@click.argument("config", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--into",
    type=click.Path(file_okay=False),
    help="Folder to keep them in: for a server, the folder 'fetched' of its "
    "AGENTEVALS_EVALUATOR_DIR.  [default: the user's cache]",
)
@click.pass_context
def fetch(ctx: click.Context, config: str, into: str | None) -> None:
    """Download the remote evaluators of a configuration file.

    Each is kept under the hash of its content. One whose entry pins another hash is
    refused; one whose entry pins none is kept, and its hash is shown.
    """
    folder = Path(into) if into else evaluator_cache(os.environ)
    specs = [s for s in read_config(config).config.evaluators if s.type == "remote"]
    if not specs:
        click.echo(f"{config} names no remote evaluator.")
    with httpx2.Client(follow_redirects=False, timeout=TIMEOUT_S) as client:
        is_complete = fetch_all(specs, client, folder)
    ctx.exit(PASSED if is_complete else NOT_EVALUATED)


def fetch_all(
    specs: Iterable[EvaluatorSpec], client: httpx2.Client, folder: Path
) -> bool:
    """Fetch evaluators and tell of each; whether all could be."""
    faults = 0
    for spec in specs:
        try:
            click.echo("\n".join(_told(spec, _fetched(spec, client, folder))))
        except (FetchError, OSError) as error:
            click.echo(f"Error: {spec.name}: {error}", err=True)
            faults += 1
    return not faults


def address(spec: EvaluatorSpec) -> str:
    """Return where an evaluator is downloaded from."""
    options = spec.options
    return f"{SOURCE}/{options['repository']}/{options['revision']}/{options['ref']}"


def _fetched(spec: EvaluatorSpec, client: httpx2.Client, folder: Path) -> str:
    content = _download(address(spec), client)
    found, pin = hash_of(content), spec.options.get("sha256")
    if pin is not None and found != pin:
        raise FetchError(
            f"{address(spec)} has the sha256 {found}, its entry pins {pin}; look at what "
            "has changed before you pin the new one."
        )
    keep(spec, content, folder)
    return found


def _told(spec: EvaluatorSpec, found: str) -> Iterator[str]:
    yield f"{spec.name}: fetched {address(spec)}"
    if spec.options.get("sha256") is None:
        yield f"  pin it by adding to its entry: sha256: {found}"


def _download(url: str, client: httpx2.Client) -> bytes:
    token = next((os.environ[name] for name in TOKENS if os.environ.get(name)), None)
    headers = {"Authorization": f"token {token}"} if token else {}
    content = bytearray()
    try:
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise FetchError(f"{url} answers {answer.status_code}.")
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise FetchError(f"{url} is larger than {MAX_BYTES} bytes.")
    except httpx2.HTTPError as error:
        raise FetchError(f"{url}: {str(error) or type(error).__name__}") from error
    return bytes(content)
