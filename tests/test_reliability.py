"""What holds between machines and between runs side by side; and where each promise of reliability has its test.

    killed writers of a log lose nothing         test_log: a_killed_writer; reliability.py kills
    every prefix of a log, every flipped bit     test_log: a_cut_at_any_byte, no_flipped_bit
    a save that fails at any call                test_saving: whichever_call; test_runs: whichever_call_of_a_round
    going on to the same bytes: worlds, kinds    test_runs: stopped_after, stopped_in_the_middle, killed_at_a_random
        learners, stages                         test_runs: each_learner, a_chat_run_loads
    equal seeds, other hash seed, zone, locale   test_cli: equal_seeds_give_equal_bytes
    gradients, to 1e-6 of central differences    conformance.check_gradient, in the tests of every loss and network
    logistic functions, to their last digits     test_numerics_and_checks: the_logistic_functions
    separable, tied, circular comparisons        test_bradley_terry: a_prior_keeps, items_that_cannot, a_cycle
    no answers, only skips; wrong arguments      test_sessions: nobody_answered; test_doors
    NaN stops training in its step               test_runs: a_poisoned_gradient, a_state_with_nan
    Ctrl-C anywhere, a second one, the terminal  test_cli: fifty_stops, a_second_stop; test_terminal
    damaged and wrong checkpoints, bombs         test_runs: damaged, wrong_content; test_saving: a_bomb; reliability.py
    one holder a folder, freed by a kill         test_saving: one_holder, the_lock_dies; test_runs: a_second_holder
    full disks, folders and names of any sort    test_log: a_full_disk; test_cli: fills_up, an_out; test_runs: names
    games keep their promises, defects show      test_gymnasium: checker; test_numerics_and_checks: broken_games
    a planted reward is found again              test_reward_models: planted; test_diagnostics: calibrated
    undone is as never said                      test_sessions: undoing_n_answers
    texts of any letters                         test_log: read_back_exactly; test_terminal; test_browser; test_chat
    a log of a million answers                   test_log: memory_for_a_line; reliability.py long
    any order, no network, the oldest versions   pytest --shuffle SEED --offline; .ci/run
    side by side; other kernels, other threads   here; reliability.py kernels
    a log repeated, formats of older versions    test_runs: the_log_alone, format_1; test_cli: what_several_people
    mistakes in the mathematics are noticed      wrong_versions.py, mutants.py
"""
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
STEPS = """
import numpy as np
from tinyrlhf.games.text import Text
from tinyrlhf.rlhf import act, rlhf
from tinyrlhf.worlds import build, find, text

found, unread = {}, text.character_model(Text(), np.random.default_rng(1)).network.params.vector
text.pretrained_vector = lambda seed: unread
for world in ("bandit", "gridworld"):
    state = rlhf(build(world, seed=400, rounds=2, questions=5))
    found[world] = {"actions": state.answers.episodes.actions.tolist(), "said": state.answers.said.tolist(),
                    "numbers": [find(world).yardstick(state).expected_return(state.policy, None),
                                *(row["learned_return"] for row in state.history)]}
for world in ("cartpole", "text"):
    state = build(world, seed=400)
    episodes = act(state, state.group, state.group)
    state.learner.update(episodes, lambda episodes: episodes.true_rewards, np.random.default_rng(0))
    logits, _ = state.policy.network.forward(episodes.observations[:, :-1][episodes.mask])
    found[world] = {"actions": episodes.actions.tolist(), "said": logits.argmax(axis=1).tolist(),
                    "numbers": logits.ravel().tolist()}
"""
WHOLE_RUN = """
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import build, find

state = rlhf(build("text", seed=400, rounds=2))
found = find("text").yardstick(state).expected_return(state.policy, None)
"""


def kernels():
    """{name: environment} of ways to compute that this processor and this numpy have besides their own choice."""
    parts = np.show_config(mode="dicts")
    found = {"two threads": {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}}
    if parts.get("SIMD Extensions", {}).get("found"):
        found["plain numpy"] = {"NPY_DISABLE_CPU_FEATURES": " ".join(parts["SIMD Extensions"]["found"])}
    if "DYNAMIC_ARCH" in parts["Build Dependencies"]["blas"].get("openblas configuration", ""):
        older = "Nehalem" if platform.machine().lower() in ("x86_64", "amd64") else "ARMV8"
        found["older BLAS"] = {"OPENBLAS_CORETYPE": older}
    return found


def computed(program, environment):
    """What a program of a process that begins with these variables has found."""
    done = subprocess.run([sys.executable, "-c", f"{program}\nimport json; print(json.dumps(found))"],
                          env={**os.environ, **environment}, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_other_kernels_take_the_same_decisions_and_differ_less_than_is_promised():
    """Tables: to 1e-9, after a run. Networks, in float32: to 1e-4, after an update from equal parameters."""
    own = computed(STEPS, {})
    for name, environment in kernels().items():
        other = computed(STEPS, environment)
        for world, tolerance in (("bandit", 1e-9), ("gridworld", 1e-9), ("cartpole", 1e-4), ("text", 1e-4)):
            here, there = own[world], other[world]
            assert here["actions"] == there["actions"] and here["said"] == there["said"], (name, world)
            assert np.abs(np.subtract(here["numbers"], there["numbers"])).max() <= tolerance, (name, world)


@pytest.mark.slow
def test_a_run_on_older_kernels_ends_within_a_hundredth_of_its_return():
    environment = kernels().get("older BLAS") or pytest.skip("this NumPy has no OpenBLAS with several kernels")
    assert computed(WHOLE_RUN, environment) == pytest.approx(computed(WHOLE_RUN, {}), rel=0.01)


def written():
    """{path: when it was written} of this checkout's files, but for Python's caches; and what stands beside them."""
    files = [path for folder in ("tinyrlhf", "lessons", "tests") for path in (ROOT / folder).rglob("*")
             if path.is_file() and "__pycache__" not in path.parts]
    return {path: path.stat().st_mtime_ns for path in files}, {name for name in os.listdir(ROOT) if name[0] != "."}


@pytest.mark.slow
def test_two_runs_of_the_tests_in_one_folder_share_nothing_and_leave_nothing(tmp_path):
    """Those with ports, locks, processes, homes and exercises; all of them run beside a second process anyway."""
    before, at_work = written(), []
    for name in ("one", "other"):
        own = {each: str(tmp_path / f"{name}-{each}") for each in ("HOME", "TMPDIR", "MPLCONFIGDIR")}
        for folder in own.values():
            os.mkdir(folder)
        files = [str(ROOT / "tests" / f"test_{each}.py") for each in ("saving", "lecture", "teaching")]
        at_work.append(subprocess.Popen([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files], cwd=ROOT,
                                        env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    try:
        for process in at_work:
            said, _ = process.communicate(timeout=300)
            assert not process.returncode, said.decode()
    finally:
        for process in at_work:
            process.kill()
            process.wait()
    assert written() == before
    assert not list(tmp_path.glob("*-HOME/*"))
