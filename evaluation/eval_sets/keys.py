"""The keys of every kind of object in an eval set."""

from __future__ import annotations

from evaluation.documents import level

# Which levels refuse unknown keys is the contract's choice: notes are welcome beside a
# case, a misspelt key in a turn would silently lower the bar.
SET = level(
    "an eval set",
    "eval_set_id name description eval_cases creation_timestamp",
    closed=False,
)
CASE = level(
    "a case",
    "eval_id conversation conversation_scenario session_input rubrics"
    " final_session_state creation_timestamp",
    closed=False,
)
TURN = level(
    "a turn",
    "invocation_id user_content final_response intermediate_data creation_timestamp"
    " rubrics app_details duration model_duration tool_duration",
    closed=True,
    cures={
        "agent_content": "write 'final_response' instead",
        "agentContent": "write 'finalResponse' instead",
        "expected_tool_use": "write 'intermediate_data': {'tool_uses': [...]} instead",
        "query": "write 'user_content': {'parts': [{'text': ...}]} instead",
        "reference": "write 'final_response': {'parts': [{'text': ...}]} instead",
    },
)
APP = level("the details of an app", "agent_details", closed=True)
AGENT = level(
    "the details of an agent", "name instructions tool_declarations", closed=True
)
STEPS = level(
    "intermediate data",
    "tool_uses tool_responses intermediate_responses invocation_events",
    closed=True,
)
EVENT = level("an invocation event", "author content", closed=False)
CONTENT = level("a content", "role parts", closed=True)
PART = level(
    "a part",
    "text function_call function_response inline_data file_data thought"
    " thought_signature code_execution_result executable_code video_metadata"
    " media_resolution part_metadata tool_call tool_response",
    closed=True,
)
CALL = level("a function call", "name args id partial_args will_continue", closed=True)
RESPONSE = level(
    "a function response",
    "name response id parts scheduling will_continue",
    closed=True,
)
RUBRIC = level("a rubric", "rubric_id rubric_content description type", closed=True)
RUBRIC_TEXT = level("a rubric's content", "text_property", closed=True)
SCENARIO = level(
    "a conversation scenario",
    "starting_prompt conversation_plan user_persona",
    closed=False,
)
SESSION = level("a session input", "app_name user_id session_id state", closed=False)
