"""What this machine can do at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Roofline:
    """Limits with as many threads as were asked for."""

    gflops: float
    #: of main memory
    gigabytes_per_second: float

    def seconds(self, flops: int, bytes: int) -> float:
        """The least time in which so much arithmetic and traffic can be done."""
        return max(flops / (self.gflops * 1e9), bytes / (self.gigabytes_per_second * 1e9))


def roofline(threads: int) -> Roofline:
    """The limits of this machine as the library measures them."""
    import swiftconv

    limits = swiftconv.config.roofline(threads)
    return Roofline(gflops=limits["gflops"], gigabytes_per_second=limits["memory"][-1]["copy"])
