"""reference.ros against the recorded answers of the system that ROS replaces.

Every recorded case is an archive and an inventory message. `ros score` judges the archive, and `ros score --event` makes
the message that would be sent; both are compared with the recording: rule, states, candidates with prices and order, and
the whole event. What differs in words only by design (texts of rules, the date of a report) is compared by presence.

Skipped (77) where no recordings are at hand.
"""

import collections
import concurrent.futures
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

BIN = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin")
SOURCE = pathlib.Path(os.environ["ROS_SOURCE_DIR"])
SHARED = pathlib.Path(os.environ.get("ROS_RECORDINGS", SOURCE.parent / "shared"))
RULES = SOURCE / "tests/parity/reference.ros"
DATE = "<REPORT_DATE>"


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def left_out(case):
    """Why a case is none for `ros score`, or None."""
    run = case.get("run", {})
    if case["group"] == "raw":
        return "a raw PCP archive: it is read from the issue of raw archives on"
    if case["format"] == "none":
        return "no archive: the message alone decides, which is the scoring service's test"
    for key, reason in (("flag", "the organisation's flag"), ("http", "the download's answer"),
                        ("deleted", "a deletion before it"), ("raw_message", "a message that is no message"),
                        ("headers", "the message's headers"), ("skip", "the recording itself was left out")):
        if key in run:
            return f"{reason}: decided before a host is scored"
    return None


def normal(value):
    """Non-finite numbers of the recording are null here; numbers compare as numbers."""
    if isinstance(value, dict):
        if set(value) == {"$float"}:
            return None
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def differences(ours, theirs, path=""):
    """Paths at which two JSON values differ; the order of an object's keys counts."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if list(ours) != list(theirs):
            return [f"{path or '.'}: keys {list(ours)} for {list(theirs)}"]
        return [found for key in ours for found in differences(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [found for i, pair in enumerate(zip(ours, theirs)) for found in differences(*pair, f"{path}[{i}]")]
    same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
    return [] if same else [f"{path or '.'}: {json.dumps(ours)[:120]} for {json.dumps(theirs)[:120]}"]


def event_of(archive, case, folder):
    message = folder / f"{case['name']}.json"
    message.write_text(json.dumps(case["message"]), encoding="utf-8")
    done = subprocess.run([BIN / "ros", "score", "--rules", RULES, "--event", "--message", message, archive],
                          capture_output=True, text=True, check=False, timeout=60)
    if done.returncode not in (0, 65):
        return {"crash": done.returncode, "stderr": done.stderr}
    event = json.loads(done.stdout) if done.stdout else None  # a message that was refused
    if event is not None and "report_date" in event:
        event["report_date"] = DATE
    return event


def compare_rules(case, golden, line):
    """The verdict of `ros score` beside the recorded report; nothing when that recording has no verdict."""
    report = golden.get("rules", {}).get("report")
    if report is None or line["error"] is not None:
        return []
    outcome = line["outcome"]
    if report["type"] == "skip":
        return [] if outcome["rule"] is None else [f"rule: {outcome['rule']} for none"]
    found = differences(outcome["rule"], report["error_key"], "rule") + differences(outcome["states"], report["states"],
                                                                                    "states")
    offers = [[offer["type"], offer["price"]] for offer in outcome["offers"]]
    found += differences(offers, report["candidates"], "candidates")
    return found + differences(outcome["price"] or 0, report["price"], "price")


def main():
    recordings = SHARED / "conformance/rules"
    if not recordings.exists():
        print("parity: no recordings at hand: skipped")
        return 77
    cases = lines(recordings / "cases.jsonl")
    goldens = {golden["name"]: golden["golden"] for golden in lines(recordings / "golden.jsonl")}
    out = collections.defaultdict(list)
    wrong = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        subprocess.run([sys.executable, SHARED / "tools/build_archive.py", recordings / "cases.jsonl", folder / "a"],
                       check=True, capture_output=True)
        chosen = []
        for case in cases:
            reason = left_out(case)
            archives = list((folder / "a").glob(case["name"] + ".*"))
            if reason is None and not archives:
                reason = "no archive was recorded"
            if reason is not None:
                out[reason].append(case["name"])
            else:
                chosen.append((case, archives[0]))
        scored = subprocess.run([BIN / "ros", "score", "--rules", RULES, "--format", "json",
                                 *[archive for _, archive in chosen]], capture_output=True, text=True, check=False)
        verdicts = {line["archive"]: line for line in map(json.loads, scored.stdout.splitlines())}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            events = list(pool.map(lambda pair: event_of(pair[1], pair[0], folder), chosen))
        for (case, archive), event in zip(chosen, events):
            golden = goldens[case["name"]]
            found = compare_rules(case, golden, verdicts[str(archive)])
            found += differences(event, normal(golden["event_result"]["event"]), "event")
            if found:
                wrong[case["name"]] = found
    for name, found in sorted(wrong.items()):
        print(f"{name}: {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else ""))
    for reason, names in out.items():
        print(f"left out, {len(names)}: {reason}: {' '.join(names)}")
    print(f"parity: {len(chosen) - len(wrong)} of {len(chosen)} recorded cases equal, {sum(map(len, out.values()))} left out")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
