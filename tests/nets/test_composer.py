"""Laws of the composer: who is in an excerpt with whom."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from msgld.diffusion.noise_map import Conditioning
from msgld.nets.composer import Composer, ComposerConfig

SHAPE = ComposerConfig(
    stems=4, channels=5, width=16, depth=2, heads=2, frame_features=7, programs=3, conditioning_width=8
)


def network() -> Composer:
    """One whose weights are all at random, those that begin at 0 too."""
    torch.manual_seed(3)
    net = Composer(SHAPE)
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return net


Excerpts = tuple[Tensor, Tensor, Tensor, Conditioning]


def excerpts() -> Excerpts:
    """Two, of which one lacks a stem and the other two."""
    torch.manual_seed(4)
    presence = torch.tensor([[True, True, False, True], [False, True, True, False]])
    own = torch.randn(2, 4, 6, SHAPE.own_features)
    conditioning = Conditioning(torch.randn(2, 6, 7), torch.randn(2, 4, 3) * presence[:, :, None], own)
    return torch.randn(2, 4, 5, 6), torch.rand(2, 4, 6), presence, conditioning


@torch.no_grad()
@pytest.mark.parametrize("one", [0, 1])
def test_excerpts_of_a_batch_do_not_hear_each_other(one: int) -> None:
    """An excerpt gets the same answer alone."""
    z, levels, presence, conditioning = excerpts()
    both, _ = network()(z, levels, presence, conditioning)
    own = Conditioning(*(part[one : one + 1] for part in vars(conditioning).values() if part is not None))
    pick = slice(one, one + 1)
    alone, _ = network()(z[pick], levels[pick], presence[pick], own)
    assert both[one].abs().sum() > 1
    torch.testing.assert_close(both[pick], alone)


@torch.no_grad()
def test_absent_stems_are_not_heard_and_say_nothing() -> None:
    """What stands in their place changes no answer; theirs is 0."""
    z, levels, presence, conditioning = excerpts()
    before, _ = network()(z, levels, presence, conditioning)
    after, _ = network()(torch.where(presence[:, :, None, None], z, 9.0), levels, presence, conditioning)
    assert torch.equal(before, after)
    assert not before[~presence].any()


@torch.no_grad()
def test_stems_of_an_excerpt_hear_each_other() -> None:
    """Another bar of one stem changes the answers for all of that excerpt, and for no other excerpt."""
    z, levels, presence, conditioning = excerpts()
    before, _ = network()(z, levels, presence, conditioning)
    z[0, 1, :, 2] += 1
    after, _ = network()(z, levels, presence, conditioning)
    changed = (before != after).flatten(2).any(2)
    assert changed[0].tolist() == presence[0].tolist()
    assert not changed[1].any()
