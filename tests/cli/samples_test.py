"""The sample uploads that come with recorded verdicts: rule, states and event are as recorded.

Left out (exit 77) where ../shared is not at hand. Words of texts are our own and not compared.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["ROS_SOURCE_DIR"])
ROS = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin", "ros")
SAMPLES = SOURCE.parent / "shared" / "samples"


def ros(*words):
    env = {**os.environ, "ROS_RULES_PATH": str(SOURCE / "rules" / "rightsizing.ros")}
    done = subprocess.run([str(ROS), *map(str, words)], capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        raise SystemExit(f"{words}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def compare(path, expected, found, differences):
    """Collects where found is not expected, by meaning: numbers as numbers, object members in any order."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in expected.keys() | found.keys():
            compare(f"{path}.{key}", expected.get(key, "(absent)"), found.get(key, "(absent)"), differences)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, pair in enumerate(zip(expected, found)):
            compare(f"{path}[{i}]", *pair, differences)
    elif expected != found:
        differences.append(f"{path}: recorded {json.dumps(expected)}, found {json.dumps(found)}")


def check(case):
    differences = []
    archive = SAMPLES / case["archive"]
    verdict = ros("score", "--format", "json", archive)["outcome"]
    report = case["golden"]["rules"]["report"]
    if report["type"] == "skip":
        compare("rule", None, verdict["rule"], differences)
    else:
        compare("rule", report["error_key"], verdict["rule"], differences)
        compare("states", report["states"], verdict["states"], differences)
        compare("offers", report["candidates"], [[o["type"], o["price"]] for o in verdict["offers"]], differences)
        compare("price", report["price"], verdict["price"], differences)
    recorded = case["golden"].get("event_result", {}).get("event")
    if recorded is not None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as message:
            json.dump(case["message"], message)
            message.flush()
            event = ros("score", "--event", "--message", message.name, archive)
        recorded["report_date"] = event["report_date"]  # ours is the upload's, the recording's the clock's
        compare("event", recorded, event, differences)
    return differences


def main():
    if not SAMPLES.is_dir():
        print("samples: left out, ../shared is not there")
        return 77
    cases = [json.loads(line) for line in (SAMPLES / "golden.jsonl").read_text().splitlines()]
    wrong = 0
    for case in cases:
        differences = check(case)
        wrong += bool(differences)
        for difference in differences:
            print(f"{case['name']}: {difference}")
    print(f"samples: {len(cases) - wrong} of {len(cases)} as recorded")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
