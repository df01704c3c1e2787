"""What the owner of the machine reads: one line an event on standard output, never patient data (law 6)."""

from __future__ import annotations

import logging

import structlog

from leadglass.terms.errors import LeadglassError

__all__ = ["log", "log_as_lines", "report_fault"]

log = structlog.get_logger("leadglass")


def log_as_lines() -> None:
    """Makes log lines of time, level, event and fields."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )


def report_fault(fault: LeadglassError) -> None:
    """One line for a request that our own side could not serve."""
    log.error("a request could not be served", kind=type(fault).__name__, why=str(fault))
