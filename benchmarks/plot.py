"""The plot of `python -m benchmarks layers --plot FILE`: our time over PyTorch's, one row per layer; below 1 we are faster."""
from collections.abc import Sequence


def plot_layers(card: dict, rows: Sequence[dict], path: str) -> None:
    """Draw our time over PyTorch's, one row per layer."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = [row for row in rows if "ratio" in row][::-1]
    figure, axes = plt.subplots(figsize=(10, 0.34 * len(rows) + 1.8), layout="constrained")
    for y, row in enumerate(rows):
        axes.plot([row["forward_ratio"], row["backward_ratio"]], [y, y], color="0.8", zorder=1)
    for key, marker, color, label in (("forward_ratio", "o", "#0072b2", "forward"),
                                      ("backward_ratio", "s", "#e69f00", "backward"), ("ratio", "|", "black", "both together")):
        size = 260 if marker == "|" else 42
        axes.scatter([row[key] for row in rows], range(len(rows)), marker=marker, color=color, label=label, s=size, zorder=2)
    axes.axvline(1, color="0.3", linewidth=1)
    axes.set_xscale("log")
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if tick < 1.3 * max(row["forward_ratio"] for row in rows)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)
    axes.set_xlabel(f"time of nnscratch / time of PyTorch {card['pytorch']} in its better layout (left of 1: we are faster)")
    axes.set_title(f"NumPy against PyTorch, {card['threads']} threads of {card['processor']}", loc="left")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=3, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def plot_features(rows: Sequence[dict], path: str) -> None:
    """Style against content, a curve over the strengths for each loss network, for every style and for all."""
    from matplotlib.figure import Figure
    styles = list(dict.fromkeys(row["pair"].split(" x ")[1] for row in rows))
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    for axes, style in zip(figure.subplots(1, len(styles) + 1, sharey=True), ["all", *styles]):
        for name, color, marker in (("random", "#0072b2", "o"), ("texture", "#d55e00", "s")):
            curve = []
            for strength in sorted({row["strength"] for row in rows}):
                chosen = [row for row in rows if (row["features"], row["strength"]) == (name, strength)
                          and (style == "all" or row["pair"].endswith(f"x {style}"))]
                curve.append([sum(row[key] for row in chosen) / len(chosen) for key in ("content", "style")] + [strength])
            axes.plot([x for x, _, _ in curve], [y for _, y, _ in curve], marker=marker, color=color, label=name)
            for x, y, strength in curve:
                axes.annotate(f"{strength:g}", (x, y), xytext=(4, -9), textcoords="offset points", fontsize=7, color="0.4")
        axes.set_title(style, loc="left", fontsize=10)
        axes.set_xlabel("content lost")
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("style gained")
    figure.axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
