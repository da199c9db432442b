"""Growing a transformer: new blocks that change nothing at first begin as copies of those before them.

A network that was trained for long and is too small need not be thrown away. The blocks of LLaMA Pro are added so
(Wu et al. 2024, arXiv 2401.02415).
"""

from __future__ import annotations

from torch import Tensor

from msgld.nets.transformer import StemTransformer

SILENCED = ("out.weight", "down.weight", "down.bias")
"""What a block adds to its input passes through these."""


def grown(network: StemTransformer, depth: int) -> dict[str, Tensor]:
    """The weights of a network with ``depth`` blocks that answers as this one does.

    Each block is followed by its copies, whose outputs are zero until they are trained.

    Args:
        depth: at least as many as it has.
    """
    weights = network.state_dict()
    blocks = [block.state_dict() for block in network.blocks]
    kept = {name: value for name, value in weights.items() if not name.startswith("blocks.")}
    before = None
    for place in range(depth):
        source = place * len(blocks) // depth
        for name, value in blocks[source].items():
            silent = source == before and name.endswith(SILENCED)
            kept[f"blocks.{place}.{name}"] = value.new_zeros(value.shape) if silent else value.clone()
        before = source
    return kept
