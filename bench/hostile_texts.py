"""Models as a stranger might send them: descriptions that are no JSON, more than JSON, or of other types."""

from __future__ import annotations

from hostile import Damage, about, edited, text


def texts() -> dict[str, Damage]:
    """Descriptions that are no JSON, or more than JSON."""
    deep = "[" * 100_000
    return {
        "empty": text(""),
        "null": text("null"),
        "a list": text("[]"),
        "half": edited(lambda t: t[: len(t) // 2]),
        "noise": text(bytes(range(256)) * 4),
        "utf-16": text("{}".encode("utf-16")),
        "deep": text(deep),
        "deep and closed": text(deep + "]" * 100_000),
        "deep objects": text('{"a":' * 50_000),
        "deep info": edited(
            lambda t: t.replace('"name": "tiny"', '"name": "tiny", "x": ' + "[" * 500 + "]" * 500)
        ),
        "a long file": edited(lambda t: t + " " * 2_000_000),
        "twice": edited(lambda t: t.replace('"format"', '"format": 1, "format"', 1)),
        "part twice": edited(lambda t: t.replace('"codec": {', '"codec": {}, "codec": {', 1)),
        "NaN": edited(lambda t: t.replace('"level": 0.1', '"level": NaN')),
        "1e999": edited(lambda t: t.replace('"level": 0.1', '"level": 1e999')),
        "NaN in info": edited(lambda t: t.replace('"name": "tiny"', '"name": "tiny", "x": NaN')),
        "a long number": edited(lambda t: t.replace('"level": 0.1', '"level": ' + "1" * 6000)),
        "half a character": edited(lambda t: t.replace('"name": "tiny"', '"name": "tiny", "x": "\\ud800"')),
        "a mark first": edited(lambda t: "\ufeff" + t),
        "rest behind": edited(lambda t: t + "x"),
        **{
            f"format {i}": about(lambda a, f=f: a.update(format=f))
            for i, f in enumerate((True, 1.0, "1", 2, None, [1], 10**30))
        },
        **{
            f"level {i}": about(lambda a, f=f: a.update(level=f))
            for i, f in enumerate((0, -1, True, "0.1", 1e30, 1e-300, [], None, 1))
        },
        **{
            f"info {i}": about(lambda a, f=f: a.update(info=f))
            for i, f in enumerate((None, [], "x", {}, {"x": ["y"] * 1000}))
        },
        **{
            f"without {key}": about(lambda a, k=key: a.pop(k))
            for key in ("format", "stems", "level", "info", "parts")
        },
        **{
            f"parts {i}": about(lambda a, f=f: a.update(parts=f))
            for i, f in enumerate((None, [], {}, "x", {"codec": None}))
        },
        "another key": about(lambda a: a.update(extra=1)),
        "another part": about(lambda a: a["parts"].update({"../x": a["parts"]["codec"]})),
        **{
            f"sha256 {i}": about(lambda a, f=f: a["parts"]["codec"].update(sha256=f))
            for i, f in enumerate((None, 1, "", "0" * 64, "Z" * 64, ["0"] * 64))
        },
        **{
            f"kind {i}": about(lambda a, f=f: a["parts"]["denoiser"].update(kind=f))
            for i, f in enumerate((None, [], "unet", "published-unet", "stem-unet", {}))
        },
    }
