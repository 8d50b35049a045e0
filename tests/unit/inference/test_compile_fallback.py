"""A compiler that does not work is announced and gone round; other faults are not."""

import logging

import pytest
import torch

from dino_inference.core.engines.torch_cuda import compiled_or_eager

PIXELS = torch.arange(4.0)


class Doubling(torch.nn.Module):
    """A module of our own: the compiler passes over torch's."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels * 2


def broken_backend(graph: object, inputs: object):
    raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable.")


def test_working_compiler_is_used():
    warmed = []
    run = compiled_or_eager(Doubling(), lambda run: warmed.append(run(PIXELS)), backend="eager")
    assert torch.equal(run(PIXELS), PIXELS * 2)
    assert len(warmed) == 1


def test_broken_compiler_is_said_and_the_module_runs_itself(caplog: pytest.LogCaptureFixture):
    module = Doubling()
    warmed = []
    with caplog.at_level(logging.WARNING):
        run = compiled_or_eager(module, lambda run: warmed.append(run(PIXELS)), backend=broken_backend)
    assert run is module
    assert len(warmed) == 1
    assert "eager" in caplog.text
    assert "C compiler" in caplog.text


def test_fault_of_the_model_itself_is_not_hidden():
    def warm(run: object) -> None:
        raise torch.OutOfMemoryError("too large")

    with pytest.raises(torch.OutOfMemoryError):
        compiled_or_eager(Doubling(), warm, backend="eager")
