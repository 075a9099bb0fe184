"""Every code of a finding has its page, and each page's wrong line gives the code where its right line does not."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROS = pathlib.Path(os.environ.get("ROS_BINARY_DIR", ROOT / "build" / "release"), "bin", "ros")
SET = """ros 1
ruleset pages version "1" "d"
metric m : vcpu
metric v[*] : count/s
fact k : text
fact flag : bool
table t from "t.csv" key name { name: text  size: vcpu  price: USD/h }
param share_limit = 20% in 10%..30% "p"
let share = m / 4 vcpu
report shown = share < share_limit
report row = t[k].size
report cost = t[k].price
decide first { rule R when share > 60% and known(k) { reason "x" } }
"""
TABLE = "name,size,price\na,1,0.5\nb,2,\n"


def codes(lines):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "p.ros")
        pathlib.Path(folder, "t.csv").write_text(TABLE, encoding="utf-8")
        use = [line for line in lines if line.startswith("use")]
        file.write_text(SET + "\n".join(lines) + "\n" if not use else SET + use[0] + "\n", encoding="utf-8")
        done = subprocess.run([str(ROS), "check", file.name], cwd=folder, capture_output=True, text=True, check=False)
    return set(re.findall(r"\[([EW][0-9]{4})\]", done.stderr))


def main():
    known = re.findall(r"^ROS_DIAG\((\w+),", (ROOT / "interp/diag/codes.def").read_text(encoding="utf-8"), re.M)
    wrong = shown = 0
    for code in known:
        page = subprocess.run([str(ROS), "check", "--explain", code], capture_output=True, text=True, check=False)
        if page.returncode != 0 or not page.stdout.startswith(code + "\n\n"):
            wrong += 1
            print(f"{code}: no page")
            continue
        lines = re.search(r"\nwrong:\n(.*)\nright:\n(.*)\n$", page.stdout, re.S)
        if lines is None:
            continue
        shown += 1
        bad, good = ([line.strip() for line in part.splitlines()] for part in lines.groups())
        if code not in codes(bad) or code in codes(good):
            wrong += 1
            print(f"{code}: {bad} gives {sorted(codes(bad))}, {good} gives {sorted(codes(good))}")
    refused = subprocess.run([str(ROS), "check", "--explain", "E9999"], capture_output=True, check=False).returncode
    print(f"{len(known)} codes, {shown} shown by lines, {wrong} wrong")
    return 1 if wrong or shown < 20 or refused != 64 else 0


if __name__ == "__main__":
    sys.exit(main())
