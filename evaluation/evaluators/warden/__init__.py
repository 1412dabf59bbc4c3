"""The warden: a small process between us and the evaluators that it starts.

It gives an evaluator its input, takes its output within limits, and ends everything that
the evaluator started. It goes on when its caller is killed, long enough to do that. It
imports nothing but the standard library, so that it starts quickly and stays small.
"""

from __future__ import annotations
