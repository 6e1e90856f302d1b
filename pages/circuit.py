"""The circuit: the algorithm in the weights."""

from grokviz.app import shell

MENU = {
    "title": "The circuit",
    "section": "Look inside",
    "place": 3,
    "icon": "all_inclusive",
    "help": "The algorithm that the network found, in its weights.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import page  # noqa: E402

shell.article(
    "The algorithm in the weights",
    "A network that has grokked addition does not look its answers up. It computes them, with waves. Here are the four stations at which you can "
    "see it in the weights; drag to an early step, and each of them dissolves.",
)
with shell.column():
    page.run_picker()
page.explorer(
    panels=("embedding", "rings", "attention", "neurons", "outputs", "logits"),
    below=page.circuit_note,
    at_end=True,
)

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
        "heads looks at $a$ rather than $b$ is often close to a single wave of the two numbers: stripes. In the paper's run "
        "one frequency explains 97.9 to 99.1 % of it, head by head; what it is here stands above."
    )
    st.header("3. Waves are multiplied", anchor=False)
    st.markdown(
        "To add two angles, one needs products: $\\cos(w_k(a+b)) = \\cos w_k a \\cos w_k b - \\sin w_k a \\sin w_k b$. "
        "Attention and the neurons supply them. In a grokked run most neurons follow one frequency, which explains over "
        "85 % of their variance (433 of "
        "512 in the paper's run): their maps over all pairs are chequered with its period."
    )
    st.header("4. The waves are added up", anchor=False)
    st.markdown(
        "The matrix $W_L = W_{out} W_U$ takes neurons to answers. It gives answer $c$ a weighted sum of "
        "$\\cos(w_k(a+b-c))$ over the key frequencies. Every one of these waves is at its crest where $c = a+b$, and "
        "nowhere else do all of them agree. The last panel takes the answers apart into waves of $a$ and $b$: in the "
        "end a few small blocks on its diagonal outshine all else."
    )
    st.caption(
        "Sections 4.1 to 4.3 and appendix C.1.2 of [Nanda et al. 2023](https://arxiv.org/abs/2301.05217). The published figures are "
        "those of the paper's own run; the figures above are measured on the run in view."
    )

shell.foot(
    "So much for the parts. Next, put one question in, and follow it through all of them.",
    "follow",
    "cut",
    "build",
    controls=page.plain_controls,
)
