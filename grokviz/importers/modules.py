"""A whole torch module that somebody pickled, or a TorchScript archive: the state dict in its shell.

`torch.save(model)` writes the object with its class; the class is not here, and its parameters are.
"""

from grokviz.importers.arrays import Tensor
from grokviz.importers.objects import Shell

MAX_MODULES = 1_000


def state_of_module(value: object) -> dict[str, object] | None:
    """Parameters by their names as in a state dict; None when this is no module with any."""
    if not isinstance(value, Shell) or not value.attributes:
        return None
    found: dict[str, object] = {}
    modules: list[tuple[str, Shell]] = [("", value)]
    for prefix, module in modules:  # grows while it is walked
        if len(modules) > MAX_MODULES:
            return None
        for name, part in _parts(module).items():
            if isinstance(part, Tensor):
                found.setdefault(f"{prefix}{name}", part)
            elif isinstance(part, Shell) and part.attributes and len(prefix) < 200:
                modules.append((f"{prefix}{name}.", part))
    return found or None


def _parts(module: Shell) -> dict[str, object]:
    """What a module holds: in its registers, and in a TorchScript archive as plain attributes."""
    parts: dict[str, object] = {}
    for register in ("_parameters", "_buffers", "_modules"):
        held = module.attributes.get(register)
        parts |= {k: v for k, v in held.items() if isinstance(k, str)} if isinstance(held, dict) else {}
    return parts or module.attributes
