"""What a run on sequences is: one frozen record of every choice, and its table of settings, beside those of `config.py`.

Each task has its recipe: that of the notebook whose phase changes are shown, with the sizes of its network.
"""

import dataclasses
from dataclasses import dataclass
from functools import cached_property

from grokviz.errors import ConfigError
from grokviz.models.sequence import NETWORKS, SequenceSpec
from grokviz.models.spec import Shapes
from grokviz.settings import Setting, setting, table_of
from grokviz.tasks.sequences import SEQUENCE_TASKS, SequenceTask, Sizes

PRECISIONS = ("float16", "float32")
TASKS = tuple(SEQUENCE_TASKS)


@dataclass(frozen=True)
class SequenceConfig:
    """Every choice behind a run on sequences; `recipe` has those of each task. Same config, same data and same start.

    Raises `ConfigError` on construction when a field is out of its range, or is none of the task.
    """

    # fmt: off
    # the task
    task: str = setting("skip-trigrams", Setting("Task", "one of: " + ", ".join(TASKS), choices=TASKS))
    n_symbols: int = setting(10, Setting(
        "Symbols", "of skip-trigrams: special tokens; of repeats: all tokens", (0, 1024), flag="--symbols", limited=True,
    ))
    length: int = setting(42, Setting("Length", "of skip-trigrams and repeats: tokens of a sequence", (0, 256), limited=True))
    n_digits: int = setting(0, Setting(
        "Digits", "of digits: how many each of the two numbers has", (0, 9), flag="--digits", limited=True,
    ))
    span: int = setting(0, Setting("Repeated", "of repeats: how many tokens are repeated", (0, 64)))
    n_train: int = setting(0, Setting(
        "Sequences to train on", "size of a fixed set to train on; 0: endless data, each sequence seen once",
        (0, 100_000), flag="--train-on", limited=True,
        hint="0 is endless: no sequence comes twice. With few it can learn them by heart instead.",
    ))
    seed: int = setting(0, Setting("Seed", "of the data and of the initial weights", (0, 2**32 - 1), incidental=True))
    # the model
    network: str = setting("transformer", Setting(
        "Network", "transformer; doubled: its residual stream counts twice in every layer; toy: of skip-trigrams, QK and OV",
        choices=NETWORKS,
    ))
    n_layers: int = setting(1, Setting("Layers", "layers of the network", (1, 4), flag="--layers", limited=True))
    d_model: int = setting(32, Setting("Width (d_model)", "width of the residual stream", (4, 512), limited=True))
    n_heads: int = setting(1, Setting("Heads", "attention heads in a layer", (1, 16), flag="--heads", limited=True))
    d_head: int = setting(8, Setting("Width of a head", "width of an attention head", (1, 128), limited=True))
    d_mlp: int = setting(0, Setting("Neurons", "neurons in a layer; 0: attention only", (0, 2048), limited=True))
    # the training
    lr: float = setting(1e-3, Setting("Learning rate", "learning rate", (1e-7, 1.0)))
    weight_decay: float = setting(0.1, Setting("Weight decay", "decoupled, of every parameter", (0.0, 100.0)))
    beta1: float = setting(0.9, Setting("Beta 1", "memory of Adam's mean of the gradient", (0.0, 0.9999)))
    beta2: float = setting(0.98, Setting("Beta 2", "memory of Adam's mean of its square", (0.0, 0.99999)))
    eps: float = setting(1e-8, Setting("Epsilon", "what Adam adds to the root of that mean", (1e-16, 1.0)))
    warmup_steps: int = setting(10, Setting("Warm-up", "steps over which the learning rate rises to its value", (1, 100_000)))
    batch_size: int = setting(256, Setting("Batch", "sequences in a step", (1, 8192), limited=True))
    steps: int = setting(1000, Setting("Steps", "steps of the training", (1, 10_000_000), limited=True, may_differ=True))
    # the record
    log_every: int = setting(10, Setting("Steps between logged losses", "steps between two logged losses", (1, 10_000)))
    n_test: int = setting(1000, Setting(
        "Sequences to test on", "fresh sequences on which it is measured", (1, 20_000), flag="--test-on", limited=True,
    ))
    max_snapshots: int = setting(60, Setting(
        "Snapshots, at most", "how many snapshots of the weights to keep at most", (2, 2_000), flag="--snapshots", limited=True,
    ))
    precision: str = setting("float16", Setting("Precision", "of the stored weights: float16 or float32", choices=PRECISIONS))
    # fmt: on

    def __post_init__(self) -> None:
        for name, about in SEQUENCE_SETTINGS.items():
            about.check(getattr(self, name))
        _check_sizes(self)

    # No fields: such a run is trained by AdamW, and to its last step.
    optimizer = "adamw"
    stop = "steps"

    @cached_property
    def question(self) -> SequenceTask:
        """The task, at these sizes."""
        return SEQUENCE_TASKS[self.task].build(self.sizes)

    @property
    def sizes(self) -> Sizes:
        return Sizes(*(getattr(self, name) for name in Sizes._fields))

    @cached_property
    def model(self) -> SequenceSpec:
        """The network."""
        task = self.question
        words = task.d_vocab, task.d_vocab_out, task.n_ctx
        return SequenceSpec(
            *words, self.n_layers, self.d_model, self.n_heads, self.d_head, self.d_mlp, self.network
        )

    @property
    def shapes(self) -> Shapes:
        """Those of `model`."""
        return self.model.shapes

    @property
    def n_parameters(self) -> int:
        return self.model.n_parameters

    @property
    def columns(self) -> tuple[str, ...]:
        """The further columns of its log: a loss for each part of the task."""
        return tuple(part.column for part in self.question.parts)


SEQUENCE_SETTINGS = table_of(SequenceConfig)

# What differs from the defaults, which are those of skip trigrams. The released five-digit network is 128 wide; its
# learning rate is not known, and 1e-3 gives curves like its own. Of repeats the betas are those stored in the released
# file, which has the learning rate 1e-3, weight decay 1 and 128 sequences a step. Here it is three times the rate and a
# third of the decay, so that a step shrinks the weights as much: its loss falls from 4 to 1 in at most 100 steps on seeds
# 0 to 2, and one head does alone what several shared.
RECIPES: dict[str, dict[str, object]] = {
    "skip-trigrams": {},
    "digits": {
        "n_symbols": 0, "length": 0, "n_digits": 5, "d_model": 128, "n_heads": 4, "d_head": 32, "d_mlp": 512,
        "batch_size": 64, "steps": 1500, "n_test": 500, "max_snapshots": 40,
    },
    "repeats": {
        "n_symbols": 128, "length": 85, "span": 16, "network": "doubled", "n_layers": 2, "d_model": 48, "n_heads": 4,
        "d_head": 12, "lr": 3e-3, "weight_decay": 0.3, "beta2": 0.999, "batch_size": 64, "steps": 800, "n_test": 128,
    },
}  # fmt: skip
TOY = {"d_model": 4, "n_heads": 1, "d_head": 4, "lr": 1e-2}  # the toy has no width: these are not looked at


def recipe(name: str, **changed: object) -> SequenceConfig:
    """The recipe of a task, with some settings changed. Raises `ConfigError` when a task or a value cannot be."""
    SEQUENCE_SETTINGS["task"].check(name)
    toy = TOY if changed.get("network") == "toy" else {}
    return from_json({**RECIPES[name], **toy, **changed, "task": name})


def to_json(config: SequenceConfig) -> dict[str, object]:
    """The config as plain JSON values, one key a field. That it names a task tells it from those of pairs."""
    return dataclasses.asdict(config)


def from_json(values: object) -> SequenceConfig:
    """The config back from `to_json`. Raises `ConfigError` when it names an unknown field or a value cannot be."""
    if not isinstance(values, dict) or "task" not in values:
        raise ConfigError("A config of a run on sequences is a JSON object that names its task.")
    if unknown := sorted(str(key)[:40] for key in values.keys() - SEQUENCE_SETTINGS.keys()):
        raise ConfigError(
            f"Unknown setting {unknown[0]!r} of {str(values['task'])[:40]}.",
            f"The settings are: {', '.join(SEQUENCE_SETTINGS)}.",
        )
    settings = dict(values)
    for name, value in settings.items():
        if SEQUENCE_SETTINGS[name].kind is float and type(value) is int and abs(value) < 2**53:
            settings[name] = float(value)
    return SequenceConfig(**settings)  # pyright: ignore[reportArgumentType]


def _check_sizes(config: SequenceConfig) -> None:
    kind = SEQUENCE_TASKS[config.task]
    for name in Sizes._fields:
        size = getattr(config, name)
        if name not in kind.knows and size:
            raise ConfigError(f"{name} = {size} means nothing for {config.task}.", mend="Leave it at 0.")
        if name in kind.knows and size < LEAST[name]:
            raise ConfigError(f"{name} = {size} is too few for {config.task}.", f"Expected {LEAST[name]} or more.")  # fmt: skip
    if len(config.columns) > MAX_PARTS:
        raise ConfigError(
            f"{len(config.columns)} special tokens have a column each in the log,",
            f"expected at most {MAX_PARTS}.",
        )
    if config.task == "repeats" and not config.span <= (config.length - 1) // 3:
        raise ConfigError(
            f"{config.span} repeated tokens do not fit into a third of {config.length}.",
            f"Expected at most {(config.length - 1) // 3}.",
            "Choose a smaller span or a greater length.",
        )
    if config.network == "toy" and config.task != "skip-trigrams":
        raise ConfigError(f"The toy knows skip trigrams alone, and this is {config.task}.")


MAX_PARTS = 24  # as many further columns a log has
LEAST = {"n_symbols": 2, "length": 3, "n_digits": 1, "span": 2}
