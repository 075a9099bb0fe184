"""cases/NAME.ros must give exactly the findings in cases/NAME.expected (made by --write, and read by a person)."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROS = pathlib.Path(os.environ.get("ROS_BINARY_DIR", HERE.parents[1] / "build" / "release"), "bin", "ros")


def findings(source):
    done = subprocess.run([str(ROS), "check", source.name], cwd=source.parent, capture_output=True, text=True, check=False)
    return f"exit {done.returncode}\n{done.stderr}"


def main():
    sources = sorted((HERE / "cases").glob("*.ros"))
    wrong = 0
    for source in sources:
        expected = source.with_suffix(".expected")
        found = findings(source)
        if "--write" in sys.argv:
            expected.write_text(found)
        elif not expected.exists() or expected.read_text() != found:
            wrong += 1
            print(f"{source.name}: found\n{found}")
    print(f"{len(sources) - wrong} of {len(sources)} rule sets give the findings that they must")
    return 1 if wrong or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
