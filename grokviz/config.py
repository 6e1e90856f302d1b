"""What a run is: one frozen record that names every choice behind a training run, and the table of these settings.

The defaults are the recipe of Nanda et al. 2023, "Progress measures for grokking via mechanistic
interpretability" (arXiv 2301.05217), section 3 and appendix A, and of its released code.

The fields are flat, as version 1 writes them and as scripts name them. What belongs together is derived:
`RunConfig.model` is the network, and a `RunConfig` is itself the `PairSpec` of its task.
"""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

from grokviz.errors import ConfigError
from grokviz.methods import LOSSES, OPTIMIZERS
from grokviz.models.spec import ARCHITECTURES, ModelSpec, Shapes
from grokviz.settings import Setting, setting, table_of
from grokviz.tasks import named_groups
from grokviz.tasks.numbers import LARGEST_MODULUS, SMALLEST_MODULUS, is_prime, next_prime
from grokviz.tasks.pairs import (
    COMPOSE,
    DRAWN,
    OPERATIONS,
    SPLITS,
    Operation,
    check_train_pairs,
    operation_of,
    vocabulary,
)

STOP_RULES = ("steps", "cleanup")
PRECISIONS = ("float16", "float32")
READ_AT = ("=", "b")  # b: networks that were trained elsewhere
MAX_CHANGES = 100


@dataclass(frozen=True)
class RunConfig:
    """Every choice behind a run. Same config, same initial weights and same split, on any machine.

    Raises `ConfigError` on construction when a field is out of its range.
    """

    # fmt: off
    # the task
    p: int = setting(113, Setting(
        "Modulus", f"the modulus, {SMALLEST_MODULUS} to {LARGEST_MODULUS}", (SMALLEST_MODULUS, LARGEST_MODULUS),
        flag="--modulus", limited=True, kept_by_forks=True,
        hint="The number of hours on the clock. Any number will do, not only primes.",
    ))
    operation: str = setting("add", Setting(
        "Operation", "one of: " + ", ".join((*OPERATIONS, COMPOSE)), choices=(*OPERATIONS, COMPOSE), kept_by_forks=True,
        in_files=("fn_name", "operation", "op", "task"), asked=("Operation", "Which operation was it trained on?"),
    ))
    group: str = setting("", Setting(
        "Group", f"the group whose elements are composed, such as {', '.join(named_groups.OFFERED[:6])}",
        kept_by_forks=True, is_young=True, hint="Things that can be done one after the other: shuffles, turns, flips.",
    ))
    frac_train: float = setting(0.3, Setting(
        "Pairs to train on", "share of the pairs to train on", (0.01, 0.99),
        hint="The rest is never shown to the network: only there can it prove that it has understood.",
        in_files=("frac_train", "train_frac", "frac", "fraction", "training_fraction"),
        asked=("Share trained on", "Which share of the pairs was it trained on?"),
    ))
    frac_before: float = setting(0.0, Setting(
        "Trained on before", "of a fork with fewer pairs: the share trained on before, 0 where it is the same",
        (0.0, 0.99), flag="", is_young=True,
    ))
    wrong_labels: float = setting(0.0, Setting(
        "Wrong labels", "share of the training pairs whose label is wrong: any answer but theirs", (0.0, 0.9),
        kept_by_forks=True, is_young=True,
        hint="A teacher who errs: so many of the pairs it trains on are given with a false answer.",
        in_files=("wrong_labels", "label_noise", "noise_frac", "corrupt_frac", "frac_corrupted"),
    ))
    split: str = setting("seeded", Setting(
        "Split", "seeded, or paper: Python's random.shuffle, as Nanda et al.", choices=SPLITS,
        kept_by_forks=True, incidental=True,
        asked=("Drawn by", "How were the pairs drawn: as the paper's code does, as GrokViz does, or is it not known?"),
    ))
    train_pairs: str = setting("", Setting(
        "Training pairs", "of split stored: a bit a pair, see `tasks.pairs.encode_pairs`",
        flag="", kept_by_forks=True, incidental=True, is_young=True,
    ))
    seed: int = setting(0, Setting(
        "Seed", "of the split and of the initial weights", (0, 2**32 - 1), kept_by_forks=True, incidental=True,
        hint="Another seed: other pairs, other first weights.", asked=("Seed", "With which seed were they drawn?"),
    ))
    # the model
    d_model: int = setting(128, Setting(
        "Width (d_model)", "width of the residual stream", (4, 1024), limited=True, kept_by_forks=True,
    ))
    n_heads: int = setting(4, Setting(
        "Heads", "attention heads", (1, 64), flag="--heads", limited=True, kept_by_forks=True,
    ))
    d_mlp: int = setting(512, Setting("Neurons", "neurons", (4, 8192), limited=True, kept_by_forks=True))
    architecture: str = setting("transformer", Setting(
        "Network", "transformer, or mlp: two embeddings and one hidden layer, without attention", choices=ARCHITECTURES,
        kept_by_forks=True, is_young=True,
    ))
    attention_rate: float = setting(1.0, Setting(
        "Attention rate", "of the attention, 1 as usual; at 0 every token gets 1 whatever it is, and a pizza may form",
        (0.0, 1.0), kept_by_forks=True, is_young=True,
        hint="At 1 it attends as transformers do. At 0 every token counts alike, and it has to add in another way.",
        in_files=("attention_rate", "attn_coeff"),
        asked=("Attention rate", "At which attention rate was it trained: 1, as usual, or less?"),
    ))
    read_at: str = setting("=", Setting(
        "Read at", "the token at which it answers: =, or b where it is shown no =", flag="", choices=READ_AT,
        kept_by_forks=True, is_young=True,
    ))
    # the training
    optimizer: str = setting("adamw", Setting(
        "Optimiser", "one of: " + ", ".join(OPTIMIZERS), choices=tuple(OPTIMIZERS), is_young=True,
    ))
    loss: str = setting("softmax", Setting(
        "Loss", "softmax, or stablemax: what the cross-entropy to be trained on is taken of",
        choices=LOSSES, is_young=True,
    ))
    lr: float = setting(1e-3, Setting(
        "Learning rate", "learning rate", (1e-7, 1.0), changeable=True, hint="How large each correction is.",
        in_files=("lr", "learning_rate"),
    ))
    weight_decay: float = setting(1.0, Setting(
        "Weight decay", "decoupled, of every parameter", (0.0, 100.0), changeable=True,
        hint="How hard every weight is pulled towards zero. It makes remembering expensive.",
        in_files=("weight_decay", "wd"),
    ))
    beta1: float = setting(0.9, Setting(
        "Beta 1", "memory of Adam's mean of the gradient", (0.0, 0.9999), in_files=("beta1",),
    ))
    beta2: float = setting(0.98, Setting(
        "Beta 2", "memory of Adam's mean of its square", (0.0, 0.99999), in_files=("beta2",),
    ))
    eps: float = setting(1e-8, Setting(
        "Epsilon", "what Adam adds to the root of that mean", (1e-16, 1.0), in_files=("eps",),
    ))
    warmup_steps: int = setting(10, Setting(
        "Warm-up", "steps over which the learning rate rises to its value", (1, 100_000),
    ))
    muon_momentum: float = setting(0.95, Setting(
        "Muon's momentum", "memory of Muon's mean of the gradient", (0.0, 0.9999), of_optimizer="muon", is_young=True,
    ))
    muon_scale: float = setting(0.2, Setting(
        "Muon's scale", "size of an entry in Muon's update of a matrix", (1e-3, 10.0), of_optimizer="muon", is_young=True,
    ))
    muon_iterations: int = setting(5, Setting(
        "Muon's iterations", "of Newton and Schulz, to the nearest orthogonal matrix", (1, 20),
        of_optimizer="muon", is_young=True,
    ))
    grokfast_alpha: float = setting(0.98, Setting(
        "Grokfast's alpha", "memory of its mean of the gradient", (0.0, 0.9999), of_optimizer="grokfast", is_young=True,
    ))
    grokfast_lambda: float = setting(2.0, Setting(
        "Grokfast's lambda", "how much of that mean is added to the gradient", (0.0, 100.0),
        of_optimizer="grokfast", is_young=True,
    ))
    grokfast_ma_window: int = setting(100, Setting(
        "Grokfast's window", "of how many last gradients it adds the mean; before there are so many, none",
        (2, 200), of_optimizer="grokfast_ma", is_young=True,
    ))
    grokfast_ma_lambda: float = setting(5.0, Setting(
        "Grokfast's lambda", "how much of that mean is added to the gradient", (0.0, 100.0),
        of_optimizer="grokfast_ma", is_young=True,
    ))
    perpendicular_rescale: str = setting("no", Setting(
        "Keep its length", "no, or yes, as its authors' code: what is left of the gradient is made as long as that was",
        choices=("no", "yes"), of_optimizer="perpendicular", is_young=True,
    ))
    sphere_alpha: float = setting(0.8, Setting(
        "Radius of the sphere", "norm of all weights, as a part of that at the start", (0.05, 10.0),
        of_optimizer="sphere", is_young=True,
    ))
    steps: int = setting(40_000, Setting(
        "Steps, at most", "full-batch steps", (1, 10_000_000), limited=True, may_differ=True, incidental=True,
    ))
    stop: str = setting("steps", Setting(
        "Stop", "steps, or cleanup: stop early once cleanup has finished", choices=STOP_RULES,
        may_differ=True, incidental=True,
    ))
    changes: tuple[tuple[int, str, float], ...] = setting((), Setting(
        "Changes", "(step, a changeable setting, its value from there on)", flag="", may_differ=True, is_young=True,
    ))
    # the record
    log_every: int = setting(10, Setting(
        "Steps between logged losses", "steps between two logged losses", (1, 10_000), incidental=True,
    ))
    max_snapshots: int = setting(150, Setting(
        "Snapshots, at most", "how many snapshots of the weights to keep at most", (2, 2_000),
        flag="--snapshots", limited=True, may_differ=True, incidental=True,
    ))
    precision: str = setting("float16", Setting(
        "Precision", "of the stored weights: float16 or float32", choices=PRECISIONS, shared=("float16",),
        kept_by_forks=True, incidental=True,
    ))
    # fmt: on

    def __post_init__(self) -> None:
        for name, about in SETTINGS.items():
            if about.kind is not tuple:
                about.check(getattr(self, name))
        _check_group(self.operation, self.group, self.p)
        _check_modulus(operation_of(self), self.p)
        check_train_pairs(self.split, self.train_pairs, self.p)
        _check_teaching(self)
        _check_changes(self.changes)
        _ = self.model  # raises when its sizes do not fit each other

    def at(self, step: int) -> "RunConfig":
        """The config whose settings hold for the update after `step`, with the changes up to there made."""
        now = {name: value for since, name, value in self.changes if since <= step}
        return dataclasses.replace(self, changes=(), **now)  # pyright: ignore[reportArgumentType]

    @cached_property
    def model(self) -> ModelSpec:
        """The network: its sizes, and the shapes of its parameters. An mlp has no heads, and neither it nor a network
        that answers at b is shown an "="."""
        is_mlp, words = self.architecture == "mlp", vocabulary(self.p)
        if is_mlp or self.read_at == "b":
            words = words._replace(d_vocab=words.d_vocab - 1, n_ctx=words.n_ctx - 1)
        return ModelSpec(
            *words,
            d_model=self.d_model,
            n_heads=1 if is_mlp else self.n_heads,
            d_mlp=self.d_mlp,
            architecture=self.architecture,
            attention_rate=self.attention_rate,
        )

    @property
    def shapes(self) -> Shapes:
        """Those of `model`."""
        return self.model.shapes

    @property
    def n_parameters(self) -> int:
        return self.model.n_parameters


SETTINGS = table_of(RunConfig)
CHANGEABLE = tuple(name for name, s in SETTINGS.items() if s.changeable)  # while a run is trained


def settings_of(config: RunConfig) -> dict[str, object]:
    """The value of every setting that means something in this run: not those of other optimisers."""
    return {
        name: getattr(config, name)
        for name, s in SETTINGS.items()
        if s.of_optimizer in ("", config.optimizer)
    }


def same_course(config: RunConfig, other: RunConfig) -> bool:
    """Whether two runs differ no more than two seeds do."""
    mine, its = (
        {n: v for n, v in settings_of(c).items() if not SETTINGS[n].incidental} for c in (config, other)
    )
    return mine == its


def to_json(config: RunConfig) -> dict[str, object]:
    """The config as plain JSON values, one key a field.

    Settings that records of older runs do not have (`is_young`) are left out where they have their default, so that
    a config reads the same, and has the same fingerprint, as before there were any.
    """
    values = dataclasses.asdict(config)
    return {
        name: v for name, v in values.items() if not SETTINGS[name].is_young or v != SETTINGS[name].default
    }


def from_json(values: object) -> RunConfig:
    """The config back from `to_json`. Missing fields take their defaults, and whole numbers where a field holds any
    become what the field holds: some write 1 for 1.0.

    Raises `ConfigError` when it is no object, names an unknown field or holds a value out of range.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"A config is a JSON object, got {type(values).__name__}.")
    if unknown := sorted(str(key)[:40] for key in values.keys() - SETTINGS.keys()):
        raise ConfigError(
            f"Unknown setting {unknown[0]!r}.", f"The settings are: {', '.join(sorted(SETTINGS))}."
        )
    settings: dict = dict(values)
    if "changes" in settings:
        settings["changes"] = _changes_from_json(settings["changes"])
    kinds = {field.name: field.type for field in dataclasses.fields(RunConfig)}
    for name, value in settings.items():
        if kinds[name] is float and type(value) is int and abs(value) < 2**53:
            settings[name] = float(value)
    return RunConfig(**settings)


def _changes_from_json(values: object) -> tuple:
    if not isinstance(values, list) or not all(isinstance(change, list) for change in values):
        raise ConfigError(f"changes = {str(values)[:80]!r} should be a list of [step, setting, value].")
    return tuple(
        tuple(
            float(part) if i == 2 and type(part) is int and abs(part) < 2**53 else part
            for i, part in enumerate(change)
        )
        for change in values
    )


class OfGroup(TypedDict):
    """The settings that ask about a group."""

    operation: str
    group: str
    p: int


def of_group(name: str, p: int = 0) -> OfGroup:
    """The settings of a group, however its name is spelt; without a name those of addition mod p. Raises `ConfigError` for another name."""
    if not name:
        return {"operation": "add", "group": "", "p": p}
    group = named_groups.canonical(name)
    return {"operation": COMPOSE, "group": group, "p": named_groups.order_of(group)}


def _check_group(operation: str, group: str, p: int) -> None:
    if operation != COMPOSE:
        if group:
            raise ConfigError(
                f"The group {group[:40]!r} goes with the operation {COMPOSE}, and this is {operation}.",
                mend=f"Choose the operation {COMPOSE}, or leave the group empty.",
            )
        return
    known = named_groups.canonical(group)
    if group != known or p != named_groups.order_of(known):
        raise ConfigError(
            f"The group {group[:40]!r} with p = {p} does not fit.",
            mend=f"Its name is {known}, and p is the number of its elements: {named_groups.order_of(known)}.",
        )


def _check_modulus(operation: Operation, p: int) -> None:
    if operation.needs_prime and not is_prime(p):
        raise ConfigError(
            f"p = {p} is not prime, and {operation.name} divides, which needs a prime modulus.",
            mend=f"Choose p = {next_prime(p)}, or another operation.",
        )


def _check_teaching(config: RunConfig) -> None:
    if config.frac_before and (config.split not in DRAWN or config.frac_before <= config.frac_train):
        raise ConfigError(
            f"frac_before = {config.frac_before:g} with frac_train = {config.frac_train:g} and the split {config.split} "
            "names no pairs that are trained on no more.",
            mend="Make it 0, or larger than frac_train and the split one of: " + ", ".join(DRAWN) + ".",
        )
    if config.wrong_labels and config.split == "unknown":
        raise ConfigError(
            "Which pairs have a wrong label cannot be told where it is not known which are trained on.",
            mend="Make wrong_labels 0.",
        )


def _check_changes(changes: object) -> None:
    if not isinstance(changes, tuple) or len(changes) > MAX_CHANGES:
        raise ConfigError(f"changes should be at most {MAX_CHANGES} of (step, setting, value).")
    before = 0
    for change in changes:
        match change:
            case (int(step), str(name), float(value) | int(value)) if (
                name in CHANGEABLE and step >= before and not {type(step), type(value)} & {bool}
            ):
                SETTINGS[name].check(value)
                before = step
            case _:
                raise ConfigError(
                    f"changes names {str(change)[:80]}.",
                    "Expected (step, setting, value), the steps ascending, the setting one of: "
                    f"{', '.join(CHANGEABLE)}.",
                )
