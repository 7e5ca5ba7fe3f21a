"""What does each door answer to wrong arguments? A table, and the answers that do not name the argument.

    python tests/benchmarks/doors.py [--seeds 3]
"""
import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import doors  # noqa: E402  (after the thread count)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how often other values are drawn")
    counts, others = {}, []
    for seed in range(parser.parse_args().seeds):
        found, lines = doors.table(seed)
        others += [line for line in lines if line not in others]
        for door, count in found.items():
            before = counts.setdefault(door, dict.fromkeys(doors.VERDICTS, 0))
            counts[door] = {name: before[name] + n for name, n in count.items()}
    print(f"| door | {' | '.join(doors.VERDICTS)} |\n|---|---|---|---|---|---|")
    total = {name: sum(count[name] for count in counts.values()) for name in doors.VERDICTS}
    for door, count in {**counts, "all": total}.items():
        print(f"| {door} | {' | '.join(str(count[name]) for name in doors.VERDICTS)} |")
    print(f"named: {total['named'] / sum(total.values()):.1%}; the others:", *others, sep="\n")


if __name__ == "__main__":
    main()
