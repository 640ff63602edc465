# SPDX-License-Identifier: Apache-2.0
"""Fixtures of a Sitelatch engine for pytest; README.md has them all."""
from .engine import Clock, Engine, EngineError, Guard, Pair, Site, Sitelatch

__all__ = ["Clock", "Engine", "EngineError", "Guard", "Pair", "Site", "Sitelatch"]
