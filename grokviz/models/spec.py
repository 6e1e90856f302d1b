"""The sizes of a network, and from them the name and shape of every parameter."""

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property

from grokviz.errors import ConfigError

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class ModelSpec:
    """A transformer of one layer: attention and neurons, no LayerNorm, untied embeddings.

    Raises `ConfigError` when a size is no whole number above 0, heads do not share the width equally, or there is
    more than one layer.
    """

    d_vocab: int  # tokens in
    d_vocab_out: int  # answers out
    n_ctx: int  # positions
    d_model: int
    n_heads: int
    d_mlp: int
    n_layers: int = 1

    def __post_init__(self) -> None:
        for name, size in dataclasses.asdict(self).items():
            if type(size) is not int or size < 1:
                raise ConfigError(f"{name} = {str(size)[:40]!r}.", "A size is a whole number above 0.")
        if self.d_model % self.n_heads:
            raise ConfigError(
                f"d_model = {self.d_model} cannot be shared equally by n_heads = {self.n_heads}.",
                mend="Choose a d_model that is a multiple of n_heads.",
            )
        if self.n_layers != 1:
            raise ConfigError(f"n_layers = {self.n_layers}.", "GrokViz knows networks of one layer.")

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    @cached_property
    def shapes(self) -> Shapes:
        """Name and shape of every parameter, in the names and layout of TransformerLens."""
        h, d, e, m = self.n_heads, self.d_model, self.d_head, self.d_mlp
        return {
            "W_E": (self.d_vocab, d),
            "W_pos": (self.n_ctx, d),
            "W_Q": (h, d, e),
            "W_K": (h, d, e),
            "W_V": (h, d, e),
            "W_O": (h, e, d),
            "W_in": (d, m),
            "b_in": (m,),
            "W_out": (m, d),
            "b_out": (d,),
            "W_U": (d, self.d_vocab_out),
        }

    @property
    def n_parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes.values())
