"""The worker: claims runs, hands them to evaluator processes, keeps the promises."""

from __future__ import annotations
