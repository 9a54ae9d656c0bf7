"""Several processes that train one network, as torchrun starts them: who I am, and what all say together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import distributed, nn

from MedFusionLib.fusion.device import torch_device

Value = TypeVar("Value")


@dataclass(frozen=True)
class World:
    """One process among ``size``: its ``rank`` (0 writes and tells) and where it computes."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and tells the progress."""
        return self.rank == 0


@contextmanager
def world(device: str) -> Iterator[World]:
    """This process and, where torchrun started several, its tie to the others; the tie ends with the block.

    ``device`` is auto, cpu, cuda or mps. Raises ``BadInput`` for a device that is not present.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    kind = torch_device(device)
    if size == 1:
        yield World(torch.device(kind))
        return
    place = torch.device(kind, int(os.environ.get("LOCAL_RANK", "0"))) if kind == "cuda" else torch.device(kind)
    if kind == "cuda":
        torch.cuda.set_device(place)
    distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield World(place, rank, size)
    finally:
        distributed.destroy_process_group()


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its mean over all processes, in one message; a process alone keeps its own.

    A parameter without a gradient in this process counts as 0, so that all send the same number of values.
    """
    if not distributed.is_initialized():
        return
    shared = list(parameters)
    gradients = [torch.zeros_like(item) if item.grad is None else item.grad for item in shared]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for item, part in zip(shared, torch.split(flat, [item.numel() for item in shared]), strict=True):
        item.grad = part.view_as(item)


def same_buffers(modules: Iterable[nn.Module]) -> None:
    """Give every process the first one's buffers, such as running means, which no gradient keeps alike."""
    if distributed.is_initialized():
        for module in modules:
            for buffer in module.buffers():
                distributed.broadcast(buffer, 0)


@contextmanager
def in_turn(here: World) -> Iterator[None]:
    """The block is done by the first process and then by the others, which find there what the first has written."""
    if not here.leads:
        distributed.barrier()
    yield
    if here.leads and here.size > 1:
        distributed.barrier()


def gathered(value: Value) -> list[Value]:
    """The ``value`` of every process, in their order; plain data."""
    if not distributed.is_initialized():
        return [value]
    values: list[Value | None] = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, value)
    return [found for found in values if found is not None]
