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

# What the product corrects on purpose, wherever it scores by whichever rules: case, where the two differ, and why. Each is
# a row in the README of services/intake or services/score too. A case that differs anywhere else is wrong.
LOST = ["event: {"]
CORRECTIONS = {
    "arch-fmt-zip": (["event: null"], "zip archives are refused: no client makes them"),
    "arch-tar-file-in-root": (LOST, "an archive beside the marker file is only a file"),
    "bound-detail-length-65536": (LOST, "long reports are sent"),
    "disks-3500": (LOST, "long reports are sent"),
    "cloud-json-nan": (["rule:", "states:", "candidates:", "price:", "event: null"], "NaN is not JSON"),
    "cloud-list-region": (["event: null"], "a document whose region is a list is none"),
    "cloud-null-type": (["event: null"], "a document whose type is null is none"),
    "mal-disk-text": (["event.performance_"], "a disk that is no number costs itself only"),
    "mal-inst-quote": (["event.performance_"], "a disk that is no number costs itself only"),
    "mal-insufficient": (["event.performance_"], "a disk that is no number costs itself only"),
    "mal-latin1-bytes": (["event.performance_"], "bytes that are not UTF-8 become U+FFFD"),
    "mal-idle-\uff11p5": (["rule:", "states", "candidates:", "event: null"], "full-width digits are no number"),
    "mal-ncpu-nan": (["rule:", "event"], "a count of processors that is no number: lscpu's stands in"),
    "mal-nul": (["rule:", "event"], "a count of processors that is no number: lscpu's stands in"),
    "mal-physmem-inf": (["rule:"], "memory without bound is no memory that was measured"),
    "mal-physmem-nan": (["rule:"], "memory that is no number was not measured"),
    "mal-psi-inf": (["states.cpu", "event"], "pressure without bound is no pressure that was measured"),
    "msg-no-metadata": (LOST, "a message without metadata is as good"),
    "msg-no-request-id": (LOST, "the request's id is taken from metadata"),
    "msg-no-pcp-profile-null": (LOST, "a message without a profile is as good"),
    "rhel-rr-centos-stream8": (["event.rule_hit_details[0].details.rhel:"], "no minor number is not `None`"),
    "rhel-rr-centos-stream9": (["event.rule_hit_details[0].details.rhel:"], "no minor number is not `None`"),
}


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
                        ("skip", "the recording itself was left out")):
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
    producer = [word for name, value in case.get("run", {}).get("headers", {}).items() if name == "producer"
                for word in ("--producer", value)]
    done = subprocess.run([BIN / "ros", "score", "--rules", RULES, "--event", "--message", message, *producer, archive],
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
    wrong, corrected = {}, []
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
            allowed, _ = CORRECTIONS.get(case["name"], ((), None))
            if found and all(place.startswith(tuple(allowed)) for place in found) and allowed:
                corrected.append(case["name"])
            elif found or allowed:
                wrong[case["name"]] = found or ["equal, though it stands among the corrections"]
    for name, found in sorted(wrong.items()):
        print(f"{name}: {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else ""))
    for reason, names in out.items():
        print(f"left out, {len(names)}: {reason}: {' '.join(names)}")
    for name in corrected:
        print(f"corrected: {name}: {CORRECTIONS[name][1]}")
    print(f"parity: {len(chosen) - len(wrong) - len(corrected)} of {len(chosen)} recorded cases equal, {len(corrected)} "
          f"corrected on purpose, {len(wrong)} wrong, {sum(map(len, out.values()))} left out")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
