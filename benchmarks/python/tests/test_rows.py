"""The rows: parsing, sizes, counts; and that the files say what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from sidebyside.rows import RowError, load, parse

SHAPES = Path(__file__).resolve().parents[2] / "shapes"


def test_a_line_gives_a_row_for_each_batch_and_direction() -> None:
    rows = parse("a conv2d n=1,8 image=56x56x64 filter=3x3x128 stride=2 groups=2 padding=1", "g")
    assert [row.title for row in rows] == ["g/a-b1/forward", "g/a-b8/forward", "g/a-b1/backward", "g/a-b8/backward"]
    row = rows[1]
    assert row.pads == ((1, 1), (1, 1))
    assert row.output == (28, 28, 128)
    assert row.flops == 2 * 8 * 28 * 28 * 128 * 9 * 32
    assert rows[3].flops == 2 * row.flops
    assert row.bytes == 4 * (8 * 56 * 56 * 64 + 8 * 28 * 28 * 128 + 9 * 32 * 128)


@pytest.mark.parametrize(
    ("line", "output", "pads"),
    [
        ("a conv2d image=7x8x3 filter=3x3x5", (7, 8, 5), ((1, 1), (1, 1))),
        ("a conv2d image=7x8x3 filter=3x3x5 stride=2", (4, 4, 5), ((1, 1), (0, 1))),
        ("a conv2d image=7x8x3 filter=3x3x5 padding=VALID dilation=2", (3, 4, 5), ((0, 0), (0, 0))),
        ("a depthwise image=9x9x4 window=5", (9, 9, 4), ((2, 2), (2, 2))),
        ("a transpose image=4x5x6 filter=4x4x3 stride=2", (8, 10, 3), ((1, 1), (1, 1))),
        ("a maxpool image=8x8x3 window=3 stride=2", (4, 4, 3), ((0, 1), (0, 1))),
        ("a globalpool image=8x8x3", (3,), ((0, 0), (0, 0))),
        ("a dense image=1x1x20 units=7", (7,), ((0, 0), (0, 0))),
    ],
)
def test_sizes(line: str, output: tuple[int, ...], pads: object) -> None:
    row = parse(line, "g")[0]
    assert (row.output, row.pads) == (output, pads)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a conv3d image=1x1x1", "op: expected one of"),
        ("a conv2d image=5x5 filter=3x3x1", "expected 3 numbers"),
        ("a conv2d image=5x5x1 filter=3x3x1 strides=2", "unknown key 'strides'"),
        ("a relu image=5x5x1 directions=sideways", "received 'sideways'"),
        ("a relu image", "a: "),
    ],
)
def test_what_is_no_row_is_named(line: str, message: str) -> None:
    with pytest.raises(RowError, match=message):
        parse(line, "g")


def test_the_line_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("# title\n\na relu image=5x5\n")
    with pytest.raises(RowError, match=r"x\.txt:3"):
        load(tmp_path)


def test_the_files_of_the_project() -> None:
    rows, titles = load(SHAPES)
    names = [row.title for row in rows]
    assert len(names) == len(set(names)) > 100
    assert all(titles.values()) and set(titles) == {row.group for row in rows}
    assert all(size > 0 for row in rows if row.op != "network" for size in row.output)
