"""The manual of the bytecode follows from the table of instructions, and every page is well-formed."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MAN = SOURCE / "tools" / "man"


def opcodes(root):
    done = subprocess.run([sys.executable, root / "tools/man/opcodes"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Bytecode(unittest.TestCase):
    def copy(self, changes):
        """A tree with the generator, the page and the table, the last two changed."""
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        for path in ("tools/man/opcodes", "tools/man/ros-bytecode.7", "interp/opcodes.def"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            text = (SOURCE / path).read_text(encoding="utf-8")
            for old, new in changes.get(path, []):
                self.assertIn(old, text)
                text = text.replace(old, new)
            (folder / path).write_text(text, encoding="utf-8")
        return folder

    def test_the_page_has_every_instruction(self):
        code, output = opcodes(SOURCE)
        self.assertEqual(code, 0, output)
        page = (MAN / "ros-bytecode.7").read_text(encoding="utf-8").replace("\\-", "-")
        rows = re.findall(r'^ROS_OP\((\w+),.*"(.*)"\)', (SOURCE / "interp/opcodes.def").read_text(), re.M)
        self.assertGreater(len(rows), 60)
        for name, sentence in rows:
            self.assertRegex(page, rf'\.BR {name} "[^\n]*\n{re.escape(sentence)}\.\n')

    def test_every_drift_is_refused(self):
        table = "interp/opcodes.def"
        for changes in ({table: [("a = b + c", "a = b plus c")]}, {table: [("ROS_OP(ADD,   dN, N,", "ROS_OP(ADD,   dN, B,")]},
                        {table: [("ROS_OP(NEG,", "ROS_OP(NEGATE,")]},
                        {table: [("ROS_OP(NEG,", 'ROS_OP(NEW,   dN, _,  _,  _,       "new")\nROS_OP(NEG,')]},
                        {"tools/man/ros-bytecode.7": [("2 \\- b", "3 \\- b")]}):
            code, output = opcodes(self.copy(changes))
            self.assertEqual(code, 1, changes)
            self.assertIn("behind", output)
        code, output = opcodes(self.copy({table: [("dN, _,  _,  CONST", "dN, _,  _,  NOVEL")]}))
        self.assertEqual(code, 1)
        self.assertIn("not explained: NOVEL", output)


@unittest.skipUnless(shutil.which("groff"), "groff is not installed")
class Pages(unittest.TestCase):
    def test_no_page_has_a_warning(self):
        pages = sorted(MAN.glob("*.[1-8]"))
        self.assertGreater(len(pages), 3)
        for page in pages:
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)


if __name__ == "__main__":
    unittest.main()
