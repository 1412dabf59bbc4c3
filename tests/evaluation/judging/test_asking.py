from __future__ import annotations

import threading

import msgspec
import pytest

from evaluation.judging.asking import Asker
from evaluation.judging.chat import Usable
from evaluation.judging.model import Answer, Failure, Limits, Question, Target
from evaluation.judging.retrying import RetryPolicy
from evaluation.judging.session import Session
from evaluation.judging.threads import ThreadedJudge
from evaluation.judging.transport import MAX_ANSWER_BYTES
from tests.evaluation.judging.conftest import KEY, QUICK, MakeAsker
from tests.evaluation.judging.server import Break, JudgeServer, completion, refusal

SCHEMA = {"type": "object", "properties": {"verdict": {"type": "string"}}}
PRICES = {"judge": {"input": 1_000_000.0, "output": 1_000_000.0}}


class Kept:
    """A cache in memory."""

    def __init__(self) -> None:
        self.answers: dict[str, Usable] = {}

    def get(self, key: str) -> Usable | None:
        return self.answers.get(key)

    def put(self, key: str, answer: Usable) -> None:
        self.answers[key] = answer


def question(prompt: str = "well?", sample: int = 0, **rest: object) -> Question:
    return msgspec.convert(
        {
            "target": {"model": "openai/judge"},
            "prompt": prompt,
            "sample": sample,
            "expects": "verdict",
            **rest,
        },
        type=Question,
    )


def ask(asker: Asker, *questions: Question, **limits: float) -> list[Answer | Failure]:
    judge = ThreadedJudge(asker, Session(msgspec.convert(limits, type=Limits)))
    judge.ask(questions)
    return [judge.arrival().reply for _ in questions]


def test_an_answer_comes_with_its_model_its_tokens_and_its_time(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = ["the verdict"]

    (reply,) = ask(make_asker(), question())

    assert isinstance(reply, Answer)
    assert (reply.text, reply.model) == ("the verdict", "judge-1")
    assert (reply.prompt_tokens, reply.output_tokens, reply.calls) == (10, 2, 1)
    assert reply.latency_ms > 0
    assert reply.cost_usd is None


def test_a_judge_is_asked_without_chance_and_told_the_shape(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    ask(make_asker(), question(schema=SCHEMA, sample=3))

    (body,) = server.bodies
    assert (body["model"], body["temperature"], body["seed"]) == ("judge", 0, 3)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("broken", "kind", "requests"),
    [
        pytest.param(refusal(400), "bad_request", 1, id="400"),
        pytest.param(refusal(401), "auth", 1, id="401"),
        pytest.param(refusal(403), "auth", 1, id="403"),
        pytest.param(refusal(404), "bad_request", 1, id="404"),
        pytest.param(Break(status=302), "bad_request", 1, id="redirect"),
        pytest.param(refusal(408), "exhausted", 3, id="408"),
        pytest.param(refusal(409), "exhausted", 3, id="409"),
        pytest.param(refusal(429), "exhausted", 3, id="429"),
        pytest.param(refusal(500), "exhausted", 3, id="500"),
        pytest.param(refusal(501), "bad_request", 1, id="501"),
        pytest.param(refusal(503), "exhausted", 3, id="503"),
        pytest.param(Break(reset=True), "exhausted", 3, id="reset"),
        pytest.param(Break(pause_s=30), "exhausted", 3, id="slow"),
        pytest.param(
            Break(body=completion("verdict", finish="length")),
            "unusable",
            1,
            id="cut off",
        ),
        pytest.param(Break(body=completion("  ")), "unusable", 1, id="empty text"),
        pytest.param(Break(body=b""), "unusable", 1, id="empty"),
        pytest.param(Break(body=b"<html>"), "unusable", 1, id="no JSON"),
        pytest.param(Break(body=b"[1]"), "unusable", 1, id="a list"),
        pytest.param(Break(body=b'{"choices": 7}'), "unusable", 1, id="no choices"),
        pytest.param(Break(body=b"[" * 100_000), "unusable", 1, id="deep"),
    ],
)
def test_a_broken_judge_fails_in_its_class_with_its_number_of_requests(
    server: JudgeServer,
    make_asker: MakeAsker,
    broken: Break,
    kind: str,
    requests: int,
) -> None:
    server.replies = [broken]
    policy = msgspec.structs.replace(QUICK, timeout_s=0.2)

    (reply,) = ask(make_asker(policy=policy), question())

    assert isinstance(reply, Failure)
    assert (reply.kind, reply.calls, server.count) == (kind, requests, requests)
    assert reply.message


def test_trouble_that_passes_is_tried_again(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [refusal(503), Break(reset=True), "verdict"]

    (reply,) = ask(make_asker(), question())

    assert isinstance(reply, Answer)
    assert reply.calls == 3


def test_an_answer_without_end_is_cut_and_says_whose_it_was(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [Break(body=b" " * (MAX_ANSWER_BYTES + 1))]

    (reply,) = ask(make_asker(), question())

    assert isinstance(reply, Failure)
    assert (reply.kind, reply.calls) == ("unusable", 1)
    for word in (server.base_url, "'judge'", "4 MB", "OpenAI's protocol"):
        assert word in reply.message


def test_a_server_that_is_not_there_is_unreachable(make_asker: MakeAsker) -> None:
    target = {"model": "judge", "base_url": "http://127.0.0.1:9/v1"}

    (reply,) = ask(make_asker(), question(target=target))

    assert isinstance(reply, Failure)
    assert (reply.kind, reply.calls) == ("exhausted", 3)


def test_a_wrong_key_costs_one_request_however_many_samples(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [refusal(401)]
    judge = ThreadedJudge(make_asker(), Session())

    number = judge.ask([question(sample=i) for i in range(5)])
    first = judge.arrival().reply
    judge.give_up(number)

    assert isinstance(first, Failure)
    assert first.kind == "auth"
    assert server.count <= 2  # one more may have been on its way


def test_a_round_that_is_given_up_leaves_no_thread(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [Break(body=completion("verdict"), pause_s=30)]
    judge = ThreadedJudge(make_asker(), Session())
    others = set(threading.enumerate())

    number = judge.ask([question(sample=i) for i in range(5)])
    server.arrived.wait(10)
    judge.give_up(number)
    server.closing.set()
    asking = [each for each in threading.enumerate() if each not in others]
    for thread in asking:
        if thread.name == "judge":
            thread.join(10)

    assert not any(each.is_alive() for each in asking if each.name == "judge")
    assert server.count == 1


@pytest.mark.parametrize(
    ("complaint", "left_out"),
    [
        ("'response_format' is not supported", {"response_format"}),
        (
            "Unsupported value: 'temperature'; unknown field seed",
            {"temperature", "seed"},
        ),
        ("use max_completion_tokens", {"max_tokens"}),
        ("no", {"response_format"}),
    ],
)
def test_what_a_server_does_not_know_is_left_out_and_stays_out(
    server: JudgeServer, make_asker: MakeAsker, complaint: str, left_out: set[str]
) -> None:
    server.replies = lambda body: (
        refusal(400, complaint) if left_out & body.keys() else "verdict"
    )
    asker = make_asker()

    ask(asker, question(schema=SCHEMA))
    ask(asker, question(schema=SCHEMA, sample=1))

    assert server.count == 3
    assert not left_out & server.bodies[2].keys()


def test_a_pause_that_the_provider_asks_for_holds_for_all(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [refusal(429, Retry_After="0.4"), *["verdict"] * 3]
    asker = make_asker(policy=RetryPolicy(attempts=2, cap_s=60))

    replies = ask(asker, *(question(sample=i) for i in range(3)))

    assert [type(reply) for reply in replies] == [Answer] * 3
    refused_at, *others = server.times
    assert len(others) == 3
    assert min(others) - refused_at >= 0.4


def test_one_question_goes_first_and_then_as_many_as_are_allowed(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [Break(body=completion("verdict"), pause_s=0.05)]
    asker = make_asker(concurrency=3)

    ask(asker, question())
    ask(asker, *(question(sample=i) for i in range(9)))

    assert server.most_at_once == 3


def test_an_answer_is_paid_for_once(server: JudgeServer, make_asker: MakeAsker) -> None:
    server.replies = ["verdict"]
    kept = Kept()

    ask(make_asker(cache=kept), question())
    (again,) = ask(make_asker(cache=kept), question(prices=PRICES))

    assert isinstance(again, Answer)
    assert (again.cached, again.calls, again.cost_usd) == (True, 0, 0.0)
    assert server.count == 1


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "else"},
        {"sample": 1},
        {"schema": SCHEMA},
        {"max_tokens": 7},
        {"target": {"model": "openai/other"}},
    ],
    ids=str,
)
def test_another_question_is_asked(
    server: JudgeServer, make_asker: MakeAsker, other: dict[str, object]
) -> None:
    server.replies = ["verdict"]
    asker = make_asker(cache=Kept())

    ask(asker, question())
    ask(asker, question(**other))

    assert server.count == 2


def test_nonsense_and_failures_are_not_kept(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = ["nonsense", Break(body=b"?"), "verdict"]
    asker = make_asker(cache=Kept())

    for _ in range(3):
        ask(asker, question())

    assert server.count == 3


def test_calls_stay_within_the_budget_over_parallel_samples(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = ["verdict"]
    questions = [question(sample=i) for i in range(10)]

    replies = ask(make_asker(), *questions, max_calls=4)

    failed = [reply for reply in replies if isinstance(reply, Failure)]
    assert {reply.kind for reply in failed} == {"budget_exceeded"}
    assert (len(failed), server.count) == (6, 4)


def test_tries_count_against_the_budget(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [refusal(500)]

    (reply,) = ask(make_asker(), question(), max_calls=2)

    assert isinstance(reply, Failure)
    assert (reply.kind, server.count) == ("budget_exceeded", 2)


def test_dollars_stay_within_the_budget_over_parallel_samples(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [Break(body=completion("verdict"), pause_s=0.05)]
    questions = [question(sample=i, prices=PRICES, max_tokens=10) for i in range(8)]

    # A call costs 12 dollars and may cost 12: two tokens of prompt, ten of answer.
    replies = ask(make_asker(), *questions, max_cost_usd=40.0)

    spent = sum(r.cost_usd or 0 for r in replies if isinstance(r, Answer))
    assert spent == 36.0
    assert server.count == 3


def test_a_budget_for_one_call_at_a_time_is_enough_for_several(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [Break(body=completion("verdict"), pause_s=0.05)]
    # A call may cost 1,002 dollars and costs 12: three at once seem too many.
    questions = [question(sample=i, prices=PRICES, max_tokens=1000) for i in range(3)]
    asker = make_asker()
    ask(asker, question(sample=9))  # now it would be asked three at once

    replies = ask(asker, *questions, max_cost_usd=1_100.0)

    assert [type(reply) for reply in replies] == [Answer] * 3


def test_a_cost_limit_needs_a_price(server: JudgeServer, make_asker: MakeAsker) -> None:
    (reply,) = ask(make_asker(), question(), max_cost_usd=40.0)

    assert isinstance(reply, Failure)
    assert reply.kind == "budget_exceeded"
    assert "judgePrices" in reply.message
    assert server.count == 0


def test_a_closed_session_sends_nothing_more(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    session = Session()
    session.close()

    reply = make_asker().answer(question(), session)

    assert isinstance(reply, Failure)
    assert server.count == 0


def test_a_key_that_a_server_repeats_is_covered(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = [refusal(401, message=f"Incorrect API key provided: {KEY}")]

    (reply,) = ask(make_asker(), question())

    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert isinstance(reply, Failure)
    assert "Incorrect API key provided: REDACTED" in reply.message
    assert KEY not in reply.message


def test_the_key_does_not_follow_to_an_address_of_the_entry(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    server.replies = ["verdict"]
    elsewhere = server.base_url.replace("127.0.0.1", "localhost")

    ask(make_asker(), question(target={"model": "gpt-9", "base_url": elsewhere}))

    assert server.headers[0]["Authorization"] is None


def test_an_unknown_model_is_named_and_nobody_is_asked(
    server: JudgeServer, make_asker: MakeAsker
) -> None:
    (reply,) = ask(make_asker(), question(target={"model": "nosuchmodel"}))

    assert isinstance(reply, Failure)
    assert reply.kind == "unknown_model"
    assert "nosuchmodel" in reply.message
    assert server.count == 0


def test_a_target_survives_the_pipe() -> None:
    asked = question(schema=SCHEMA, prices=PRICES)

    assert msgspec.json.decode(msgspec.json.encode(asked), type=Question) == asked
    assert asked.target == Target(model="openai/judge")
