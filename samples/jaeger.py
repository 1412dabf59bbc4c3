"""A scene as a Jaeger export: the agent's spans between the noise of its server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adk import Ids, call_id, model_tags, provider_tags, text_of, tool_response
from scenes import Scene

AGENT_SCOPE = ("gcp.vertex.agent", "1.22.1")
BUS_SCOPE = ("relay.bus", "2.3.0")
SERVER_SCOPE = ("opentelemetry.instrumentation.fastapi", "0.58b0")
CLIENT_SCOPE = ("opentelemetry.instrumentation.httpx", "0.58b0")
MODEL_SCOPE = ("opentelemetry.instrumentation.openai.v1", "0.47.3")
POLL_US = 500_000  # how long the queue waits for an event before it asks again
FIRST_ERROR_STATUS = 400
OK = ("otel.status_code", "OK")
AFTER_EVERY_EVENT = (
    (1_900, "relay.handler.StreamHandler.notify", BUS_SCOPE, "server", OK),
    (1_920, "relay.queue.TaskQueue.done", BUS_SCOPE, "server", OK),
    (1_950, "POST / http send", SERVER_SCOPE, "internal", ("asgi.event.type", "http.response.body")),
)  # fmt: skip
CONTROLLER = "http://anchor-controller.anchor:8083/api"


def tag(key: str, value: object) -> dict[str, Any]:
    """Write one Jaeger tag with its type."""
    types = {bool: "bool", int: "int64", float: "float64"}
    return {"key": key, "type": types.get(type(value), "string"), "value": value}


class Recorder:
    """Collects the Jaeger spans of one trace."""

    def __init__(self, scene: Scene) -> None:
        self.ids = Ids(scene.seed)
        self.trace_id = self.ids.take(32)
        self.spans: list[dict[str, Any]] = []

    def span(
        self,
        name: str,
        scope: tuple[str, str],
        kind: str,
        *,
        parent: str | None,
        at: int,
        lasting: int,
        tags: dict[str, object] | None = None,
        logs: Iterable[dict[str, Any]] = (),
    ) -> str:
        """Record a span (times in microseconds) and return its id."""
        span_id = self.ids.take(16)
        closing = {"otel.scope.name": scope[0], "otel.scope.version": scope[1]}
        every = {**(tags or {}), **closing, "span.kind": kind}
        self.spans.append(
            {
                "traceID": self.trace_id,
                "spanID": span_id,
                "operationName": name,
                "references": [
                    {"refType": "CHILD_OF", "traceID": self.trace_id, "spanID": parent}
                ]
                if parent
                else [],
                "startTime": at,
                "duration": lasting,
                "tags": [tag(key, every[key]) for key in sorted(every)],
                "logs": list(logs),
                "processID": "p1",
                "warnings": None,
            }
        )
        return span_id

    def request(
        self, method: str, url: str, status: int, *, parent: str, at: int, lasting: int
    ) -> str:
        """Record an outgoing HTTP request, in error when the status says so."""
        tags: dict[str, object] = {
            "http.method": method,
            "http.status_code": status,
            "http.url": url,
        }
        if status >= FIRST_ERROR_STATUS:
            tags |= {"error": True, "otel.status_code": "ERROR"}
        return self.span(
            method,
            CLIENT_SCOPE,
            "client",
            parent=parent,
            at=at,
            lasting=lasting,
            tags=tags,
        )


def export(scene: Scene) -> dict[str, Any]:
    """Return the export of the scene's one trace, spans in no order, as they arrive."""
    recorder = Recorder(scene)
    record(scene, recorder)
    recorder.spans.sort(key=lambda span: str(span["spanID"]))
    process = {
        "serviceName": scene.agent,
        "tags": [tag("service.namespace", "anchor")],
    }
    trace = {
        "traceID": recorder.trace_id,
        "spans": recorder.spans,
        "processes": {"p1": process},
        "warnings": None,
    }
    return {"data": [trace], "total": 0, "limit": 0, "offset": 0, "errors": None}


def record(scene: Scene, recorder: Recorder) -> None:
    """Record everything that one request to the agent's server caused."""
    start = scene.started_us
    lasting = 40_000 + sum(step.model_us + step.tool_us + 9_000 for step in scene.steps)
    session = {
        "gen_ai.conversation.id": "ctx-" + recorder.ids.take(32),
        "gen_ai.task.id": recorder.ids.take(32),
        "anchor.user_id": "harbourmaster@harbour.example",
    }
    root = recorder.span(
        "POST /",
        SERVER_SCOPE,
        "server",
        parent=None,
        at=start,
        lasting=lasting,
        tags={
            "http.method": "POST",
            "http.route": "/",
            "http.scheme": "http",
            "http.status_code": 200,
            "http.url": f"http://{scene.service}.anchor:8080/",
            "http.user_agent": "anchor-gateway/1.4",
            "net.host.port": 8080,
        },
    )
    handler = recorder.span(
        "relay.handler.StreamHandler.run",
        BUS_SCOPE,
        "server",
        parent=root,
        at=start + 900,
        lasting=lasting - 2_000,
        tags={"otel.status_code": "OK"},
    )
    record_agent(scene, recorder, session, parent=handler, at=start + 7_000)
    record_server_noise(recorder, root, start=start, lasting=lasting)


def record_agent(
    scene: Scene, recorder: Recorder, session: dict[str, str], *, parent: str, at: int
) -> None:
    """Record the framework's spans: the invocation, the agent, its model calls."""
    working = sum(step.model_us + step.tool_us + 9_000 for step in scene.steps)
    runner = recorder.span(
        "invocation",
        AGENT_SCOPE,
        "internal",
        parent=parent,
        at=at,
        lasting=working + 4_000,
        tags=dict(session),
    )
    agent = recorder.span(
        f"invoke_agent {scene.agent}",
        AGENT_SCOPE,
        "internal",
        parent=runner,
        at=at + 2_000,
        lasting=working + 1_000,
        tags={
            "gen_ai.agent.name": scene.agent,
            "gen_ai.agent.description": scene.about,
            "gen_ai.operation.name": "invoke_agent",
            **session,
        },
    )
    clock = at + 3_000
    for position, step in enumerate(scene.steps):
        tools = "http://anchor-tools.anchor:8084/mcp"
        recorder.request("POST", tools, 202, parent=agent, at=clock, lasting=1_930)
        recorder.request("GET", tools, 200, parent=agent, at=clock + 60, lasting=2_410)
        record_step(scene, position, recorder, session, parent=agent, at=clock + 3_000)
        clock += step.model_us + step.tool_us + 9_000


def record_step(
    scene: Scene,
    position: int,
    recorder: Recorder,
    session: dict[str, str],
    *,
    parent: str,
    at: int,
) -> None:
    """Record one model call and, inside of it, the tool call that it led to."""
    step = scene.steps[position]
    call = recorder.span(
        "call_llm",
        AGENT_SCOPE,
        "internal",
        parent=parent,
        at=at,
        lasting=step.model_us + step.tool_us + 3_000,
        tags=model_tags(scene, position, session),
    )
    client = recorder.span(
        "openai.chat",
        MODEL_SCOPE,
        "client",
        parent=call,
        at=at + 400,
        lasting=step.model_us,
        tags=provider_tags(scene, position, session),
    )
    url = "http://models.harbour.example/v1/chat/completions"
    recorder.request(
        "POST", url, 200, parent=client, at=at + 900, lasting=step.model_us - 1_200
    )
    if step.call:
        record_tool(
            scene,
            position,
            recorder,
            session,
            parent=call,
            at=at + step.model_us + 1_500,
        )
    events = f"{CONTROLLER}/sessions/{session['gen_ai.conversation.id']}/events"
    recorder.request(
        "POST",
        events,
        201,
        parent=call,
        at=at + step.model_us + step.tool_us + 1_600,
        lasting=1_130,
    )


def record_tool(
    scene: Scene,
    position: int,
    recorder: Recorder,
    session: dict[str, str],
    *,
    parent: str,
    at: int,
) -> None:
    """Record the execution of the tool that the model asked for."""
    step = scene.steps[position]
    name, args = step.call or ("", {})
    about = next(tool[1] for tool in scene.tools if tool[0] == name)
    recorder.span(
        f"execute_tool {name}",
        AGENT_SCOPE,
        "internal",
        parent=parent,
        at=at,
        lasting=step.tool_us,
        tags={
            "gcp.vertex.agent.event_id": recorder.ids.take(32),
            "gcp.vertex.agent.llm_request": "{}",
            "gcp.vertex.agent.llm_response": "{}",
            "gcp.vertex.agent.tool_call_args": text_of(args),
            "gcp.vertex.agent.tool_response": text_of(tool_response(step)),
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.call.id": call_id(scene, position),
            "gen_ai.tool.description": about,
            "gen_ai.tool.name": name,
            "gen_ai.tool.type": "MCPTool",
            **session,
        },
    )


def record_server_noise(
    recorder: Recorder, root: str, *, start: int, lasting: int
) -> None:
    """Record what says nothing about the agent: chunks sent, queues asked, look-ups."""
    task = recorder.ids.take(32)
    tasks = f"{CONTROLLER}/tasks"
    recorder.request(
        "GET", f"{tasks}/{task}", 404, parent=root, at=start + 2_300, lasting=2_397
    )
    recorder.span(
        "POST / http receive",
        SERVER_SCOPE,
        "internal",
        parent=root,
        at=start + 90,
        lasting=9,
        tags={"asgi.event.type": "http.request"},
    )
    for at in range(start + 10_000, start + lasting - POLL_US, POLL_US):
        recorder.span(
            "relay.queue.TaskQueue.take",
            BUS_SCOPE,
            "server",
            parent=root,
            at=at,
            lasting=POLL_US + 900,
            logs=[timed_out(at + POLL_US)],
        )
    for at in range(start + 12_000, start + lasting - 5_000, 290_000):
        recorder.request("POST", tasks, 201, parent=root, at=at, lasting=1_804)
        for delay, name, scope, kind, tags in AFTER_EVERY_EVENT:
            recorder.span(
                name,
                scope,
                kind,
                parent=root,
                at=at + delay,
                lasting=6,
                tags=dict([tags]),
            )


def timed_out(at: int) -> dict[str, Any]:
    """Return the event of a queue that had nothing to give."""
    return {
        "timestamp": at,
        "fields": [
            tag("event", "exception"),
            tag("exception.type", "TimeoutError"),
            tag("exception.message", ""),
            tag("exception.escaped", "False"),
        ],
    }
