"""The story: what grokking is, told with one network."""

from grokviz.app import shell

MENU = {
    "title": "Story",
    "section": "Read",
    "place": 1,
    "icon": "auto_stories",
    "help": "What grokking is, and one network doing it.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import lottery, page, tour  # noqa: E402

shell.article(
    "It learns by heart. Much later, it understands.",
    "Show a small [neural network](glossary#weights) some sums on [a clock of 113 hours](glossary#modular-addition), such as "
    "100 + 20 = 7. Soon it knows those by heart (*train*, the dashed line falls), and is wrong about all others (*test*, "
    "the blue line rises). Then little seems to happen for thousands of [steps](glossary#step), until, quite suddenly, "
    "it answers **every** question. This is called [grokking](glossary#grokking). **Drag across the curves**: they say how "
    "surprised it is by the right answers, its [loss](glossary#loss).",
)
tour.offer_the_run_of_the_story()
page.explorer(panels=("rings", "answers"), layout="beside", tour=True)

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

with shell.column():
    st.header("It corrects its teacher", anchor=False)
    st.markdown(
        "What if some of the answers that it is taught are *false*? A table stores them like any others, a rule cannot. Teach a network "
        "a false answer to one question in ten. With little weight decay it recites them all. Then let the weight decay grow: its training "
        "accuracy *falls*, to about the share of answers that were true, and it answers most of the others right, against its teacher "
        "([Doshi and colleagues 2023](https://arxiv.org/abs/2310.13061) have studied it). On the page Train it is the recipe "
        "[An erring teacher](train?recipe=teacher)."
    )

lottery.section(page.film_key(("rings", "answers")))

shell.foot(
    "You have seen it from outside, and a little of what grows inside. Next, take the whole run in your hand, every picture of it at once; or train a network of your own, which takes less than a minute. The course leads through it all in eight steps.",
    "course",
    "timeline",
    "train",
    "follow",
    controls=page.plain_controls,
)
