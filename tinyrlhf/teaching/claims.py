"""Does what a lesson says hold on other seeds too?"""
import os


def check_claims(names, seeds=range(5)):
    """Print on how many seeds each claim holds, a function of a seed whose name says what it is.

    Args:
        names: the lesson's `globals()`; its claims begin with claim_.
        seeds: all are tried with TINYRLHF_SEEDS=all, as for the page; else the first, to save time.
    """
    tried = seeds if os.environ.get("TINYRLHF_SEEDS") == "all" else seeds[:1]
    for name, claim in list(names.items()):
        if name.startswith("claim_"):
            held = sum(bool(claim(seed)) for seed in tried)
            said = name.removeprefix("claim_").replace("_", " ")
            print(f"{said}: on {held} of {len(tried)} seeds")
    if len(tried) < len(seeds):
        print(f"(set TINYRLHF_SEEDS=all to try {len(seeds)} seeds)")
