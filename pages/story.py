"""The story: what grokking is, told with one network."""

from grokviz.app import shell

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import page, tour  # noqa: E402

shell.article(
    "It learns by heart. Much later, it understands.",
    "Show a small neural network some sums on a clock of 113 hours, such as 100 + 20 = 7, and train it on "
    "three questions in ten. Within a few hundred steps it knows those by heart and fails at nearly all the others. "
    "Little seems to happen for thousands of steps. Then, quite suddenly, it answers **every** question, even "
    "those it has never seen. This is called **grokking**. Below is one such network, step by step: "
    "**drag across the curves.**",
)

tour.tour()
page.explorer(panels=("rings", "answers", "embedding"))

with shell.column():
    st.header("What you are looking at", anchor=False)
    st.markdown(
        "The **orange dashed line** is how surprised the network still is by answers that it trains on; the "
        "**blue line**, by answers that it never sees. The axis is logarithmic: each labelled line down is a hundred "
        "times less surprised. Orange drops almost at once. Blue *rises*: the more the network relies on its "
        "memory, the more confidently wrong it is about everything else. And long after, blue falls too."
    )
    st.markdown(
        "From outside, it looks like a sudden insight. Neel Nanda and colleagues opened such a network "
        "[in 2023](https://arxiv.org/abs/2301.05217) and found that it is less sudden than it looks. Under the flat "
        "curve, a mechanism grows step by step."
    )
    st.header("Three phases", anchor=False)
    st.markdown(
        "**Memorisation.** The network stores its training pairs one by one. It has room enough: over 200,000 "
        "adjustable numbers for a few thousand sums.\n\n"
        "**Circuit formation.** Training also pulls every one of those numbers gently towards zero (*weight "
        "decay*). A table of thousands of sums is expensive to keep that way; a rule is cheap. The paper's explanation: so a rule is "
        "preferred, slowly, at first with little effect on the answers to new questions. You can see it in the rings: each one shows "
        "where the network keeps the numbers 0 to 112. From disorder, they become clock faces, mostly towards the end of this phase and in the next.\n\n"
        "**Cleanup.** Once the rule works, the memorised table only costs. Weight decay clears it away, and with "
        "it goes what has drowned out the rule. That is the sudden fall."
    )
    st.header("The rule it finds", anchor=False)
    st.markdown(
        "Nobody told the network what addition is. It turns each number into an angle on a few clocks, which turn "
        "at different speeds, adds the angles by the school formulas for cosine and sine, and reads off the only "
        "answer on which all its clocks agree. Each network finds clocks of its own: their speeds are its **key "
        "frequencies**."
    )
    st.page_link("pages/timeline.py", label="Explore a whole run, every panel", icon=":material/timeline:")
    st.page_link(
        "pages/measures.py", label="See understanding before it shows", icon=":material/query_stats:"
    )
    st.page_link("pages/circuit.py", label="Look at the circuit itself", icon=":material/all_inclusive:")

shell.foot()
