"""What there is to know about a metric without measuring anything."""

from __future__ import annotations

from importlib import import_module
from typing import Literal, cast

from evaluation.documents import camel
from evaluation.metrics.model import Measure
from evaluation.metrics.options import OPTIONS
from evaluation.values import JSONObject, Value

Direction = Literal["higher", "lower", "informational"]
DEFAULT_THRESHOLD = 0.5


class Lack(Value, frozen=True, kw_only=True):
    """Why a metric cannot measure here; the text may mention ``{name}``."""

    code: str
    text: str


class Metric(Value, frozen=True, kw_only=True):
    """One metric: its needs, its scale, its options.

    ``range`` is the scale of its score, None for an open end. ``better`` says which
    end is good; an informational metric passes and fails only by its option ``max``.
    ``default_threshold`` decides when nobody gives one. A metric that is not ``listed``
    is known by name but not offered.
    """

    name: str
    category: str
    description: str
    requires_eval_set: bool = False
    requires_llm: bool = False
    requires_gcp: bool = False
    requires_rubrics: bool = False
    range: tuple[float, float | None] = (0.0, 1.0)
    better: Direction = "higher"
    default_threshold: float | None = DEFAULT_THRESHOLD
    options: tuple[str, ...] = ()
    required_options: tuple[str, ...] = ()
    lack: Lack | None = None
    working: bool = True
    listed: bool = True

    @property
    def takes_global_threshold(self) -> bool:
        """Tell whether a threshold meant for all metrics makes sense for this one."""
        return self.better == "higher" and self.range == (0.0, 1.0)

    def load(self) -> Measure:
        """Import the function that measures, from the module of the metric's name."""
        module = import_module(f"evaluation.metrics.builtin.{self.name}")
        return cast("Measure", module.measure)

    def describe(self) -> JSONObject:
        """Render the flags in the contract's shape and order, then the rest."""
        low, high = self.range
        return {
            "name": self.name,
            "category": self.category,
            "requiresEvalSet": self.requires_eval_set,
            "requiresLLM": self.requires_llm,
            "requiresGCP": self.requires_gcp,
            "requiresRubrics": self.requires_rubrics,
            "description": self.description,
            "working": self.working,
            "direction": self.better,
            "range": {"min": low, "max": high},
            "defaultThreshold": self.default_threshold,
            "options": [self._describe_option(name) for name in self.options],
            "usable": self.lack is None,
            "unusableReason": self._describe_lack(),
        }

    def _describe_option(self, name: str) -> JSONObject:
        return {
            "name": camel(name),
            "required": name in self.required_options,
            "description": OPTIONS[name].does,
        }

    def _describe_lack(self) -> JSONObject | None:
        if self.lack is None:
            return None
        return {"code": self.lack.code, "text": self.lack.text.format(name=self.name)}
