"""A lint that cannot refuse is no lint: each kind of offence is planted in a tree of its own and must be named."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).parents[2] / "tools" / "lint"


def run(lint, files):
    """(exit code, output) of a lint over a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, TOOLS / lint, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


class Layers(unittest.TestCase):
    def refuses(self, path, include):
        code, output = run("layers", {path: f'#include "{include}"\n'})
        self.assertEqual(code, 1, output)
        self.assertIn(f"{path}:1:", output)

    def accepts(self, path, include):
        code, output = run("layers", {path: f'#include "{include}"\n#include <stdio.h>\n'})
        self.assertEqual(code, 0, output)

    def test_the_core_stands_on_nothing(self):
        self.refuses("interp/base/arena.c", "interp/ros.h")
        self.refuses("interp/vm/vm.c", "grammar/load.h")
        self.refuses("grammar/parse.c", "services/common/log.h")
        self.accepts("grammar/parse.c", "interp/ast/ast.h")

    def test_the_store_knows_no_service(self):
        self.refuses("store/pg.c", "services/common/config.h")
        self.accepts("store/pg.c", "interp/base/error.h")

    def test_the_gateway_sees_only_the_method_table(self):
        self.refuses("services/gateway/router.c", "services/api/systems.h")
        self.refuses("services/gateway/router.c", "store/pg.h")
        self.accepts("services/gateway/router.c", "services/api/method.h")

    def test_nothing_includes_tests(self):
        self.refuses("services/rosd.c", "tests/unit/helper.h")
        self.accepts("tests/unit/a_test.c", "services/gateway/gateway.h")

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(run("layers", {"README.md": "x\n"})[0], 1)


class Words(unittest.TestCase):
    def refuses(self, path, text, word):
        code, output = run("words", {path: text})
        self.assertEqual(code, 1, output)
        self.assertIn(word, output)

    def test_banned_calls(self):
        self.refuses("store/a.c", "void f(char *s) { strcpy(s, s); }\n", "strcpy()")
        self.refuses("tools/a.c", "int f(char *s) { return atoi (s); }\n", "atoi()")
        self.refuses("services/a.c", "void f(void *p) { free(p); }\n", "free()")

    def test_words_in_comments_texts_and_members_pass(self):
        text = '/* malloc() */\nconst char *s = "free(x)";\nvoid f(struct a *a) { a->free(a); ros_vm_free(a); }\n'
        code, output = run("words", {"interp/a.c": text})
        self.assertEqual(code, 0, output)

    def test_promises_of_later_work(self):
        self.refuses("interp/a.h", "/* TO" "DO: later */\n", "later work")

    def test_long_files(self):
        self.refuses("grammar/a.c", "int x;\n" * 801, "801 lines")

    def test_top_level(self):
        self.refuses("notes.txt", "x\n", "top level")


if __name__ == "__main__":
    unittest.main()
