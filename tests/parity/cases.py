"""What both servers are asked, in order; later requests see what earlier ones did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from tests.conftest import PROJECT
from tests.parity.exchange import Request, UploadedPart

SAMPLES = PROJECT / "samples"
REAL = PROJECT.parent / "shared" / "golden" / "real"
EVALUATE, STREAM = "/api/evaluate", "/api/evaluate/stream"
JSON, JSON_STREAM = "/api/evaluate/json", "/api/evaluate/json/stream"
METRIC = "tool_trajectory_avg_score"


class Case(NamedTuple):
    """A request by name; with ``until_ended`` it is repeated until the run has ended."""

    name: str
    request: Request
    until_ended: bool = False


def all_cases() -> Iterator[Case]:
    """Yield every case."""
    yield from service()
    yield from eval_sets()
    yield from conversions()
    yield from evaluations()
    yield from evaluations_of_json()
    yield from runs()


def service() -> Iterator[Case]:
    """Ask for what needs no input, and for what there is not."""
    for path in ("health", "config", "metrics"):
        yield Case(path, Request("GET", f"/api/{path}"))
    yield Case("unknown path", Request("GET", "/api/nothing"))
    yield Case("unknown path posted", Request("POST", "/api/nothing", json={}))
    yield Case("wrong method", Request("PUT", "/api/runs", json={}))
    yield Case("wrong method of health", Request("DELETE", "/api/health"))
    origin = {"Origin": "http://localhost:5173"}
    stranger = {"Origin": "http://example.org"}
    yield Case("from an allowed origin", Request("GET", "/api/health", headers=origin))
    yield Case("from a stranger", Request("GET", "/api/health", headers=stranger))
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for name, headers in (("preflight", origin), ("strange preflight", stranger)):
        yield Case(name, Request("OPTIONS", "/api/runs", headers=headers | asked))
    yield Case("load without file", Request("POST", "/api/debug/load", fields={}))
    yield Case("bundle without body", Request("POST", "/api/debug/bundle"))
    wrong = {"user_description": 5}
    yield Case("wrong bundle", Request("POST", "/api/debug/bundle", json=wrong))


def file(part: str, name: str, content: bytes) -> UploadedPart:
    """Return a part that is a file."""
    return (part, (name, content))


def eval_sets() -> Iterator[Case]:
    """Validate eval sets."""
    path = "/api/validate/eval-set"
    contents = {
        "sound": (SAMPLES / "eval_set_helm.json").read_bytes(),
        "empty": b'{"eval_set_id": "x", "eval_cases": []}',
        "no JSON": b"{",
        "no cases": b'{"eval_set_id": "x"}',
        "a list": b"[]",
        "wrong case": b'{"eval_set_id": "x", "eval_cases": [{"eval_id": 5}]}',
    }
    for name, content in contents.items():
        part = file("eval_set_file", "set.json", content)
        yield Case(f"validate {name}", Request("POST", path, files=(part,)))
    yield Case("validate nothing", Request("POST", path, fields={"a": "b"}))


def traces() -> Iterator[Path]:
    """Yield the samples and, where they are, real traces."""
    yield from (SAMPLES / name for name in ("helm.json", "k8s.json"))
    if REAL.is_dir():
        yield from sorted(REAL.glob("*.input.json*"))


def conversions() -> Iterator[Case]:
    """Convert traces."""
    path = "/api/convert"
    for trace in traces():
        part = file("trace_files", trace.name, trace.read_bytes())
        yield Case(f"convert {trace.name}", Request("POST", path, files=(part,)))
    for name, parts in wrong_files("trace_files").items():
        yield Case(f"convert {name}", Request("POST", path, files=parts))
    yield Case("convert nothing", Request("POST", path, fields={"a": "b"}))


def wrong_files(part: str) -> dict[str, tuple[UploadedPart, ...]]:
    """Return files that cannot be used, by what is wrong."""
    return {
        "a wrong extension": (file(part, "trace.txt", b"{}"),),
        "a shouted extension": (file(part, "trace.JSON", b'{"data": []}'),),
        "no trace": (file(part, "trace.json", b'{"a": 1}'),),
        "no JSON": (file(part, "trace.json", b"{"),),
        "too much": (file(part, "trace.json", b" " * (10 * 1024 * 1024 + 1)),),
    }


def evaluations() -> Iterator[Case]:
    """Evaluate forms, at once and as a stream."""
    for path, how in ((EVALUATE, "evaluate"), (STREAM, "stream")):
        for name, request in forms(path):
            yield Case(f"{how} {name}", request)


def forms(path: str) -> Iterator[tuple[str, Request]]:
    """Yield requests with forms."""
    golden = file(
        "eval_set_file", "set.json", (SAMPLES / "eval_set_helm.json").read_bytes()
    )
    plain = {"config": json.dumps({"metrics": [METRIC]})}
    both = {"config": json.dumps({"metrics": [METRIC, "response_match_score"]})}
    for trace in traces():
        part = file("trace_files", trace.name, trace.read_bytes())
        yield trace.name, Request("POST", path, fields=plain, files=(part, golden))
    helm = file("trace_files", "helm.json", (SAMPLES / "helm.json").read_bytes())
    yield "two metrics", Request("POST", path, fields=both, files=(helm, golden))
    yield "no eval set", Request("POST", path, fields=plain, files=(helm,))
    twice = (helm, file("trace_files", "k8s.json", (SAMPLES / "k8s.json").read_bytes()))
    yield "two traces", Request("POST", path, fields=plain, files=(*twice, golden))
    broken = file("eval_set_file", "set.json", b"{")
    yield "broken eval set", Request("POST", path, fields=plain, files=(helm, broken))
    for name, parts in wrong_files("trace_files").items():
        yield name, Request("POST", path, fields=plain, files=parts)
    wrong_set = file("eval_set_file", "set.txt", b"{}")
    yield (
        "eval set as text",
        Request("POST", path, fields=plain, files=(helm, wrong_set)),
    )
    for name, config in configs().items():
        fields = {"config": config}
        yield name, Request("POST", path, fields=fields, files=(helm, golden))
    yield "no config", Request("POST", path, fields={}, files=(helm,))
    yield "nothing", Request("POST", path, raw=b"")
    yield "no trace files", Request("POST", path, fields=plain)


def configs() -> dict[str, str]:
    """Return configurations, most of which are refused, or should be, by name."""
    asked: dict[str, Any] = {
        "no metrics": {"metrics": []},
        "metrics as text": {"metrics": METRIC},
        "unknown metric": {"metrics": ["nonsense"]},
        "threshold out of range": {"metrics": [METRIC], "threshold": 1.5},
        "threshold that is null": {"metrics": [METRIC], "threshold": None},
        "match type in lower case": {
            "metrics": [METRIC],
            "trajectoryMatchType": "any_order",
        },
        "format that fits": {"metrics": [METRIC], "trace_format": "jaeger-json"},
        "unknown evaluator type": {
            "metrics": [METRIC],
            "customEvaluators": [{"type": "nonsense", "name": "x"}],
        },
    }
    written = {name: json.dumps(config) for name, config in asked.items()}
    return {"config without JSON": "{", "an empty config": "", **written}


def evaluations_of_json() -> Iterator[Case]:
    """Evaluate JSON documents, at once and as a stream."""
    weather = json.loads((SAMPLES / "otlp_weather.json").read_text())
    golden = json.loads((SAMPLES / "eval_set_weather.json").read_text())
    config = {"metrics": [METRIC, "response_match_score"]}
    bodies: dict[str, Any] = {
        "whole": {"traces": weather, "config": config, "evalSet": golden},
        "default config": {"traces": weather, "evalSet": golden},
        "without eval set": {"traces": weather, "config": config},
        "no OTLP": {"traces": {"data": []}, "config": config},
        "no traces": {"traces": {"resourceSpans": []}, "config": config},
        "wrong eval set": {"traces": weather, "config": config, "evalSet": {"a": 1}},
        "missing traces": {"config": config},
        "traces as text": {"traces": "x", "config": config},
        "batches": {"traces": {"batches": weather["resourceSpans"]}},
        "wrapped": {"traces": {"trace": weather}, "evalSet": golden},
        "an eval set that is null": {"traces": weather, "evalSet": None},
        "an empty eval set": {"traces": weather, "evalSet": {}},
        "threshold out of range": {"traces": weather, "config": {"threshold": 5}},
        "a list": [],
    }
    for path, how in ((JSON, "json"), (JSON_STREAM, "json stream")):
        for name, body in bodies.items():
            yield Case(f"{how} {name}", Request("POST", path, json=body))
        yield Case(f"{how} malformed", _raw(path, b"{", "application/json"))
        yield Case(f"{how} as text", _raw(path, b"{}", "text/plain"))


def _raw(path: str, content: bytes, kind: str) -> Request:
    return Request("POST", path, raw=content, headers={"Content-Type": kind})


RUN, OTHER, CANCELLED = (str(UUID(int=number)) for number in (1, 2, 3))


def runs() -> Iterator[Case]:
    """Follow a run from its submission to its results."""
    trace = json.loads((SAMPLES / "helm.json").read_text())
    golden = json.loads((SAMPLES / "eval_set_helm.json").read_text())
    spec = {
        "target": {"kind": "inline", "inline": trace},
        "evalSet": golden,
        "evalConfig": {"metrics": [METRIC, "response_match_score"]},
    }
    yield Case(
        "submit", Request("POST", "/api/runs", json={"runId": RUN, "spec": spec})
    )
    ended = Request("GET", f"/api/runs/{RUN}")
    yield Case("run that ended", ended, until_ended=True)
    yield Case("its results", Request("GET", f"/api/runs/{RUN}/results"))
    yield Case("cancel after its end", Request("POST", f"/api/runs/{RUN}/cancel"))
    again = {"runId": RUN, "spec": spec}
    yield Case("submit again", Request("POST", "/api/runs", json=again))
    other = {**spec, "evalConfig": {"metrics": [METRIC]}}
    conflict = {"runId": RUN, "spec": other}
    yield Case("submit otherwise", Request("POST", "/api/runs", json=conflict))
    for name, path in unknown_runs().items():
        yield Case(name, path)
    for name, body in wrong_submissions(spec).items():
        yield Case(f"submit {name}", Request("POST", "/api/runs", json=body))
    yield Case("submit malformed", _raw("/api/runs", b"{", "application/json"))
    yield Case("submit as text", _raw("/api/runs", b"{}", "text/plain"))
    for query in ("status=succeeded", "status=queued", "limit=1"):
        yield Case(f"list {query}", Request("GET", f"/api/runs?{query}"))
    yield Case("list a day", Request("GET", "/api/runs?before=2020-01-01"))
    for query in ("status=nonsense", "limit=0", "limit=x", "before=x"):
        yield Case(f"list {query}", Request("GET", f"/api/runs?{query}"))


def unknown_runs() -> dict[str, Request]:
    """Return requests for runs that there are not."""
    asked: dict[str, Request] = {}
    for what, run_id in (("unknown", OTHER), ("wrong id", "xyz")):
        asked[f"{what}: run"] = Request("GET", f"/api/runs/{run_id}")
        asked[f"{what}: results"] = Request("GET", f"/api/runs/{run_id}/results")
        asked[f"{what}: cancel"] = Request("POST", f"/api/runs/{run_id}/cancel")
    return asked


def wrong_submissions(spec: dict[str, Any]) -> dict[str, Any]:
    """Return bodies that are refused, or should be."""
    target = {"kind": "inline", "inline": spec["target"]["inline"]}
    return {
        "nothing": {},
        "a list": [],
        "without target": {"spec": {}},
        "a wrong kind": {"spec": {"target": {"kind": "nonsense"}}},
        "an empty array": {"spec": {"target": {"kind": "inline", "inline": []}}},
        "a wrong id": {"runId": "xyz", "spec": spec},
        "a wrong approach": {"spec": {"approach": "agent_invoke", "target": target}},
        "a list of sinks as text": {"spec": {"target": target, "sinks": "x"}},
    }
