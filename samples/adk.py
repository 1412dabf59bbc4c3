"""The attributes that an ADK agent and its model client leave on their spans."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from scenes import MODEL, QUESTION, Scene, Step


class Ids:
    """An endless row of ids that depend on nothing but the seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def take(self, digits: int) -> str:
        """Return the next id as that many hex digits."""
        self._count += 1
        text = f"{self._seed}/{self._count}".encode()
        return hashlib.sha256(text).hexdigest()[:digits]


def text_of(value: object) -> str:
    """Write a value as the JSON text that instrumentation puts into attributes."""
    return json.dumps(value, ensure_ascii=False)


def declarations(scene: Scene) -> list[dict[str, Any]]:
    """Declare the scene's tools the way the model is told about them."""
    return [
        {
            "name": name,
            "description": description,
            "parameters": {
                "type": "OBJECT",
                "properties": {
                    key: {"type": "STRING", "description": meaning}
                    for key, meaning in parameters
                },
                "required": [key for key, _ in parameters[:1]],
            },
        }
        for name, description, *parameters in scene.tools
    ]


def contents_before(scene: Scene, position: int) -> list[dict[str, Any]]:
    """Return the conversation as the model call at ``position`` received it."""
    contents: list[dict[str, Any]] = [{"role": "user", "parts": [{"text": QUESTION}]}]
    for number, step in enumerate(scene.steps[:position]):
        if step.call:
            call = {"id": call_id(scene, number), "name": step.call[0]}
            asked = {"function_call": {**call, "args": step.call[1]}}
            told = {"function_response": {**call, "response": tool_response(step)}}
            contents.append({"role": "model", "parts": [asked]})
            contents.append({"role": "user", "parts": [told]})
    return contents


def call_id(scene: Scene, position: int) -> str:
    """Return the id of the tool call that the step at ``position`` asked for."""
    return "call_" + Ids(f"{scene.seed}/call/{position}").take(24)


def tool_response(step: Step) -> dict[str, Any]:
    """Wrap a tool's text the way the tool protocol does."""
    return {"content": [{"type": "text", "text": step.result}], "isError": False}


def model_response(scene: Scene, position: int) -> dict[str, Any]:
    """Return what the model answered at ``position``: a call or a text."""
    step = scene.steps[position]
    part: dict[str, Any] = {"text": step.answer}
    if step.call:
        name, args = step.call
        part = {
            "function_call": {
                "id": call_id(scene, position),
                "name": name,
                "args": args,
            }
        }
    return {
        "content": {"role": "model", "parts": [part]},
        "finish_reason": "STOP",
        "usage_metadata": {
            "prompt_token_count": step.input_tokens,
            "candidates_token_count": step.output_tokens,
            "total_token_count": step.input_tokens + step.output_tokens,
        },
    }


def model_tags(
    scene: Scene, position: int, session: dict[str, str]
) -> dict[str, object]:
    """Return the attributes of the framework's span around a model call."""
    step = scene.steps[position]
    request = {
        "model": MODEL,
        "config": {
            "system_instruction": scene.prompt,
            "tools": [{"function_declarations": declarations(scene)}],
            "labels": {"adk_agent_name": scene.agent},
        },
        "contents": contents_before(scene, position),
    }
    return {
        "gcp.vertex.agent.event_id": Ids(f"{scene.seed}/event/{position}").take(32),
        "gcp.vertex.agent.invocation_id": "e-" + Ids(f"{scene.seed}/turn").take(32),
        "gcp.vertex.agent.llm_request": text_of(request),
        "gcp.vertex.agent.llm_response": text_of(model_response(scene, position)),
        "gcp.vertex.agent.session_id": session["gen_ai.conversation.id"],
        "gen_ai.request.model": MODEL,
        "gen_ai.response.finish_reasons": '["stop"]',
        "gen_ai.system": "gcp.vertex.agent",
        "gen_ai.usage.input_tokens": step.input_tokens,
        "gen_ai.usage.output_tokens": step.output_tokens,
        **session,
    }


def provider_tags(
    scene: Scene, position: int, session: dict[str, str]
) -> dict[str, object]:
    """Return the attributes of the provider's client span inside a model call."""
    step = scene.steps[position]
    tags: dict[str, object] = {
        "gen_ai.prompt.0.content": scene.prompt,
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.1.content": QUESTION,
        "gen_ai.prompt.1.role": "user",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.request.model": MODEL,
        "gen_ai.response.model": f"{MODEL}-2026-05-04",
        "gen_ai.response.id": "chatcmpl-" + Ids(f"{scene.seed}/{position}").take(28),
        "gen_ai.system": "openai",
        "gen_ai.usage.cache_read_input_tokens": 1024 if position else 0,
        "gen_ai.usage.completion_tokens": step.output_tokens,
        "gen_ai.usage.prompt_tokens": step.input_tokens,
        "llm.is_streaming": False,
        "llm.request.type": "chat",
        "llm.usage.total_tokens": step.input_tokens + step.output_tokens,
        **session,
    }
    for number, declared in enumerate(declarations(scene)):
        prefix = f"llm.request.functions.{number}"
        tags[f"{prefix}.name"] = declared["name"]
        tags[f"{prefix}.description"] = declared["description"]
        tags[f"{prefix}.parameters"] = text_of(declared["parameters"])
    if step.call:
        tool_call = "gen_ai.completion.0.tool_calls.0"
        tags["gen_ai.completion.0.finish_reason"] = "tool_calls"
        tags[f"{tool_call}.id"] = call_id(scene, position)
        tags[f"{tool_call}.name"] = step.call[0]
        tags[f"{tool_call}.arguments"] = text_of(step.call[1])
    else:
        tags["gen_ai.completion.0.finish_reason"] = "stop"
        tags["gen_ai.completion.0.content"] = step.answer
    return tags
