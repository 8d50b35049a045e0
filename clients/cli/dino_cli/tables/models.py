"""The models of a deployment."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import facts


def show_models(out: Console, items: list[dict[str, Any]]) -> None:
    """Print each model's card: size, engine, licence, thresholds and how they were calibrated."""
    if not items:
        out.print("no model is loaded; see `dino health`")
    for number, model in enumerate(items):
        if number:
            out.print()
        state = "[green]serving[/]" if model["serving"] else "[dim]not serving[/]"
        out.print(f"[bold]{escape(model['version'])}[/]  {state}", soft_wrap=True)
        calibration = model["calibration"]
        runs = " · ".join(model[key] for key in ("device", "engine", "precision") if model[key])
        lines = {
            "features": f"{model['dimension']} numbers, patches of {model['patch_size']} pixels, "
            f"input {model['input_size']}×{model['input_size']}",
            "runs on": escape(runs) or "–",
            "licence": escape(model["licence"] or "not known"),
            "source": escape(model["source"]),
            "thresholds": f"similarity {_number(model['similarity_threshold'])}, "
            f"consistency {_number(model['consistency_threshold'])}",
        }
        if calibration:
            lines["calibrated"] = (
                f"ROC-AUC {calibration['roc_auc']:.3f}, accuracy {calibration['accuracy']:.3f} on "
                f"{calibration['pairs']:,} pairs: {escape(calibration['data'])}"
            )
        else:
            lines["calibrated"] = "not on labelled pairs"
        facts(out, lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
