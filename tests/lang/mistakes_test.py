"""What authors get wrong, one file each (mistakes/NAME.ros; its first line says what is wrong in it).

Each must give exactly the findings of NAME.expected (made by --write, and read by a person), and where a finding has a
fix, the file with every fix put in must not have that finding any more.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent / "mistakes"
ROS = pathlib.Path(os.environ.get("ROS_BINARY_DIR", HERE.parents[2] / "build" / "release"), "bin", "ros")
LEAST = 40


def check(path, *words):
    return subprocess.run([str(ROS), "check", *words, path.name], cwd=path.parent, capture_output=True, text=True,
                          check=False)


def findings(path):
    return [json.loads(line) for line in check(path, "--format", "json").stdout.splitlines() if line.startswith("{")]


def key(finding):
    return finding["code"], finding["message"]


def fixed(path, fixes):
    """The file's bytes with the fixes put in, from the last to the first."""
    text = path.read_bytes()
    for fix in sorted(fixes, key=lambda fix: -fix["start"]):
        text = text[:fix["start"]] + fix["text"].encode() + text[fix["start"] + fix["length"]:]
    return text


def unfixed(path, folder):
    """Findings with a fix that are still there after it."""
    before = [finding for finding in findings(path) if "fix" in finding]
    if not before:
        return [], 0
    copy = pathlib.Path(folder) / path.name
    copy.write_bytes(fixed(path, [finding["fix"] for finding in before]))
    after = collections.Counter(map(key, findings(copy)))
    return [finding for finding in before if after[key(finding)]], len(before)


def main():
    sources = sorted(HERE.glob("*.ros"))
    wrong = fixes = 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "types.csv", folder)
        for source in sources:
            done = check(source)
            found = f"exit {done.returncode}\n{done.stderr}"
            expected = source.with_suffix(".expected")
            if "--write" in sys.argv:
                expected.write_text(found, encoding="utf-8")
            elif not expected.exists() or expected.read_text(encoding="utf-8") != found:
                wrong += 1
                print(f"{source.name}: found\n{found}")
            left, count = unfixed(source, folder)
            fixes += count
            for finding in left:
                wrong += 1
                print(f"{source.name}: its fix does not mend {key(finding)}")
            if not done.stderr:
                wrong += 1
                print(f"{source.name}: nothing is found in it")
    print(f"{len(sources)} mistakes, {fixes} fixes tried, {wrong} wrong")
    return 1 if wrong or len(sources) < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
