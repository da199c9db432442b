"""The contracts of the abstractions: every network, codec and source of clips is checked by the same function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from msgld.data.source import Source
from msgld.dsp.codec import Codec
from msgld.registry import config_of, kind_of, settings_of


def awake(network: nn.Module, std: float = 0.3) -> Any:
    """The network in evaluation mode with random weights in all layers, those that begin at 0 among them."""
    for parameter in network.parameters():
        generator = torch.Generator().manual_seed(parameter.numel())
        nn.init.normal_(parameter, std=std, generator=generator)
    return network.eval()


def verify_network(
    network: nn.Module,
    *inputs: Any,
    shapes: Sequence[tuple[int, ...]],
    part: str | None = None,
    answers: tuple[str, ...] = (),
    presence: int | None = None,
    run: Callable[..., Any] | None = None,
) -> None:
    """Check a network whose weights are not 0.

    Args:
        network: to check.
        inputs: of one call, a batch of 2 or more.
        shapes: of the outputs.
        part: of a model, which is rebuilt from its settings; None for networks that no model has.
        answers: beginnings of the names of its last layers; by default ``network.answers``.
        presence: index of the input (B, K) that says which tracks are present, if there is one.
        run: inputs -> outputs; by default the network itself.
    """
    run = run or network
    with torch.no_grad():
        first, again = (tensors(run(*inputs)) for _ in range(2))
    assert [tuple(output.shape) for output in first] == list(shapes)
    assert all(output.isfinite().all() for output in first)
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True)), "not deterministic"
    network.train()
    verify_gradients(network, sum(output.abs().square().mean() for output in tensors(run(*inputs))))
    network.eval()
    _check_last_layers(network, answers or getattr(network, "answers", ()))
    if part:
        _check_settings(part, network)
    if presence is not None:
        _check_absent_tracks(run, inputs, presence)


def verify_gradients(network: nn.Module, loss: Tensor) -> None:
    """Check that the gradient of a loss reaches every trained weight and is finite."""
    network.zero_grad()
    loss.backward()
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, f"no gradient reaches {name}"
            assert parameter.grad.isfinite().all(), f"the gradient of {name} is not finite"
            assert parameter.grad.abs().max() > 0, f"the gradient of {name} is 0"


def verify_codec(codec: Codec, lossless: bool = False) -> None:
    """Check a codec; a ``lossless`` one decodes to the log-mel that it encoded."""
    frames, mel = 6, codec.mel
    mels = torch.randn(2, 3, mel.bands, frames * codec.frame_columns, generator=_generator(0)) - 3
    with torch.no_grad():
        z = codec.encode(mels)
        again = codec.decode(z)
    assert z.shape == (2, 3, codec.channels, frames) and again.shape == mels.shape
    assert torch.allclose(z[1, 2], codec.encode(mels[1, 2]), atol=1e-5), "items are not independent"
    assert torch.allclose(again[1, 2], codec.decode(z[1, 2]), atol=1e-4), "items are not independent"
    assert not lossless or torch.allclose(again, mels, atol=1e-4)
    assert codec.frame_samples == codec.frame_columns * mel.hop
    _check_settings("codec", codec)


def verify_source(source: Source, seconds: float = 1.0, seeds: Iterable[int] = (0, 1)) -> None:
    """Check the clips of a source."""
    clips = {seed: source.clip(seed, seconds) for seed in seeds}
    for seed, clip in clips.items():
        assert clip.stems.shape == (len(source.stems), 2, round(seconds * clip.rate))
        assert clip.stems.dtype == np.float32 and np.isfinite(clip.stems).all()
        assert clip.present.shape == (len(source.stems),) and clip.present.dtype == bool
        assert not clip.stems[~clip.present].any(), "an absent stem is silent"
        again = source.clip(seed, seconds)
        assert (clip.name, clip.rate, clip.meta) == (again.name, again.rate, again.meta)
        assert np.array_equal(clip.stems, again.stems) and np.array_equal(clip.present, again.present)
    assert len({clip.stems.tobytes() for clip in clips.values()}) == len(clips), "seeds give different clips"


def tensors(output: Any) -> list[Tensor]:
    """All tensors of an output, which may be a dataclass or nested."""
    if output is None or isinstance(output, Tensor):
        return [] if output is None else [output]
    parts = [getattr(output, field.name) for field in fields(output)] if is_dataclass(output) else output
    return [tensor for part in parts for tensor in tensors(part)]


def _check_last_layers(network: nn.Module, answers: tuple[str, ...]) -> None:
    if not answers:
        return
    untrained = type(network)(network.config)
    last = {name: value for name, value in untrained.named_parameters() if name.startswith(answers)}
    assert all(any(name.startswith(one) for name in last) for one in answers), "no weight has such a name"
    assert not any(value.any() for value in last.values()), "weights of its last layers do not begin at 0"


def _check_settings(part: str, module: Any) -> None:
    given = json.loads(json.dumps(settings_of(module)))
    again = kind_of(part, given).build(config_of(part, given))
    assert type(again) is type(module) and again.config == module.config
    sizes, others = ({k: v.shape for k, v in one.state_dict().items()} for one in (module, again))
    assert sizes == others


def _check_absent_tracks(run: Callable[..., Any], inputs: Sequence[Any], at: int) -> None:
    """Values of absent tracks change nothing; those of present ones do."""
    everyone = torch.ones_like(inputs[at])
    for absent in range(everyone.shape[1]):
        others = [_replaced(one, absent) if isinstance(one, Tensor) else one for one in inputs]
        outputs = []
        partly = everyone.clone()
        partly[1:, absent] = False
        for presence in (partly, everyone):
            with torch.no_grad():
                pair = [tensors(run(*one[:at], presence, *one[at + 1 :])) for one in (inputs, others)]
            outputs.append([_of_tracks(one, other, partly) for one, other in zip(*pair, strict=True)])
        assert all(torch.equal(*pair) for pair in outputs[0]), f"track {absent} is absent, yet seen"
        assert not torch.allclose(*outputs[1][0]), f"track {absent} is present, yet not seen"


def _replaced(one: Tensor, track: int) -> Tensor:
    """The track of all items but the first has the values of the item before."""
    other = one.clone()
    other[1:, track] = one[:-1, track]
    return other


def _of_tracks(one: Tensor, other: Tensor, presence: Tensor) -> tuple[Tensor, Tensor]:
    """Values of the present tracks, or stems, of two outputs."""
    seen = presence[:, : one.shape[1]]
    return one[seen], other[seen]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
