"""The boxes of MP4 files."""

from __future__ import annotations

import io

import pytest

from msgld.audio.boxes import box_of, boxes_of, content_of, find_box


def test_boxes_are_found_one_after_another() -> None:
    large = (1).to_bytes(4, "big") + b"mdat" + (19).to_bytes(8, "big") + b"abc"
    data = box_of(b"ftyp", b"12") + large + box_of(b"moov", box_of(b"udta", b"x"))
    found = list(boxes_of(io.BytesIO(data), 0, len(data)))
    assert [(one.kind, data[one.body : one.stop]) for one in found] == [
        (b"ftyp", b"12"), (b"mdat", b"abc"), (b"moov", box_of(b"udta", b"x"))
    ]  # fmt: skip
    assert content_of(content_of(data, b"moov"), b"udta") == b"x"
    assert content_of(data, b"none") == b"" and find_box(io.BytesIO(data), b"none", 0, len(data)) is None


def test_a_size_of_zero_reaches_to_the_end() -> None:
    data = box_of(b"ftyp", b"") + bytes(4) + b"mdatabcdef"
    assert content_of(data, b"mdat") == b"abcdef"


@pytest.mark.parametrize("size", [2, 7, 9, 1 << 31])
def test_damaged_sizes_end_the_boxes(size: int) -> None:
    data = box_of(b"ftyp", b"12") + size.to_bytes(4, "big") + b"moov"
    assert [one.kind for one in boxes_of(io.BytesIO(data), 0, len(data))] == [b"ftyp"]
    assert list(boxes_of(io.BytesIO(data[:5]), 0, 5)) == []
    short = (1).to_bytes(4, "big") + b"moov"
    assert list(boxes_of(io.BytesIO(short), 0, 8)) == []
