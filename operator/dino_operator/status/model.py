"""Whether the serving model is loaded and right, and whether clients get its answers."""

from __future__ import annotations

from dino_operator.rollout.faults import fault_of
from dino_operator.rollout.look import name_of
from dino_operator.status.reasons import ConditionType, Reason
from dino_operator.status.secrets import missing_secret
from dino_operator.status.sight import Sight, Verdict


def model_ready(sight: Sight) -> Verdict:
    """Return whether a pod of the serving version answers and has passed its golden self-test."""
    serving = sight.state.serving
    name, test = name_of(serving), serving.self_test
    if sight.serving_answers:
        if test is None:
            return Verdict("False", Reason.SELF_TEST_PENDING, f"{name} is loaded; its golden self-test runs.")
        cosine = "unknown" if test.cosine is None else f"{test.cosine:.5f}"
        if not test.passed:
            bound = "" if test.bound is None else f", at least {test.bound:g}"
            words = f"{name} fails its golden self-test: cosine {cosine}{bound}. Its features are wrong: check the "
            return Verdict("False", Reason.SELF_TEST_FAILED, words + "weights, the precision and the device's driver.")
        speed = f", {test.images_per_second:g} images/s a pod" if test.images_per_second else ""
        return Verdict("True", Reason.SELF_TEST_PASSED, f"{name} passed its golden self-test: cosine {cosine}{speed}.")
    return _silent(sight, name)


def _silent(sight: Sight, name: str) -> Verdict:
    """Return why no pod of the serving version answers."""
    seen, bus, key = sight.seen, sight.seen.bus, sight.state.serving.key
    deployment = seen.inference(key)
    ready = deployment.ready if deployment else 0
    if not bus.asked and ready:
        asked = f"Pods of {name} are ready and have not been asked yet."
        return sight.before(ConditionType.MODEL_READY) or Verdict("Unknown", Reason.NOT_ASKED, asked)
    before = sight.before(ConditionType.MODEL_READY)
    if ready and bus.reachable and before is not None and before.status == "True":
        # Readiness of a pod is the golden picture too; one look without an answer is no news.
        return before
    if bus.asked and not bus.reachable and ready:
        words = f"Pods of {name} are ready, but the operator cannot ask them: NATS cannot be reached ({bus.error})."
        return Verdict("Unknown", Reason.NATS_UNREACHABLE, words)
    if (missing := missing_secret(sight)) is not None:
        return missing
    if deployment is not None and deployment.desired == 0:
        return _no_pods(sight, name)
    if (fault := fault_of(seen.pods_of("inference", key))) is not None:
        return Verdict("False", fault.reason, fault.message)
    told = sorted({reason for status in bus.inference.get(key, ()) for reason in status.reasons})
    if told:
        return Verdict("False", Reason.NOT_READY, f"No pod of {name} is ready: {'; '.join(told)}.")
    if ready:
        words = f"Pods of {name} are ready but do not answer over NATS. Check that NATS_URL is the same for all."
        return Verdict("False", Reason.NO_ANSWER, words)
    if bus.asked and not bus.reachable:
        words = f"No pod of {name} is ready, and NATS cannot be reached from the operator either: {bus.error}."
        return Verdict("False", Reason.NATS_UNREACHABLE, words)
    return Verdict("False", Reason.MODEL_STARTING, f"Pods of {name} are starting: the weights are fetched and loaded.")


def _no_pods(sight: Sight, name: str) -> Verdict:
    candidate, migration = sight.state.candidate, sight.state.migration
    if candidate is not None and migration is not None and migration.mode == "replace":
        words = f"{name} was stopped to make room for {name_of(candidate)}: nothing answers until that one does."
        return Verdict("False", Reason.MAKING_ROOM, words)
    words = (
        f"No pod of {name} runs: spec.inference.replicas is 0. Set it to 1 or more."
        if sight.resource.spec.inference.autoscaling is None
        else f"No pod of {name} runs: its autoscaler starts one when work waits."
    )
    return Verdict("False", Reason.SCALED_TO_ZERO, words)


def ready(sight: Sight, model: Verdict) -> Verdict:
    """Return whether clients are answered: the model is ready, and a pod of the gateway is."""
    if model.status != "True":
        return model
    gateway = sight.deployment("gateway")
    said = sight.seen.bus.gateway
    told = "; ".join(said.reasons) if said is not None and not said.ready else ""
    if gateway is not None and gateway.ready:
        pods = sight.deployment("inference")
        share = f" with {pods.ready} of {pods.desired} pods" if pods else ""
        return Verdict("True", Reason.SERVING, f"{name_of(sight.state.serving)} answers{share}.")
    if (missing := missing_secret(sight)) is not None:
        return missing
    if (fault := fault_of(sight.seen.pods_of("gateway"))) is not None:
        return Verdict("False", fault.reason, fault.message)
    if gateway is not None and gateway.desired == 0:
        return Verdict("False", Reason.GATEWAY_NOT_READY, "No gateway pod runs: set spec.gateway.replicas to 1.")
    words = f"No gateway pod is ready{f': {told}' if told else '; they start, or a store does not answer them'}."
    return Verdict("False", Reason.GATEWAY_NOT_READY, words)
