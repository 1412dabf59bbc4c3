"""The weather agent as OTLP JSON, in the GenAI semantic conventions."""

from __future__ import annotations

import json
from typing import Any

TRACE_ID = "7e57ab1e5ea0b5e7ed0c0ffee0ddba11"
STARTED_NS = 1_780_308_000_000_000_000  # 2026-06-01 10:00 UTC
MILLISECOND_NS = 1_000_000
MODEL = "tern-2-mini"
Reading = tuple[str, dict[str, Any], dict[str, Any]]

FIRST_QUESTION = "Is the sea calmer at North Pier or at Gull Rock this morning?"
FIRST_ANSWER = (
    "Gull Rock is calmer: waves of 0.4 m there, against 1.3 m at North Pier, where "
    "the wind comes from the north-east at 24 knots."
)
SECOND_QUESTION = "And when is high water at the calmer one?"
SECOND_ANSWER = "High water at Gull Rock is at 14:20, with 3.1 m."
READINGS: tuple[Reading, ...] = (
    ("sea_state", {"place": "North Pier", "hours": 3}, {"waves_m": 1.3, "wind_kn": 24}),
    ("sea_state", {"place": "Gull Rock", "hours": 3}, {"waves_m": 0.4, "wind_kn": 9}),
)
TIDE: Reading = (
    "tide_table",
    {"place": "Gull Rock", "date": "2026-06-01"},
    {"high_water": "14:20", "height_m": 3.1},
)


def attribute(key: str, value: object) -> dict[str, Any]:
    """Write one OTLP attribute; structures become JSON text, integers text too."""
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    text = value if isinstance(value, str) else json.dumps(value)
    return {"key": key, "value": {"stringValue": text}}


class Recorder:
    """Collects OTLP spans; times are milliseconds after the start."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []

    def span(
        self,
        name: str,
        *,
        parent: str | None,
        at: int,
        lasting: int,
        client: bool = False,
        **attributes: object,
    ) -> str:
        """Record a span, keyword ``a__b`` being attribute ``gen_ai.a.b``; its id."""
        span_id = f"{len(self.spans) + 1:016x}"
        start = STARTED_NS + at * MILLISECOND_NS
        self.spans.append(
            {
                "traceId": TRACE_ID,
                "spanId": span_id,
                **({"parentSpanId": parent} if parent else {}),
                "name": name,
                "kind": 3 if client else 1,
                "startTimeUnixNano": str(start),
                "endTimeUnixNano": str(start + lasting * MILLISECOND_NS),
                "attributes": [
                    attribute("gen_ai." + key.replace("__", "."), value)
                    for key, value in attributes.items()
                ],
                "status": {"code": 1},
            }
        )
        return span_id

    def agent(self, *, at: int, lasting: int) -> str:
        """Record the span of one turn and return its id."""
        return self.span(
            "invoke_agent pilot",
            parent=None,
            at=at,
            lasting=lasting,
            operation__name="invoke_agent",
            provider__name="openai",
            agent__name="pilot",
            agent__description="Tells skippers about weather and tides.",
            conversation__id="conv-harbour-17",
        )

    def chat(
        self,
        parent: str,
        heard: list[dict[str, Any]],
        said: dict[str, Any],
        *,
        at: int,
        lasting: int,
        tokens: tuple[int, int],
    ) -> None:
        """Record one model call: what it heard and what it said."""
        finish = "stop" if said["parts"][0]["type"] == "text" else "tool_call"
        self.span(
            f"chat {MODEL}",
            parent=parent,
            at=at,
            lasting=lasting,
            client=True,
            operation__name="chat",
            provider__name="openai",
            request__model=MODEL,
            response__model=f"{MODEL}-2026-05-04",
            usage__input_tokens=tokens[0],
            usage__output_tokens=tokens[1],
            system_instructions=[{"type": "text", "content": "You are the pilot."}],
            input__messages=heard,
            output__messages=[{**said, "finish_reason": finish}],
        )

    def tool(self, parent: str, number: int, reading: Reading, *, at: int) -> None:
        """Record the execution of one tool."""
        name, arguments, result = reading
        self.span(
            f"execute_tool {name}",
            parent=parent,
            at=at,
            lasting=40,
            operation__name="execute_tool",
            tool__name=name,
            tool__type="function",
            tool__call__id=f"call_{number}",
            tool__call__arguments=arguments,
            tool__call__result=result,
        )


def said(role: str, text: str) -> dict[str, Any]:
    """Return a message of one text."""
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def asked(first: int, readings: tuple[Reading, ...]) -> dict[str, Any]:
    """Return the assistant's message that asks for these tools."""
    return {
        "role": "assistant",
        "parts": [
            {
                "type": "tool_call",
                "id": f"call_{number}",
                "name": name,
                "arguments": arguments,
            }
            for number, (name, arguments, _) in enumerate(readings, first)
        ],
    }


def answered(first: int, readings: tuple[Reading, ...]) -> dict[str, Any]:
    """Return the message with the tools' results."""
    return {
        "role": "tool",
        "parts": [
            {"type": "tool_call_response", "id": f"call_{number}", "response": result}
            for number, (_, _, result) in enumerate(readings, first)
        ],
    }


def export() -> dict[str, Any]:
    """Return the export: two turns of one conversation in one trace."""
    recorder = Recorder()
    history: list[dict[str, Any]] = []
    turns = (
        (0, 1, FIRST_QUESTION, READINGS, FIRST_ANSWER, (412, 41), (530, 48)),
        (9_000, 3, SECOND_QUESTION, (TIDE,), SECOND_ANSWER, (598, 22), (641, 19)),
    )
    for at, first, question, readings, answer, before, after in turns:
        turn = recorder.agent(at=at, lasting=2_600)
        history.append(said("user", question))
        ask = asked(first, readings)
        recorder.chat(turn, history, ask, at=at + 5, lasting=900, tokens=before)
        for number, reading in enumerate(readings, first):
            recorder.tool(turn, number, reading, at=at + 910 + 45 * (number - first))
        history += [ask, answered(first, readings)]
        reply = said("assistant", answer)
        recorder.chat(turn, history, reply, at=at + 1_100, lasting=1_400, tokens=after)
        history.append(reply)
    scope = {"name": "harbour.pilot", "version": "0.4.0"}
    resource = {"attributes": [attribute("service.name", "pilot")]}
    spans = [{"scope": scope, "spans": recorder.spans}]
    return {"resourceSpans": [{"resource": resource, "scopeSpans": spans}]}
