"""The judge of one evaluator on one trace: asks, counts what it costs, keeps minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from evaluation.errors import EvaluationError
from evaluation.judging.model import (
    PASSING,
    Answer,
    Failure,
    FailureKind,
    Question,
    Reply,
    Target,
)
from evaluation.judging.together import Asks, replies_to, together
from evaluation.metrics.judged.bill import Bill
from evaluation.metrics.judged.voting import Ballot, next_wave
from evaluation.metrics.model import Measurement, Task
from evaluation.values import JSONObject, Value

T = TypeVar("T")
R = TypeVar("R")
DEFAULT_SAMPLES = 5
SHOWN_ROUNDS = 10
SHOWN_PROMPT_CHARACTERS = 2_000
SHOWN_ANSWER_CHARACTERS = 1_000
SHOWN_HASH_CHARACTERS = 16

CODES: dict[FailureKind, str] = {
    "unknown_model": "unknown_judge_model",
    "no_key": "judge_key_missing",
    "auth": "judge_refused_key",
    "bad_request": "judge_refused_request",
    "exhausted": "judge_unreachable",
    "unusable": "judge_unusable",
    "budget_exceeded": "budget_exceeded",
    "refused": "judge_not_allowed",
    "unavailable": "judge_unavailable",
}


class JudgeError(EvaluationError):
    """The judge gave no verdict; ``kind`` says why for programs."""

    code = "judge_failed"

    def __init__(self, kind: FailureKind, message: str) -> None:
        """Keep the kind beside the text."""
        super().__init__(message)
        self.kind: FailureKind = kind


class Prompt(Value, frozen=True, kw_only=True):
    """What is asked, apart from the sample; see ``Question``."""

    text: str
    schema: JSONObject | None = None
    expects: str = ""


class Sample(Value, frozen=True, kw_only=True):
    """One reply: its text, or why there is none that can be read."""

    number: int
    reply: Reply

    @property
    def text(self) -> str:
        """Return what the judge said; empty when it failed."""
        return self.reply.text if isinstance(self.reply, Answer) else ""


async def judge_with(
    task: Task, instructions: str, measure: Callable[[Panel], Asks[Measurement]]
) -> Measurement:
    """Measure with a panel; what it cost and said is told, also when it fails.

    Args:
        task: the trace, and which judge to ask.
        instructions: the fixed part of the prompts, known by its hash.
        measure: asks the panel. A ``JudgeError`` ends in an errored measurement.
    """
    panel = Panel(task, instructions)
    try:
        measured = await measure(panel)
    except JudgeError as error:
        measured = Measurement(
            score=None,
            per_invocation=[None for _ in task.turns],
            error=str(error),
            error_code=CODES[error.kind],
        )
    return msgspec.structs.replace(
        measured,
        explanation={**measured.explanation, "judge": panel.explain()},
        tokens_used=panel.bill.render(),
    )


class Panel:
    """One judge model, asked as often as it takes."""

    def __init__(self, task: Task, instructions: str) -> None:
        """Ask nothing yet."""
        options = task.options
        self._task = task
        self._instructions = instructions
        self._parts: list[Panel] = []
        self._target = Target(
            model=options.get("judge_model"),
            base_url=options.get("judge_base_url"),
            credential=options.get("credential_ref"),
        )
        self._prices: JSONObject = options.get("prices", {})
        self._models: list[str] = []
        self._minutes: list[JSONObject] = []
        self._rounds = 0
        self.samples: int = options.get("samples", DEFAULT_SAMPLES)
        self.bill = Bill()

    async def each(
        self, judge: Callable[[Panel, T], Asks[R]], items: Sequence[T]
    ) -> list[R]:
        """Judge several things at once, each with a part of this panel.

        Returns:
            The results in the order of the things.

        Raises:
            JudgeError: the judge failed at one of them; the others are given up.
        """
        parts = [self._part() for _ in items]
        pairs = zip(parts, items, strict=True)
        return await together([judge(part, item) for part, item in pairs])

    async def ask_once(self, prompt: Prompt, *, about: str) -> Sample:
        """Ask for one answer."""
        return (await self._ask(prompt, about, [0]))[0]

    async def ask_until(
        self,
        prompt: Prompt,
        *,
        about: str,
        enough: Callable[[list[Sample], int], bool],
    ) -> list[Sample]:
        """Ask samples, half and then one by one, until they are enough.

        Args:
            prompt: what is asked.
            about: what the minutes call it: the turn.
            enough: says of samples, and of how many are left, whether to stop.

        Raises:
            JudgeError: the judge failed.
        """
        samples: list[Sample] = []
        wave = self.samples // 2 + 1
        while (left := self.samples - len(samples)) and not enough(samples, left):
            numbers = range(len(samples), len(samples) + min(wave, left))
            samples += await self._ask(prompt, about, numbers)
            wave = 1
        return samples

    async def vote(
        self,
        prompt: Prompt,
        *,
        about: str,
        keys: Sequence[str],
        read: Callable[[str], Ballot | None],
    ) -> tuple[list[Ballot | None], list[Sample]]:
        """Ask samples in parallel until the majority on every key is certain.

        Args:
            prompt: what is asked.
            about: what the minutes call it: the turn.
            keys: what is voted about.
            read: turns an answer into votes; None when it holds none.

        Returns:
            The ballots in order of samples, None for those that cannot be read, and
            the samples.

        Raises:
            JudgeError: the judge failed, or said nothing readable about a key.
        """
        samples: list[Sample] = []
        ballots: list[Ballot | None] = []
        while wave := next_wave(ballots, keys, self.samples - len(samples)):
            numbers = range(len(samples), len(samples) + wave)
            asked = await self._ask(prompt, about, numbers)
            samples += asked
            ballots += [read(sample.text) for sample in asked]
        for key in keys:
            if not any(ballot and key in ballot for ballot in ballots):
                raise self.unusable(samples, f"{about}, {key}" if key else about)
        return ballots, samples

    def unusable(self, samples: Sequence[Sample], about: str) -> JudgeError:
        """Make the error for answers that say nothing about what was asked."""
        last = samples[-1].reply
        said = (
            last.message
            if isinstance(last, Failure)
            else f"it said {_cut(last.text)!r}"
        )
        return JudgeError(
            "unusable",
            f"The judge gave no usable verdict ({about}) in {len(samples)} "
            f"answer{'' if len(samples) == 1 else 's'}: {said}",
        )

    def explain(self) -> JSONObject:
        """Tell who judged and what was said, within bounds."""
        asked = self._target.model
        panels = (self, *self._parts)
        models = [model for panel in panels for model in panel._models]
        minutes = [minute for panel in panels for minute in panel._minutes]
        prompt_hash = hashlib.sha256(self._instructions.encode()).hexdigest()
        return {
            "model": models[0] if models else asked,
            "requested_model": asked,
            "prompt_hash": prompt_hash[:SHOWN_HASH_CHARACTERS],
            "samples": self.samples,
            "rounds": sum(panel._rounds for panel in panels),
            "transcript": minutes[:SHOWN_ROUNDS],
        }

    def _part(self) -> Panel:
        """Return a panel whose minutes stand in those of this one, in order of parts."""
        part = Panel(self._task, self._instructions)
        part.bill = self.bill
        self._parts.append(part)
        return part

    async def _ask(
        self, prompt: Prompt, about: str, numbers: Sequence[int]
    ) -> list[Sample]:
        questions = [
            Question(
                target=self._target,
                prompt=prompt.text,
                schema=prompt.schema,
                expects=prompt.expects,
                sample=number,
                prices=self._prices,
            )
            for number in numbers
        ]
        replies = await replies_to(questions)
        asked = [
            Sample(number=number, reply=reply)
            for number, reply in zip(numbers, replies, strict=True)
            if reply is not None
        ]
        for sample in asked:
            self._count(sample.reply)
        for sample in asked:
            self._refuse_failed(sample)
        self._note(prompt, about, asked)
        return asked

    def _count(self, reply: Reply) -> None:
        self.bill.add(reply)
        if isinstance(reply, Answer) and reply.model not in self._models:
            self._models.append(reply.model)

    def _refuse_failed(self, sample: Sample) -> None:
        reply = sample.reply
        if isinstance(reply, Failure) and reply.kind not in PASSING:
            raise JudgeError(reply.kind, reply.message)

    def _note(self, prompt: Prompt, about: str, samples: Sequence[Sample]) -> None:
        self._rounds += 1
        if self._rounds > SHOWN_ROUNDS:
            return
        self._minutes.append(
            {
                "about": about,
                "prompt": _cut(prompt.text, SHOWN_PROMPT_CHARACTERS),
                "answers": [_minute(sample) for sample in samples],
            }
        )


def _minute(sample: Sample) -> JSONObject:
    reply = sample.reply
    if isinstance(reply, Failure):
        return {"sample": sample.number, "failure": reply.message}
    return {
        "sample": sample.number,
        "text": _cut(reply.text),
        "latency_ms": round(reply.latency_ms, 1),
        "cached": reply.cached,
    }


def _cut(text: str, most: int = SHOWN_ANSWER_CHARACTERS) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"
