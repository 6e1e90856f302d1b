"""What a run is: one frozen record that names every choice behind a training run.

The defaults are the recipe of Nanda et al. 2023, "Progress measures for grokking via mechanistic
interpretability" (arXiv 2301.05217), section 3 and appendix A, and of its released code.
"""

import base64
import dataclasses
import math
from dataclasses import dataclass

from grokviz.errors import ConfigError
from grokviz.tasks.numbers import LARGEST_MODULUS, SMALLEST_MODULUS, is_prime, next_prime
from grokviz.tasks.pairs import OPERATIONS, SPLITS

STOP_RULES = ("steps", "cleanup")
PRECISIONS = ("float16", "float32")
OPTIMIZERS = ("adamw", "muon", "grokfast", "perpendicular")
LOSSES = ("softmax", "stablemax")
CHANGEABLE = {"lr": (1e-7, 1.0), "weight_decay": (0.0, 100.0)}  # while a run is trained, and their ranges
MAX_CHANGES = 100


@dataclass(frozen=True)
class RunConfig:
    """Every choice behind a run. Same config, same initial weights and same split, on any machine.

    Raises `ConfigError` on construction when a field is out of its range.
    """

    # the task
    p: int = 113  # modulus: tokens 0..p-1 are numbers, token p is "="
    operation: str = "add"
    frac_train: float = 0.3
    split: str = "seeded"  # "paper": random.seed(seed); random.shuffle of the row-major pairs
    train_pairs: str = ""  # split "stored", of an imported run: a bit a pair, see `tasks.encode_pairs`
    seed: int = 0
    # the model
    d_model: int = 128
    n_heads: int = 4
    d_mlp: int = 512
    # the training
    optimizer: str = "adamw"
    loss: str = "softmax"  # whose cross-entropy is trained on
    lr: float = 1e-3
    weight_decay: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-8
    warmup_steps: int = 10
    steps: int = 40_000
    stop: str = "steps"  # "cleanup": also stop once cleanup has finished
    changes: tuple[tuple[int, str, float], ...] = ()  # (step, one of CHANGEABLE, its value from there on)
    # the record
    log_every: int = 10
    max_snapshots: int = 150
    precision: str = "float16"  # of the stored weights

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name != "changes":
                _check_type(field.name, getattr(self, field.name), field.type)
        _check_range("p", self.p, SMALLEST_MODULUS, LARGEST_MODULUS)
        _check_choice("operation", self.operation, tuple(OPERATIONS))
        if OPERATIONS[self.operation].needs_prime and not is_prime(self.p):
            raise ConfigError(
                f"p = {self.p} is not prime, and {self.operation} divides, which needs a prime modulus. "
                f"Choose p = {next_prime(self.p)}, or another operation."
            )
        _check_range("frac_train", self.frac_train, 0.01, 0.99)
        _check_choice("split", self.split, SPLITS)
        _check_train_pairs(self.split, self.train_pairs, self.p)
        _check_range("seed", self.seed, 0, 2**32 - 1)
        _check_range("d_model", self.d_model, 4, 1024)
        _check_range("n_heads", self.n_heads, 1, 64)
        if self.d_model % self.n_heads:
            raise ConfigError(
                f"d_model = {self.d_model} cannot be shared equally by n_heads = {self.n_heads}. "
                "Choose a d_model that is a multiple of n_heads."
            )
        _check_range("d_mlp", self.d_mlp, 4, 8192)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("loss", self.loss, LOSSES)
        for name, (low, high) in CHANGEABLE.items():
            _check_range(name, getattr(self, name), low, high)
        _check_range("beta1", self.beta1, 0.0, 0.9999)
        _check_range("beta2", self.beta2, 0.0, 0.99999)
        _check_range("eps", self.eps, 1e-16, 1.0)
        _check_range("warmup_steps", self.warmup_steps, 1, 100_000)
        _check_range("steps", self.steps, 1, 10_000_000)
        _check_choice("stop", self.stop, STOP_RULES)
        _check_range("log_every", self.log_every, 1, 10_000)
        _check_range("max_snapshots", self.max_snapshots, 2, 2_000)
        _check_choice("precision", self.precision, PRECISIONS)
        _check_changes(self.changes)

    def at(self, step: int) -> "RunConfig":
        """The config whose settings hold for the update after `step`, with the changes up to there made."""
        now = {name: value for since, name, value in self.changes if since <= step}
        return dataclasses.replace(self, changes=(), **now)  # pyright: ignore[reportArgumentType]

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    @property
    def d_vocab(self) -> int:
        """The numbers 0..p-1 and the token "=". The answer is one of p, so W_U has p columns."""
        return self.p + 1

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter, in the names and layout of TransformerLens."""
        h, d, e, m = self.n_heads, self.d_model, self.d_head, self.d_mlp
        return {
            "W_E": (self.d_vocab, d),
            "W_pos": (3, d),
            "W_Q": (h, d, e),
            "W_K": (h, d, e),
            "W_V": (h, d, e),
            "W_O": (h, e, d),
            "W_in": (d, m),
            "b_in": (m,),
            "W_out": (m, d),
            "b_out": (d,),
            "W_U": (d, self.p),
        }

    @property
    def n_parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes.values())


# Fields that records of older runs do not have. Written only where they say something, a config reads the same,
# and has the same fingerprint, as before there were any.
YOUNGER = ("optimizer", "loss", "changes", "train_pairs")


def to_json(config: RunConfig) -> dict:
    """The config as plain JSON values, one key a field; without those of `YOUNGER` that have their default."""
    values = dataclasses.asdict(config)
    return {name: v for name, v in values.items() if name not in YOUNGER or v != getattr(RunConfig, name)}


def from_json(values: object) -> RunConfig:
    """The config back from `to_json`. Missing fields take their defaults.

    Raises `ConfigError` when it is no object, names an unknown field or holds a value out of range.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"A config is a JSON object, got {type(values).__name__}.")
    known = {field.name for field in dataclasses.fields(RunConfig)}
    if unknown := sorted(str(key)[:40] for key in values.keys() - known):
        raise ConfigError(f"Unknown setting {unknown[0]!r}. The settings are: {', '.join(sorted(known))}.")
    settings: dict = dict(values)
    if "changes" in settings:
        settings["changes"] = _changes_from_json(settings["changes"])
    return RunConfig(**settings)


def _changes_from_json(values: object) -> tuple:
    if not isinstance(values, list) or not all(isinstance(change, list) for change in values):
        raise ConfigError(f"changes = {str(values)[:80]!r} should be a list of [step, setting, value].")
    return tuple(tuple(change) for change in values)


def _check_type(name: str, value: object, expected: object) -> None:
    allowed = (int, float) if expected is float else expected
    if isinstance(value, bool) or not isinstance(value, allowed):  # pyright: ignore[reportArgumentType]
        raise ConfigError(f"{name} = {str(value)[:80]!r} should be {_TYPE_WORDS[expected]}.")


def _check_changes(changes: object) -> None:
    if not isinstance(changes, tuple) or len(changes) > MAX_CHANGES:
        raise ConfigError(f"changes should be at most {MAX_CHANGES} of (step, setting, value).")
    before = 0
    for change in changes:
        match change:
            case (int(step), str(name), float(value) | int(value)) if (
                name in CHANGEABLE and step >= before and not {type(step), type(value)} & {bool}
            ):
                _check_range(name, value, *CHANGEABLE[name])
                before = step
            case _:
                raise ConfigError(
                    f"changes names {str(change)[:80]}. Expected (step, setting, value), the steps ascending, the "
                    f"setting one of: {', '.join(CHANGEABLE)}."
                )


_TYPE_WORDS: dict[object, str] = {int: "a whole number", float: "a number", str: "a text"}


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise ConfigError(f"{name} = {value} is out of range. Choose a value from {low:g} to {high:g}.")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} = {value[:80]!r} is not known. Choose one of: {', '.join(choices)}.")


def _check_train_pairs(split: str, text: str, p: int) -> None:
    if split != "stored":
        if text:
            raise ConfigError(
                f"train_pairs is for the split stored, and the split is {split}. Leave it empty."
            )
        return
    try:
        bits = base64.b64decode(text, validate=True)
    except ValueError:
        bits = b""
    n_train = int.from_bytes(bits, "big").bit_count()
    if len(bits) != math.ceil(p * p / 8) or not 0 < n_train < p * p:
        raise ConfigError(
            f"train_pairs holds {len(bits):,} bytes that name {n_train:,} pairs, expected base64 of "
            f"{math.ceil(p * p / 8):,} bytes, a bit for each of {p * p:,} pairs, some set and some not. "
            "Import the run again."
        )


PRESETS: dict[str, RunConfig] = {
    # Nanda et al. 2023: p = 113, 30 % of the pairs, weight decay 1, lr 1e-3, 40,000 steps, split by
    # random.seed(0); random.shuffle, as in the released code.
    "paper": RunConfig(split="paper", log_every=20),
    # Larger steps and a little more data, half the width and a smaller modulus: memorises within 100 steps,
    # groks after 1,000 to 2,000 (seeds 0 and 1), which two cores train within a minute.
    "quick": RunConfig(
        p=59,
        frac_train=0.35,
        d_model=64,
        d_mlp=256,
        lr=3e-3,
        weight_decay=2.0,
        steps=6_000,
        stop="cleanup",
        max_snapshots=100,
    ),
}
