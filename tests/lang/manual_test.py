"""Every example of the manual that is marked as `ros` compiles without a finding, and its own tests pass."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROS = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin", "ros")


def main():
    examples = re.findall(r"^```ros\n(.*?)^```$", (ROOT / "grammar" / "LANGUAGE.md").read_text(), re.S | re.M)
    wrong = 0
    for number, example in enumerate(examples, 1):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "example.ros")
            file.write_text(example)
            done = subprocess.run([str(ROS), "check", str(file)], capture_output=True, text=True, check=False)
            if done.returncode == 0 and not done.stderr and re.search(r"^test ", example, re.M):
                done = subprocess.run([str(ROS), "test", str(file)], capture_output=True, text=True, check=False)
        if done.returncode != 0 or done.stderr:
            wrong += 1
            print(f"example {number}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"{len(examples) - wrong} of {len(examples)} examples compile")
    return 1 if wrong or not examples else 0


if __name__ == "__main__":
    sys.exit(main())
