"""A job looks at its flag in every layer of a network, and so stops within a network call, not after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgld.progress import CancelToken


@contextmanager
def polled(token: CancelToken) -> Iterator[None]:
    """While the block lasts, every module of PyTorch in this process first looks at a token.

    Raises:
        Cancelled: out of the network, once the token says so.
    """
    from torch.nn.modules.module import register_module_forward_pre_hook

    hook = register_module_forward_pre_hook(lambda module, inputs: token.check())
    try:
        yield
    finally:
        hook.remove()
