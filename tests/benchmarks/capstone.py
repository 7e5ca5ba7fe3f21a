"""The capstone's report cards (lesson 14): every model and control of every seed, with the lesson's own code.

    python tests/benchmarks/capstone.py [--seeds 400-409] [--write]         runs them, about a minute a seed
    python tests/benchmarks/capstone.py --saved                             prints lessons/14_capstone/cards.json again

--write keeps the cards in that file, which the lesson and its demo show beside today's run. Functions are the
library's, whoever has solved what.
"""
import argparse
import json
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.teaching.room import definitions_of  # noqa: E402

FOLDER = ROOT / "lessons" / "14_capstone"
NUMBERS = ("true reward", "KL", "distinct", "unkind", "not words", "bits", "reward model")
CONSTANTS = ("GAME", "PARENT", "MODELS", "PATHS", "ASKED", "SECONDS", "JUDGE")
GAINS = (("RLHF", "SFT"), ("RLHF", "coin"), ("RLHF", "DPO"), ("round 2", "RLHF"), ("round 2", "at once"),
         ("DPO, pushed", "DPO"))


def cell(values):
    mean, half = mean_interval(values)
    return f"{mean:.3f} +- {half:.3f}"


def print_cards(cards, gain):
    """Means with intervals, all true rewards, what each stage took, and paired gains."""
    models = list(cards[0]["models"])
    for name in ("win rate", "by true reward", *NUMBERS):
        print(f"\n{name}")
        for model in models:
            values = [np.ravel(each["models"][model][name])[0] for each in cards]
            print(f"  {model:<12} {cell(values):<18}" + " ".join(f"{value:.2f}" for value in values))
    print("\nstage           seconds   characters   parameters")
    for stage in cards[0]["stages"]:
        rows = [each["stages"][stage] for each in cards]
        seconds, characters = (np.mean([row[key] for row in rows]) for key in ("seconds", "characters"))
        print(f"{stage:<14} {seconds:8.1f} {characters:12.0f} {rows[0]['parameters']:12}")
    print("\ngain in true reward, seed by seed")
    for treated, control in GAINS:
        values = [np.array([each["models"][model]["true reward"] for each in cards]) for model in (treated, control)]
        print(f"  {treated} - {control}: " + "{:+.3f} ({:+.3f} to {:+.3f})".format(*gain(*values, 2.26)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="400-409")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--saved", action="store_true")
    options = parser.parse_args()
    file = FOLDER / "cards.json"
    saved = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    lesson = definitions_of(FOLDER / "demo.py", *CONSTANTS)
    if options.saved:
        return print_cards(saved, lesson.fair_gain)
    first, _, last = options.seeds.partition("-")
    cards = []
    for seed in range(int(first), int(last or first) + 1):
        cards.append(lesson.card_of(*lesson.run(seed, controls=True), seed=seed))
        print(f"seed {seed} is done", file=sys.stderr, flush=True)
        if options.write:
            saved = sorted([each for each in saved if each["seed"] != seed] + cards[-1:], key=lambda each: each["seed"])
            rows = ",\n".join(json.dumps(each) for each in saved)
            file.write_text(f"[{rows}]\n", encoding="utf-8")
    return print_cards(cards, lesson.fair_gain)


if __name__ == "__main__":
    main()
