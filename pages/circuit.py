"""The circuit: the algorithm in the weights."""

from grokviz.app import shell

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app import explorer  # noqa: E402

shell.article(
    "The algorithm in the weights",
    "A grokked network does not look anything up. It computes, with waves. Here are the four stations at which you can "
    "see it in the weights; drag to an early step, and each of them dissolves into noise.",
)
explorer.explorer(panels=("embedding", "rings", "attention", "neurons", "outputs", "logits"))

with shell.column():
    st.header("1. Numbers become angles", anchor=False)
    st.markdown(
        "The embedding turns the number $a$ into waves $\\cos(w_k a)$ and $\\sin(w_k a)$, with $w_k = 2\\pi k/p$, for a "
        "handful of *key frequencies* $k$. In the bars, few frequencies stand out from the floor. In the rings, the "
        "numbers lie on a circle for each of them: going once round the clock of $p$ hours turns ring $k$ by $k$ turns."
    )
    st.header("2. Attention brings the two numbers together", anchor=False)
    st.markdown(
        "The answer is read at the sign “=”, and only attention can bring $a$ and $b$ there. How much each of the "
        "heads looks at $a$ rather than $b$ is itself a wave of the two numbers: stripes of one period for each head. "
        "The paper finds that a single frequency explains 97.9 to 99.1 % of it."
    )
    st.header("3. Neurons multiply", anchor=False)
    st.markdown(
        "To add two angles, one needs products: $\\cos(w_k(a+b)) = \\cos w_k a \\cos w_k b - \\sin w_k a \\sin w_k b$. "
        "The neurons supply them. Most belong to one frequency, which explains over 85 % of what wakes them (433 of "
        "512 in the paper's run): their maps over all pairs are chequered with its period."
    )
    st.header("4. The waves are added up", anchor=False)
    st.markdown(
        "The matrix $W_L = W_{out} W_U$ takes neurons to answers. It gives answer $c$ the sum of "
        "$\\cos(w_k(a+b-c))$ over the key frequencies. Every one of these waves is at its crest where $c = a+b$, and "
        "nowhere else do all of them agree. The last panel takes the answers apart into waves of $a$ and $b$: in the "
        "end only a few points on its diagonal are left."
    )
    st.caption(
        "Sections 4.1 and 4.2 of [Nanda et al. 2023](https://arxiv.org/abs/2301.05217). The published figures are "
        "those of the paper's own run; what you see is measured on the run above."
    )

shell.foot()
