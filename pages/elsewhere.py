"""It happens elsewhere: three other phase changes, with endless data, and what makes one of them look like grokking."""

from grokviz.app import shell

MENU = {
    "title": "It happens elsewhere",
    "section": "Look inside",
    "place": 8,
    "icon": "landscape",
    "help": "Three other tasks whose loss falls off a cliff, and what that says of grokking.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.elsewhere import few, figures, link, live, runs, take  # noqa: E402
from grokviz.app.explorer import page  # noqa: E402

shell.article(
    "It happens elsewhere",
    "Grokking looks like a marvel of one odd task. But sudden understanding is common: here are three others, learned from "
    "**endless data**, in which no example comes twice and nothing can be learned by heart. Each waits on a **plateau**, "
    "where the network can only guess, and then falls off a **cliff**.",
)
figures.three_cliffs()
shell.trains_here()

with shell.column():
    st.header("1. A needle among forty straws", anchor=False)
    st.markdown(
        "Forty letters that mean nothing, one of them replaced by a capital: which one was it? To know, a network of "
        "one attention head has to do two things at once. It has to *look* at the capital, and it has to *say* its name. "
        "Whoever guesses between ten names has a [loss](glossary#loss) of ln 10, about 2.30."
    )
if viewed := runs.in_view("skip-trigrams"):
    figures.losses(viewed, "skip-trigrams")
    with shell.column():
        question = figures.ask_trigram(viewed)
    if question:
        figures.written_out(viewed, question)
    take.take(viewed, question)
live.offer("skip-trigrams")

with shell.column():
    st.subheader("The two parts that had to form", anchor=False)
    st.markdown(
        "Why so suddenly? Here is the same task in 242 numbers. *QK* says how much each token is looked at, *OV* what it says if "
        "it is; the answer is their product. As long as nobody looks at the capitals, it hardly matters what they would say, "
        "and as long as they say nothing useful, nothing is gained by looking. Both begin small, each slowly makes the other "
        "worth more, and when they have met, both grow fast."
    )
figures.toy()

with shell.column():
    st.header("2. A sum, digit by digit", anchor=False)
    st.markdown(
        "Two numbers of five digits; the network writes their sum from left to right. Every digit is a small task of its own, and "
        "has a cliff of its own, so the mean comes down like a staircase. In which order they fall differs from run to run. "
        "Below, the sum that you choose: the deeper the tint of a digit, the larger its loss; under it, what the network says and how "
        "sure it is of the right digit."
    )
if viewed := runs.in_view("digits"):
    figures.losses(viewed, "digits")
    with shell.column():
        question = figures.ask_sum(viewed)
        if question:
            figures.written_out(viewed, question)
    take.take(viewed, question)
live.offer("digits")

with shell.column():
    st.header("3. What came before comes again", anchor=False)
    st.markdown(
        "Random characters, among which one piece of sixteen stands three times. The first time, nobody can foretell it. After that, "
        "the next character is the one that followed last time. Two heads in two layers have to work together for that: "
        "the first looks at *the token before*, and passes on what it was; the second looks for a place where that was the token in "
        "hand, and so finds *what came after it*. Such a pair is called an **induction head**, and large language models have them too. "
        "Whoever guesses between 127 characters has a loss of ln 127, about 4.84."
    )
if viewed := runs.in_view("repeats"):
    left, right = st.columns(2, gap="large")
    with left:
        figures.losses(viewed, "repeats")
    with right:
        figures.scores(viewed)
    with shell.column():
        question = figures.ask_text(viewed)
    if question:
        figures.written_out(viewed, question)
        figures.attention_maps(viewed, question)
    take.take(viewed, question)
live.offer("repeats")

with shell.column():
    st.header("And what has that to do with grokking?", anchor=False)
    st.markdown(
        "The article's claim: grokking is what a phase change looks like when **data are few** and something presses the weights "
        "towards simplicity. With few examples there is a second way down, learning by heart, which is open at once; the general "
        "way still has its plateau and its cliff, but now only weight decay leads there. Does it hold of these three?"
    )
few.measured()
few.two_sliders()
with shell.column():
    st.markdown(
        "At full size it takes longer than anybody waits. In the curves that the article's authors released, 512 sequences of "
        "**repeats** are known by heart at step 2,065, and the loss on others falls below 3 only near step 198,600; **digits** from 750 "
        "sums slide for ten thousand steps without a cliff."
    )
    st.caption(
        "After N. Nanda and T. Lieberum 2022, [A Mechanistic Interpretability Analysis of Grokking]"
        "(https://www.alignmentforum.org/posts/N6WM6hs7RQMKDhYjB), its notebook and released curves; networks and data are those of the "
        "notebook, the runs are GrokViz's own. Induction heads: [Olsson et al. 2022](https://arxiv.org/abs/2209.11895)."
    )

link.keep()
shell.foot(
    "So much for cliffs without a table of sums. Next, train a network on a clock of your own, and watch both at once.",
    "train",
    "timeline",
    controls=page.plain_controls,
)
