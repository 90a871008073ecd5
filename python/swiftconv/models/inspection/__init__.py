"""What the engine does with a model: its plan, its work by layers, its times."""

from swiftconv.models.inspection.plan import Plan
from swiftconv.models.inspection.report import Report

__all__ = ["Plan", "Report"]
