"""The measures: understanding before it shows."""

from grokviz.app import shell

shell.guard()

from grokviz.app import explorer, gauges  # noqa: E402

shell.article(
    "How to see understanding before it shows",
    "The test loss is blind: for thousands of steps it says that nothing happens. Whoever knows the circuit can ask "
    "better questions. Each of these **progress measures** puts one such question to every snapshot of a run. *L* are the "
    "logits over all pairs, *K* the key frequencies, and $C_k$, $S_k$ the waves $\\cos(w_k(a+b))$ and $\\sin(w_k(a+b))$, "
    "scaled to unit length.",
)
with shell.column():
    explorer.run_picker()
explorer.explorer(panels=("simplicity", "outputs"), below=gauges.gauges)
shell.foot()
