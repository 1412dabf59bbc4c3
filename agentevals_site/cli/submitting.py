"""Carrying out ``agentevals submit``: read, send, say what became of it, or wait."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import msgspec

from agentevals_site.cli.server import Server, ServerError, UnreachableServerError
from agentevals_site.cli.stored import merge, read_run
from agentevals_site.cli.waiting import Submitted, wait_for
from evaluation.cli.exit_codes import NOT_EVALUATED, PASSED, USAGE, exit_code
from evaluation.cli.inputs import STDIN, expand
from evaluation.cli.output import write_report
from evaluation.cli.running import (
    ConfigurationFault,
    Request,
    chosen_output,
    configured,
    read_config,
)
from evaluation.config import EvaluationConfig
from evaluation.config.rendering import to_document
from evaluation.documents import DocumentError, decode
from evaluation.errors import EvalSetError
from evaluation.eval_sets import parse_eval_set
from evaluation.values import JSON, JSONObject, Value

# Before each try but the first; the same id makes sure that there is one run at last.
PAUSES_S = (0.5, 1.0, 2.0)
Sleep = Callable[[float], None]


class Order(Value, frozen=True, kw_only=True):
    """What the command line says: what to evaluate, where, and how to call it."""

    request: Request
    server: str
    name: str = ""
    labels: dict[str, str] = {}
    wait: bool = False


class UnreadableInputError(click.ClickException):
    """A file cannot be read, or is nothing that a server takes."""

    exit_code = NOT_EVALUATED


class RefusedInputError(ServerError):
    """The server has read the request and says what is wrong with it."""

    exit_code = USAGE


def execute(
    order: Order,
    *,
    color: bool | None = None,
    sleep: Sleep = time.sleep,
    server: Server | None = None,
) -> int:
    """Submit what was asked for, and wait for it if that was asked for too."""
    request = order.request
    file = read_config(request.config)
    config = configured(request, file.config)
    output = chosen_output(request, file)
    eval_set = request.eval_set or (str(file.eval_set) if file.eval_set else None)
    bodies = _bodies(order, config, eval_set)
    with server or Server(order.server) as api:
        submitted = _submit(api, bodies, sleep, quietly=order.wait)
        if not order.wait:
            return PASSED
        wait_for(api, submitted, sleep)
        result = merge([(each.name, read_run(api, each.run_id)) for each in submitted])
    write_report(result, output, path=request.output_file, color=color)
    return exit_code(
        result, fail_on=request.fail_on, min_pass_rate=request.min_pass_rate
    )


class _Body(Value, frozen=True, kw_only=True):
    """One request: the file it came from, its run's id, what to send."""

    path: str
    run_id: str
    content: bytes


def _bodies(
    order: Order, config: EvaluationConfig, eval_set: str | None
) -> list[_Body]:
    """Read everything before anything is sent."""
    request = order.request
    ours = [path for path in (eval_set, request.config, request.output_file) if path]
    paths = expand(request.trace_files, apart_from=ours)
    _refuse_local_code(config)
    golden = _golden(eval_set) if eval_set else None
    return [_body(path, order, golden, to_document(config), paths) for path in paths]


def _body(
    path: str,
    order: Order,
    golden: JSON,
    config: JSONObject,
    paths: Sequence[str],
) -> _Body:
    run_id = str(uuid4())
    content: dict[str, Any] = {
        "runId": run_id,
        "name": _name(order.name, path, alone=len(paths) == 1),
        "labels": order.labels,
        "spec": {
            "target": {"kind": "inline", "inline": _trace(path)},
            "evalSet": golden,
            "evalConfig": config,
        },
    }
    return _Body(path=path, run_id=run_id, content=msgspec.json.encode(content))


def _name(name: str, path: str, *, alone: bool) -> str:
    """Call a run as was asked, or by its file, or both when there are several."""
    file = Path(path).name if path != STDIN else ""
    return (
        name if name and (alone or not file) else ": ".join(filter(None, (name, file)))
    )


def _refuse_local_code(config: EvaluationConfig) -> None:
    for spec in config.evaluators:
        if spec.type == "code":
            raise ConfigurationFault(
                f"evaluator {spec.name!r} is a file of this machine, which a server "
                "does not have; evaluate here with 'agentevals run', or give the "
                "evaluator as type 'remote'."
            )


def _golden(path: str) -> JSON:
    try:
        document = decode(_read(path))
        parse_eval_set(document)
    except (DocumentError, EvalSetError) as error:
        raise ConfigurationFault(f"{path}: {error}") from error
    return document


def _trace(path: str) -> msgspec.Raw:
    """Return a trace document exactly as it is, which must be one JSON object."""
    content = _read(path).removeprefix(b"\xef\xbb\xbf").strip()
    try:
        msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableInputError(
            f"{path!r} is no JSON object ({error}), and a server takes nothing else; "
            "evaluate it here with 'agentevals run'."
        ) from error
    return msgspec.Raw(content)


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise UnreadableInputError(f"Cannot read {path!r}: {reason}") from error


def _submit(
    server: Server, bodies: Sequence[_Body], sleep: Sleep, *, quietly: bool
) -> list[Submitted]:
    """Send one after the other; what was accepted stays so when a later one fails."""
    done: list[Submitted] = []
    for body in bodies:
        try:
            run = _post(server, body, sleep)
        except ServerError as error:
            raise _told(error, body, done, len(bodies)) from error
        done.append(Submitted(name=body.path, run_id=run["runId"]))
        # With a report on stdout the ids are for people.
        click.echo(run["runId"], err=quietly)
    return done


def _post(server: Server, body: _Body, sleep: Sleep) -> JSONObject:
    """Submit; without an answer once more, since the id finds what was stored."""
    for pause_s in PAUSES_S:
        try:
            run: JSONObject = server.post("runs", body.content)
        except UnreachableServerError:
            sleep(pause_s)
        else:
            return run
    last: JSONObject = server.post("runs", body.content)
    return last


def _told(
    error: ServerError, body: _Body, done: Sequence[Submitted], total: int
) -> ServerError:
    """Say which file, and how many were accepted before it."""
    before = f" {len(done)} of {total} were submitted." if done else ""
    text = f"{body.path}: {error.message}{before}"
    is_ours = error.status == HTTPStatus.UNPROCESSABLE_ENTITY
    return (RefusedInputError if is_ours else ServerError)(text, status=error.status)
