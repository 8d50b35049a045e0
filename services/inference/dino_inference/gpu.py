"""What the accelerator is and how much of its memory is used."""

from __future__ import annotations

from dino_common.contracts.system import Gpu
from dino_common.metrics import inference_metrics
from dino_inference.core.engines.choose import cuda_is_present

_MIB = 1024 * 1024


def gpu_status() -> Gpu:
    """Return name and memory (MiB) of the current CUDA device, or that there is none."""
    if not cuda_is_present():
        return Gpu(available=False)
    import torch

    free, total = torch.cuda.mem_get_info()
    return Gpu(
        available=True,
        device_name=torch.cuda.get_device_name(),
        memory_total=total // _MIB,
        memory_used=(total - free) // _MIB,
        memory_free=free // _MIB,
    )


def watch_gpu() -> None:
    """Tell the memory of the current CUDA device in the metrics; nothing where there is none."""
    if not cuda_is_present():
        return
    import torch

    device, name = torch.cuda.current_device(), torch.cuda.get_device_name()
    total = torch.cuda.mem_get_info(device)[1]

    def used() -> float:
        free, _ = torch.cuda.mem_get_info(device)
        return total - free

    inference_metrics().gpu_memory_total.set(total, gpu=name)
    inference_metrics().gpu_memory_used.set(used, gpu=name)
