"""The syntax files of both editors know every word, unit and function of the language, and are well-formed."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
VIM = ROOT / "tools/editors/vim/syntax/ros.vim"
CODE = ROOT / "tools/editors/vscode"


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def main():
    lexer = read("grammar/ros.l")
    words = set(re.findall(r'\{"(\w+)",\s*[A-Z]+\}', lexer[lexer.index("} words[] = {"):]))
    words |= set(re.findall(r'^ROS_UNIT\("(\w+)"', read("interp/type/units.def"), re.M))
    words |= set(re.findall(r"^ROS_(?:BUILTIN|STATISTIC)\((\w+),", read("interp/builtins.def"), re.M))
    wrong = []
    for path in (VIM, CODE / "syntaxes/ros.tmLanguage.json"):
        known = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        wrong += [f"{path.relative_to(ROOT)} does not know {word}" for word in sorted(words - known)]
    for path in CODE.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    print("\n".join(wrong) or f"both editors know all {len(words)} words")
    return 1 if wrong or len(words) < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
