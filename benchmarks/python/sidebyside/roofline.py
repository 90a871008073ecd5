"""What this machine can do at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Roofline:
    """Limits with as many threads as were asked for."""

    gflops: float
    #: of main memory
    gigabytes_per_second: float

    def seconds(self, flops: int, bytes: int) -> float:
        """The least time in which so much arithmetic and traffic can be done."""
        return max(flops / (self.gflops * 1e9), bytes / (self.gigabytes_per_second * 1e9))


def roofline(threads: int) -> Roofline | None:
    """The limits of this machine as the library measures them; None where it does not yet."""
    import swiftconv

    measure: Any = getattr(swiftconv.config, "roofline", None)
    return Roofline(**measure(threads)) if measure else None
