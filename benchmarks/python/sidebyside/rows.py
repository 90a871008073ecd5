"""The rows of `shapes/*.txt`: one line describes one operation on one shape, and gives a row for each batch size and direction.

    name  op  key=value …

Keys: `n` batch sizes, `image` HxWxC, `filter` KHxKWxOUT, `window` K, `units`, `stride`, `dilation`, `groups`, `padding` (SAME,
VALID or a number of pixels), `directions` (see `DIRECTIONS`). A file is a group; its first comment line is the group's title.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

#: What is timed. `both`: forward and gradients together; `call`: NumPy arrays in and out; the last three are of networks.
DIRECTIONS = ("forward", "backward", "both", "call", "step", "predict", "epoch")
OPS = {
    "conv2d": ("forward", "backward"),
    "depthwise": ("forward", "backward"),
    "separable": ("forward", "backward"),
    "transpose": ("forward", "backward"),
    "dense": ("forward", "backward"),
    "maxpool": ("forward", "both"),
    "avgpool": ("forward", "both"),
    "globalpool": ("forward", "both"),
    "batchnorm_training": ("forward", "both"),
    "batchnorm": ("forward",),
    "conv_bn_relu": ("forward",),
    "softmax": ("forward",),
    "relu": ("forward",),
    "network": ("step", "predict", "epoch"),
}
FLOAT_BYTES = 4


class RowError(ValueError):
    """A line of a shapes file that is no row."""


@dataclass(frozen=True)
class Row:
    """One operation on one shape in one direction."""

    group: str
    name: str
    op: str
    direction: str
    batch: int
    image: tuple[int, int, int] = (0, 0, 0)
    kernel: tuple[int, int] = (1, 1)
    out: int = 0
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    padding: str | int = "SAME"

    @property
    def title(self) -> str:
        """Its name in tables: unique among all rows."""
        return f"{self.group}/{self.name}-b{self.batch}/{self.direction}"

    @property
    def pads(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Pixels of padding (before, after) of rows and columns."""
        height, width = (_padding(self, axis) for axis in range(2))
        return height, width

    @property
    def output(self) -> tuple[int, ...]:
        """The shape of the result for one image."""
        h, w, c = self.image
        if self.op in ("dense",):
            return (self.out,)
        if self.op == "globalpool":
            return (c,)
        if self.op in ("relu", "softmax", "batchnorm", "batchnorm_training"):
            return (h, w, c)
        if self.op == "transpose":
            return (h * self.stride, w * self.stride, self.out)
        sizes = [
            (size + sum(pad) - (k - 1) * self.dilation - 1) // self.stride + 1
            for size, pad, k in zip((h, w), self.pads, self.kernel)
        ]
        return (*sizes, self.out or c)

    @property
    def flops(self) -> int:
        """Additions and multiplications of the textbook formula; 0 where counting them says nothing."""
        h, w, c = self.image
        kh, kw = self.kernel
        places = math.prod(self.output[:-1])
        once = {
            "conv2d": places * kh * kw * (c // self.groups) * self.out,
            "conv_bn_relu": places * kh * kw * (c // self.groups) * self.out,
            "depthwise": places * kh * kw * c,
            "separable": places * c * (kh * kw + self.out),
            "transpose": h * w * kh * kw * c * self.out,
            "dense": h * w * c * self.out,
        }.get(self.op, 0)
        return 2 * once * self.batch * (2 if self.direction == "backward" else 1)

    @property
    def bytes(self) -> int:
        """Bytes that must move at least: every input read once, every result written once."""
        h, w, c = self.image
        x, y = self.batch * h * w * c, self.batch * math.prod(self.output)
        weights = math.prod(self.kernel) * (c // self.groups) * self.out if self.op not in ("maxpool", "avgpool") else 0
        passes = {"backward": 2 * (x + y + weights) - y, "both": 2 * (x + y)}.get(self.direction, x + y + weights)
        return FLOAT_BYTES * passes


def _padding(row: Row, axis: int) -> tuple[int, int]:
    if isinstance(row.padding, int):
        return row.padding, row.padding
    if row.padding == "VALID":
        return 0, 0
    size, k = row.image[axis], row.kernel[axis]
    if row.op == "transpose":  # of the convolution that is transposed: it makes the small image from the large one
        size *= row.stride
    span = (k - 1) * row.dilation + 1
    total = max(0, (-(-size // row.stride) - 1) * row.stride + span - size)
    return total // 2, total - total // 2


def _sizes(text: str, count: int) -> tuple[int, ...]:
    parts = tuple(int(part) for part in text.split("x"))
    if len(parts) != count:
        raise RowError(f"expected {count} numbers with an x between them, received {text!r}")
    return parts


def parse(line: str, group: str) -> list[Row]:
    """The rows of one line.

    Raises:
        RowError: the line says something else than the module's text allows.
    """
    name, op, *rest = line.split()
    if op not in OPS:
        raise RowError(f"{name}: op: expected one of {', '.join(OPS)}, received {op!r}")
    try:
        given = dict(item.split("=", 1) for item in rest)
        kernel, out = (1, 1), int(given.pop("units", 0))
        if "filter" in given:
            kh, kw, out = _sizes(given.pop("filter"), 3)
            kernel = (kh, kw)
        elif "window" in given:
            kernel = (int(given["window"]), int(given.pop("window")))
        image = _sizes(given.pop("image", "0x0x0"), 3)
        batches = [int(n) for n in given.pop("n", "1").split(",")]
        directions = given.pop("directions", ",".join(OPS[op])).split(",")
        padding = given.pop("padding", "SAME")
        numbers = {key: int(given.pop(key)) for key in ("stride", "dilation", "groups") if key in given}
    except (ValueError, KeyError) as error:
        raise RowError(f"{name}: {error}") from None
    if given:
        raise RowError(f"{name}: unknown key {next(iter(given))!r}")
    unknown = [d for d in directions if d not in DIRECTIONS]
    if unknown:
        raise RowError(f"{name}: directions: expected some of {', '.join(DIRECTIONS)}, received {unknown[0]!r}")
    pad = padding if padding in ("SAME", "VALID") else int(padding)
    return [
        Row(group, name, op, direction, batch, image, kernel, out, padding=pad, **numbers)  # type: ignore[arg-type]
        for direction in directions
        for batch in batches
    ]


def load(folder: Path) -> tuple[list[Row], dict[str, str]]:
    """All rows of a folder's files, in the order of their names, and the title of each group."""
    rows: list[Row] = []
    titles: dict[str, str] = {}
    for path in sorted(folder.glob("*.txt")):
        group = path.stem
        for number, line in enumerate(path.read_text().splitlines(), 1):
            text, _, comment = line.partition("#")
            titles.setdefault(group, comment.strip()) if not text.strip() and comment else None
            if text.strip():
                try:
                    rows += parse(text, group)
                except RowError as error:
                    raise RowError(f"{path.name}:{number}: {error}") from None
    return rows, titles
