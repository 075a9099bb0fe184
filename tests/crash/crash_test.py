"""kill -9 while events flow: every host is there once, with one history row an upload, and every event once.

ROS_CRASH_EVENTS (2000), ROS_CRASH_KILLS (20) and ROS_CRASH_SEED (1) change the size; the seed is printed, and decides the
moments of the kills.
"""

import collections
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import local  # noqa: E402

EVENTS = int(os.environ.get("ROS_CRASH_EVENTS", "2000"))
KILLS = int(os.environ.get("ROS_CRASH_KILLS", "20"))
SEED = int(os.environ.get("ROS_CRASH_SEED", "1"))


def stored(ros):
    return int(ros.sql("SELECT count(*) FROM performance_profile_history")[0][0])


def check(ros, messages):
    """Every promise that a kill could break, as (what, expected, found)."""
    hosts = {m["host"]["id"] for m in messages}
    uploads = collections.Counter(json.loads(m["value"])["id"] for m in ros.dump(local.RESULTS))
    one = lambda query: int(ros.sql(query)[0][0])
    return [
        ("hosts", len(hosts), one("SELECT count(*) FROM systems")),
        ("profiles", len(hosts), one("SELECT count(*) FROM performance_profile")),
        ("history rows", len(messages), one("SELECT count(*) FROM performance_profile_history")),
        ("hosts with another number of history rows than uploads", 0, one(
            "SELECT count(*) FROM (SELECT system_id FROM performance_profile_history GROUP BY 1 HAVING count(*) <> 1) x")),
        ("hosts with an event", len(hosts), len(uploads)),
        ("events", len(messages), sum(uploads.values())),
        ("dead letters", 0, len(ros.dump(local.DEAD))),
    ]


def run(ros, moments):
    messages = ros.make_samples(EVENTS)
    assert len({m["host"]["id"] for m in messages}) == EVENTS
    ros.start_rosd("scoring,reports")
    local.wait_until("rosd is ready", ros.ready)
    ros.publish(messages)
    kills = 0
    end = time.monotonic() + 200
    while kills < KILLS or stored(ros) < EVENTS:
        assert time.monotonic() < end, f"after {kills} kills, {stored(ros)} of {EVENTS} uploads are stored"
        if kills < KILLS:
            time.sleep(moments.uniform(0.2, 1.6))
            ros.kill_rosd(signal.SIGKILL)
            kills += 1
            print(f"kill {kills}: {stored(ros)} of {EVENTS} stored", flush=True)
            ros.start_rosd("scoring,reports")
        else:
            time.sleep(0.3)
    time.sleep(2)  # what would be doubled comes late
    code = ros.kill_rosd(signal.SIGTERM)
    assert code == 0, f"rosd ended with exit {code} on SIGTERM"
    return check(ros, messages)


def main():
    print(f"{EVENTS} events, {KILLS} kills, seed {SEED}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crash-", dir=os.environ["ROS_BINARY_DIR"]))
    started = time.monotonic()
    with local.Local(folder, pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin")) as ros:
        findings = run(ros, random.Random(SEED))
    wrong = [f for f in findings if f[1] != f[2]]
    for what, expected, found in findings:
        print(f"{what}: {found}" + ("" if expected == found else f"; expected {expected}"))
    print(f"{time.monotonic() - started:.0f} s")
    if wrong:
        print(f"kept for a look: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
