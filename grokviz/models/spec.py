"""The sizes of a network, and from them the name and shape of every parameter."""

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grokviz.errors import ConfigError

Shapes = dict[str, tuple[int, ...]]
ARCHITECTURES = ("transformer", "mlp")
RATE = "attention_rate"  # beside the parameters of a network that does not attend as others do


@dataclass(frozen=True)
class ModelSpec:
    """A transformer of one layer: attention and neurons, no LayerNorm, untied embeddings. Or the two-layer network of
    Chughtai et al. 2023 (arXiv 2302.03025), "mlp": two embeddings beside each other, one hidden layer, no biases.

    A transformer reads its answer at the last of `n_ctx` tokens: "=" of three, or b of two. Its attention is
    attention_rate * softmax + (1 - attention_rate): 1 is a transformer as usual, at 0 every token gets 1 whatever
    it is (Zhong et al. 2023, arXiv 2306.17844). An mlp has one "head" that is no head: `models.forward.completed`.

    Raises `ConfigError` when a size is no whole number above 0, heads do not share the width equally, there is
    more than one layer, or a setting is one of another architecture.
    """

    d_vocab: int  # tokens in
    d_vocab_out: int  # answers out
    n_ctx: int  # positions
    d_model: int
    n_heads: int
    d_mlp: int
    n_layers: int = 1
    architecture: str = "transformer"
    attention_rate: float = 1.0

    def __post_init__(self) -> None:
        for name, size in dataclasses.asdict(self).items():
            if name not in ("architecture", RATE) and (type(size) is not int or size < 1):
                raise ConfigError(f"{name} = {str(size)[:40]!r}.", "A size is a whole number above 0.")
        if self.d_model % self.n_heads:
            raise ConfigError(
                f"d_model = {self.d_model} cannot be shared equally by n_heads = {self.n_heads}.",
                mend="Choose a d_model that is a multiple of n_heads.",
            )
        if self.n_layers != 1:
            raise ConfigError(f"n_layers = {self.n_layers}.", "GrokViz knows networks of one layer.")
        if self.architecture == "mlp" and self.attention_rate != 1:
            raise ConfigError(
                f"attention_rate = {self.attention_rate:g}, and this network has no attention.",
                mend="Leave it at 1, or choose a transformer.",
            )

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    @property
    def has_attention(self) -> bool:
        return self.architecture == "transformer"

    @property
    def has_equals(self) -> bool:
        """It is shown "=" and answers there; without, it is shown a and b alone."""
        return self.n_ctx == 3

    @cached_property
    def constants(self) -> dict[str, np.ndarray]:
        """What has to be known besides the parameters to run the network: its attention rate, unless that is 1."""
        return {} if self.attention_rate == 1 else {RATE: np.array(self.attention_rate)}

    @cached_property
    def shapes(self) -> Shapes:
        """Name and shape of every parameter, in the names and layout of TransformerLens or, of an mlp, of its authors."""
        h, d, e, m = self.n_heads, self.d_model, self.d_head, self.d_mlp
        if not self.has_attention:
            embedding = (self.d_vocab, d)
            return {"W_x": embedding, "W_y": embedding, "W": (2 * d, m), "W_U": (m, self.d_vocab_out)}
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
