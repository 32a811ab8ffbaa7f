"""The tables that `python -m benchmarks` prints: each row when it is measured, then a summary."""
from argparse import Namespace
from collections.abc import Iterable
from math import exp, log
from statistics import fmean
from typing import Any

from benchmarks import algorithms, calls, classifier, features, ladder, layers, memory, parallel, peers, steps, stylizers

CONTENDERS = "ours", "contiguous", "channels last"


def print_card(card: dict) -> None:
    """Print the machine's description."""
    print(f"{card['processor']}, {card['cores']} cores; NumPy {card['numpy']} with {card['blas']}"
          + (f"; PyTorch {card['pytorch']}, {card['threads']} threads" if card["pytorch"] else ""))
    print(f"ceilings: {card['gemm_gflops']:.0f} GFLOP/s in products, {card['copy_gb_per_s']:.0f} GB/s copying; "
          f"freed memory is {'kept' if card['freed_memory_kept'] else 'given back'}")
    for name, value in card["dropped_settings"].items():
        print(f"{name}={value} was set and is ignored here: it slows down NumPy, not its rivals")


def milliseconds(times: dict, name: str) -> str:
    """A median in ms; "-" if there is none."""
    return f"{1e3 * times[name]['median']:.2f}" if name in times else "-"


def ratio(row: dict, direction: str | None = None) -> str:
    """Our time over the rival's."""
    return f"{row.get(f'{direction}_ratio' if direction else 'ratio', float('nan')):5.2f}"


def geometric_mean(values: Iterable[float]) -> float:
    """exp of the mean logarithm; NaN if there are no values."""
    values = list(values)
    return exp(sum(map(log, values)) / len(values)) if values else float("nan")


def show_layers(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print each layer against PyTorch."""
    print(f"\n{'':44}  {'forward, ms':^27}    {'backward, ms':^27}")
    names = f"{'ours':>7} {'contig.':>7} {'ch.last':>7} {'ratio':>5}"
    print(f"{'':44} {names}   {names}   both  GFLOP/s  GEMM  copy  error")
    rows = []
    for row in layers.run(torch, options.rounds, options.only, card):
        rows.append(row)
        cells = [" ".join(f"{milliseconds(row[direction], name):>7}" for name in CONTENDERS) + f" {ratio(row, direction)}"
                 for direction in ("forward", "backward")]
        print(f"{row['name']:44} {cells[0]}   {cells[1]}  {ratio(row)}  {row['gflops']:7.0f} {row['share_of_gemm']:5.0%} "
              f"{row['share_of_copy']:5.0%}  {row['errors']['ours']:.0e}", flush=True)
    print("\nour time over PyTorch's in its better layout, geometric means (forward, backward, both):")
    groups = {"the whole list": rows, "convolutions": [row for row in rows if "kernel" in row["arrays"]]}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    for group, members in groups.items():
        keys = "forward_ratio", "backward_ratio", "ratio"
        means = [geometric_mean(row[key] for row in members if key in row) for key in keys]
        print(f"  {group:16} {len(members):3} layers  " + "  ".join(f"{mean:.2f}" for mean in means))
    spread = max(figure["spread"] for row in rows for way in ("forward", "backward") for figure in row[way].values())
    print(f"largest spread of one contender (half the distance of the quartiles): {spread:.0%}")
    return rows


def show_steps(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print whole steps against PyTorch."""
    print(f"\n{'ms':22} {'ours':>9} {'contig.':>9} {'ch.last':>9}  ratio")
    rows = []
    for row in steps.run(torch, options.rounds):
        rows.append(row)
        times = " ".join(f"{milliseconds(row['times'], name):>9}" for name in CONTENDERS)
        print(f"{row['name']:22} {times}  {ratio(row)}", flush=True)
    per_pixel = steps.scaling((128, 256, 512, 1024), min(options.rounds, 5))
    print("\nstyle step, time per pixel: " + ", ".join(f"{side} px {1e9 * s:.0f} ns" for side, s in per_pixel.items())
          + f"; largest over smallest {max(per_pixel.values()) / min(per_pixel.values()):.2f}")
    return [*rows, {"name": "style step, seconds per pixel", "per_pixel": per_pixel}]


def show_calls(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print the cost of a layer's call, level by level."""
    print(f"\nforward + backward, microseconds\n{'':32}" + "".join(f"{level:>9}" for level in calls.LEVELS))
    rows = []
    for row in calls.run(options.rounds):
        rows.append(row)
        cells = (f"{row['times'][level]:9.0f}" if level in row["times"] else f"{'-':>9}" for level in calls.LEVELS)
        print(f"{row['name']:32}{''.join(cells)}", flush=True)
    return rows


def show_peers(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print each layer against other libraries in NumPy."""
    rows, names = [], ("plain im2col", "DeZero", "numpy-ml")
    print(f"\nforward + backward, ms\n{'':44} {'ours':>9} " + " ".join(f"{name:>12}" for name in names))
    for row in peers.run(options.rounds, options.only):
        rows.append(row)
        cells = " ".join(f"{milliseconds(row['times'], name):>12}" for name in names)
        print(f"{row['name']:44} {milliseconds(row['times'], 'ours'):>9} {cells}", flush=True)
    print("\ntheir time over ours, geometric means:")
    for name in names:
        ratios = [row["times"][name]["median"] / row["times"]["ours"]["median"] for row in rows if name in row["times"]]
        print(f"  {name:14} {geometric_mean(ratios):5.1f}  over {len(ratios)} layers")
    return rows


def show_memory(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print predicted and measured memory."""
    print(f"\nforward, MB\n{'':44} {'algorithm':10} {'at most':>9} {'measured':>9}")
    rows = []
    for row in memory.run():
        rows.append(row)
        print(f"{row['name']:44} {row['algorithm']:10} {row['predicted'] / 1e6:9.1f} {row['measured'] / 1e6:9.1f}"
              + ("" if row["measured"] <= row["predicted"] else "   MORE THAN PREDICTED"), flush=True)
    print("\nlargest size of the process, one style step:")
    for side in (256, 512, 1024, 2048):
        rows.append(memory.style_step(side))
        measured, before = (rows[-1][key] / 1e6 for key in ("measured", "before"))
        print(f"  {side} px: {measured:.0f} MB, of which {before:.0f} MB before it began", flush=True)
    return rows


def show_ladder(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print every optimization, before and after."""
    print(f"\n{'':62} {'before':>10} {'after':>10}   gain")
    rows = []
    for row in ladder.run(options.rounds):
        rows.append(row)
        times = f"{1e3 * row['before']:7.2f} ms {1e3 * row['after']:7.2f} ms"
        print(f"{row['idea']:62} {times}  {row['gain']:5.1f}   {row['where']}", flush=True)
    return rows


def show_algorithms(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print every algorithm on every shape."""
    print(f"\n{'ms':28} {'':18}" + "".join(f"{name:>10}" for name in algorithms.NAMES) + "   chosen")
    rows = []
    for row in algorithms.run(options.rounds):
        rows.append(row)
        times = {name: {"median": seconds} for name, seconds in row["times"].items()}
        cells = "".join(f"{milliseconds(times, name):>10}" for name in algorithms.NAMES)
        remark = f", {row['loss']:.2f} times the best" if row["loss"] > 1.05 else ""
        print(f"{row['shape']!s:28} {row['product']:18}{cells}   {row['picked']}{remark}", flush=True)
    print(f"\ntime of what is chosen over the best, geometric mean: {geometric_mean(row['loss'] for row in rows):.3f}")
    for name in algorithms.NAMES:
        alone = [row["times"][name] / min(row["times"].values()) for row in rows if name in row["times"]]
        print(f"  {name} alone, where it can: {geometric_mean(alone):.2f}")
    return rows


def show_classifier(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print how good a classifier is, and what it took."""
    rows = []
    for row in classifier.run(options.data, options.steps, options.augment):
        rows.append(row)
        print(f"{row['name']}: {row['accuracy']:.2%} of the {row['images']} images of the {row['part']} part are right")
        print(f"trained on {row['train']} images in {row['steps']} steps, {row['seconds']:.0f} s, "
              f"{row['processor_seconds']:.0f} s of processor time", flush=True)
    return rows


def show_parallel(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print the scaling of a training over processes, and the model of machines that we do not have."""
    print(f"\n{'scaling':8} {'ranks':>5} {'batch':>5} {'ms a step':>9} {'images/s':>8} {'speed-up':>8} {'in messages':>11} "
          f"{'messages':>8} {'MB sent':>8} {'predicted':>9}")
    rows = list(parallel.run(options.rounds))
    for row in rows:
        print(f"{row['scaling']:8} {row['ranks']:5} {row['batch']:5} {1e3 * row['seconds']:9.0f} "
              f"{row['images_per_second']:8.0f} {row['speedup']:8.2f} {row['waited'] / row['seconds']:11.1%} "
              f"{row['messages']:8.0f} {row['bytes'] / 1e6:8.2f} {row['predicted_bytes'] / 1e6:9.2f}")
    strong = {row["ranks"]: row for row in rows if row["scaling"] == "strong"}
    compute, messages = strong[1]["seconds"], strong[2]["messages"]
    size = strong[2]["predicted_bytes"]  # 2 (n - 1) / n is 1 for two
    print("\nA model, not a measurement (seconds of a step: compute / n + messages + bytes):")
    cases = {"2 processes here": (2, compute, strong[2]["latency"] / 2, size / strong[2]["large"]), **parallel.MODELS}
    for name, (ranks, alone, latency, bandwidth) in cases.items():
        one = alone or compute
        step = parallel.model(ranks, one, messages, size, latency, bandwidth)
        print(f"{name:24} {1e3 * one:8.1f} ms alone, latency {1e6 * latency:4.0f} µs, {bandwidth / 1e9:6.1f} GB/s: "
              f"{1e3 * step:6.2f} ms, {one / step:5.1f} times as fast")
    return rows


def show_features(torch: Any, card: dict, options: Namespace) -> list[dict]:
    """Print every loss network at every strength; with --pairs, every way to transfer style."""
    if not options.judge:
        raise SystemExit("features: got no judge, expected a network for photographs; add --judge FILE.onnx")
    if options.pairs:
        return show_stylizers(options)
    print(f"\n{'':24} {'features':9} {'strength':>8}   style  content   seconds")
    rows = []
    for row in features.run(options.judge[0]):
        rows.append(row)
        print(f"{row['pair']:24} {row['features']:9} {row['strength']:8g} {row['style']:7.2f} {row['content']:8.2f} "
              f"{row['seconds']:9.1f}", flush=True)
    for name in features.NETWORKS:
        for strength in features.STRENGTHS:
            chosen = [row for row in rows if (row["features"], row["strength"]) == (name, strength)]
            style, content = (sum(row[key] for row in chosen) / len(chosen) for key in ("style", "content"))
            print(f"{'mean':24} {name:9} {strength:8g} {style:7.2f} {content:8.2f}")
    return rows


def show_stylizers(options: Namespace) -> list[dict]:
    """Print every pair and way, then the means and the worst; draw all images on the sheet --plot."""
    names = list(stylizers.ways())
    sheet, rows = stylizers.Sheet(names), []
    print(f"\n{'':40} {'':18}   style  content  lattice  seconds")
    for row in stylizers.run(options.judge, options.pairs, sheet.add):
        rows.append(row)
        print(f"{row['pair']:40.40} {row['way']:18} {row['style']:7.2f} {row['content']:8.2f} {row['lattice']:8.2f} "
              f"{row['seconds']:8.2f}", flush=True)
    for name in names:
        style, content, lattice, seconds = ([row[key] for row in rows if row["way"] == name]
                                            for key in ("style", "content", "lattice", "seconds"))
        print(f"{f'mean of {len(style)} (worst style, worst lattice)':40} {name:18} {fmean(style):7.2f} {fmean(content):8.2f} "
              f"{fmean(lattice):8.2f} {fmean(seconds):8.2f}   ({min(style):.2f}, {max(lattice):.2f})")
    if options.plot:
        sheet.save(options.plot)
    return rows
