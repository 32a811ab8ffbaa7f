"""The command line: python -m benchmarks layers|steps|memory|peers [--json FILE] [--plot FILE]."""
import argparse
import json
import sys

from benchmarks import layers, machine
from benchmarks.rivals import load_torch


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Times nnscratch on the CPU against others.")
    parser.add_argument("what", choices=["layers"], help="layers: each layer against PyTorch")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with this text in their name, or of this group")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each contender, taken in turn (default 9)")
    parser.add_argument("--algorithm", help="for our convolutions, instead of auto")
    parser.add_argument("--json", metavar="FILE", help="write every figure to FILE")
    options = parser.parse_args(arguments)
    torch = load_torch(machine.threads())
    card = machine.card(torch)
    for name, value in card.items():
        print(f"{name:14} {value:.1f}" if isinstance(value, float) else f"{name:14} {value}")
    rows = []
    for row in layers.run(torch, options.rounds, options.only, options.algorithm, card):
        rows.append(row)
        print_row(row)
    for key in ("forward_ratio", "backward_ratio", "ratio"):
        print(key, f"{layers.geometric_mean(row[key] for row in rows if key in row):.2f}",
              "wide 3x3:", f"{layers.geometric_mean(row[key] for row in rows if key in row and row['group']=='3x3 wide'):.2f}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"machine": card, "rows": rows}, file, indent=1)


def print_row(row):
    t = {d: {n: f["median"] * 1e3 for n, f in row[d].items()} for d in ("forward", "backward")}
    rivals = [n for n in t["forward"] if n != "ours"]
    print(f"{row['name']:44}" + "".join(
        f" {t[d]['ours']:8.2f}" + "".join(f" {t[d][n]:7.2f}" for n in rivals) + f"  {row.get(d + '_ratio', 0):5.2f} |"
        for d in ("forward", "backward")) + f" {row.get('ratio', 0):5.2f}  {row['gflops']:6.0f}  {row['errors']['ours']:.0e}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
