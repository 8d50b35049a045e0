"""The environment of a container, as its pod, Secrets and ConfigMaps say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.e2e.kubelet.api import Manifest
from tests.e2e.kubelet.references import ConfigError, References, field

_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")


async def environment(references: References, pod: Manifest, container: Manifest, address: str) -> dict[str, str]:
    """Return a container's variables; those of ``env`` win over those of ``envFrom``.

    Raises:
        ConfigError: something that is not optional is missing.
    """
    found: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        found |= await _all_of(references, source)
    for item in container.get("env") or []:
        value = await _value(references, pod, item, address)
        if value is not None:
            found[item["name"]] = expanded(value, found) if "value" in item else value
    return found


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by the variable, where there is one, and ``$$`` by ``$``."""

    def replaced(found: re.Match[str]) -> str:
        return "$" if found.group() == "$$" else variables.get(found.group(1), found.group())

    return _REFERENCE.sub(replaced, text)


async def _all_of(references: References, source: Manifest) -> dict[str, str]:
    prefix = source.get("prefix", "")
    if "configMapRef" in source:
        ref, read = source["configMapRef"], references.config_map
    else:
        ref, read = source["secretRef"], references.secret
    data = await read(ref["name"], optional=ref.get("optional", False)) or {}
    return {prefix + name: value.decode() for name, value in data.items() if _NAME.fullmatch(prefix + name)}


async def _value(references: References, pod: Manifest, item: Manifest, address: str) -> str | None:
    match item.get("valueFrom"):
        case None:
            return item.get("value", "")
        case {"secretKeyRef": ref}:
            return await references.secret_key(ref)
        case {"configMapKeyRef": ref}:
            return await references.config_map_key(ref)
        case {"fieldRef": ref}:
            return field(pod, ref["fieldPath"], address)
        case other:
            raise ConfigError(f"unsupported source of {item['name']}: {', '.join(other)}")
