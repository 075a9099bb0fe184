"""`ros build`: bundles that are the same from everywhere, written whole or not at all, signed, checked, and taken."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["ROS_SOURCE_DIR"])
BIN = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin")
RULES = SOURCE / "rules" / "rightsizing.ros"
OK, FAILED, USAGE, DATA, NO_INPUT, IO, FORBIDDEN, CONFIG = 0, 1, 64, 65, 66, 74, 77, 78

SMALL = """ros 1
ruleset small version "1" "two states"
fact n : int
table t from "t.csv" key name { name: text  size: GiB }
decide first { rule BIG when n > 1 and t["a"].size > 1 GiB { reason "big" } }
test "big" { with n = 2 expect BIG }
test "small" { with n = 1 expect none }
"""


def ros(*words, cwd=None):
    done = subprocess.run([str(BIN / "ros"), *map(str, words)], capture_output=True, check=False, cwd=cwd)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.rules = self.small("set")
        self.bundle = self.folder / "x.rosb"

    def small(self, name):
        folder = self.folder / name
        folder.mkdir(parents=True)
        (folder / "small.ros").write_text(SMALL)
        (folder / "t.csv").write_text("name,size\na,2\n")
        return folder / "small.ros"

    def build(self, *words, expect=OK):
        code, out, err = ros("build", "-o", self.bundle, *words)
        self.assertEqual(code, expect, out + err)
        return out, err

    def keys(self, name):
        secret, public = self.folder / f"{name}.pem", self.folder / f"{name}.pub.pem"
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("no openssl command to make keys with")
        for words in (["genpkey", "-algorithm", "ed25519", "-out", secret],
                      ["pkey", "-in", secret, "-pubout", "-out", public]):
            subprocess.run([openssl, *map(str, words)], check=True, capture_output=True)
        return secret, public

    def left_over(self):
        return sorted(path.name for path in self.folder.iterdir() if path.name.startswith("x.rosb"))


class Write(WithFolder):
    def test_the_same_from_everywhere_and_whenever(self):
        self.build(self.rules)
        first = self.bundle.read_bytes()
        other = self.small("else/where")
        os.utime(other, (1, 1))
        self.build(other)
        self.assertEqual(first, self.bundle.read_bytes())
        code, _, err = ros("build", "-o", "../x.rosb", "small.ros", cwd=self.rules.parent)
        self.assertEqual((code, err), (OK, ""))
        self.assertEqual(first, self.bundle.read_bytes())
        other.write_text(SMALL.replace("n > 1", "n > 0").replace("with n = 1", "with n = 0"))
        self.build(other)
        self.assertNotEqual(first, self.bundle.read_bytes())
        self.assertEqual(self.left_over(), ["x.rosb"])

    def test_as_json(self):
        out, _ = self.build("--format", "json", self.rules)
        line = json.loads(out)
        self.assertEqual((line["name"], line["version"], line["signed"], line["sources"]), ("small", "1", False, True))
        self.assertEqual(line["bytes"], self.bundle.stat().st_size)
        self.assertIn(line["checksum"], ros("disasm", self.bundle)[1])

    def test_what_fails_leaves_the_old_one(self):
        self.build(self.rules)
        before = self.bundle.read_bytes()
        self.rules.write_text(SMALL.replace("with n = 2", "with n = 1"))
        out, err = self.build(self.rules, expect=FAILED)
        self.assertIn("FAIL", out)
        self.assertIn("1 of 2 tests failed", err)
        self.rules.write_text(SMALL.split("test ", 1)[0])
        _, err = self.build(self.rules, expect=FAILED)
        self.assertIn("--without-tests", err)
        self.rules.write_text(SMALL.replace("n > 1", "m > 1"))
        _, err = self.build(self.rules, expect=DATA)
        self.assertIn("error[", err)
        self.build(self.folder / "none.ros", expect=NO_INPUT)
        self.assertEqual(before, self.bundle.read_bytes())
        self.assertEqual(self.left_over(), ["x.rosb"])
        self.rules.write_text(SMALL.split("test ", 1)[0])
        self.build("--without-tests", self.rules)
        self.assertNotEqual(before, self.bundle.read_bytes())

    def test_a_place_that_cannot_be_written(self):
        self.bundle.mkdir()
        _, err = self.build(self.rules, expect=IO)
        self.assertIn("cannot be written", err)
        self.assertEqual(self.left_over(), ["x.rosb"])
        code, _, err = ros("build", "-o", self.folder / "no" / "x.rosb", self.rules)
        self.assertEqual(code, IO, err)

    def test_wrong_usage(self):
        for words in (["build"], ["build", self.rules], ["build", "-o", self.bundle], ["build", "--check"],
                      ["build", "-o", self.bundle, self.rules, self.rules], ["build", "--check", "--sign", "k", "x"],
                      ["build", "-o", self.bundle, "--key", "k", self.rules], ["build", "--nope"]):
            code, out, err = ros(*words)
            self.assertEqual((code, out), (USAGE, ""), words)
            self.assertIn("--help", err)
        code, out, _ = ros("build", "--help")
        self.assertEqual(code, OK)
        self.assertIn("--sign", out)


class Check(WithFolder):
    def test_a_good_one(self):
        self.build(self.rules)
        code, out, err = ros("build", "--check", self.bundle)
        self.assertEqual((code, err), (OK, ""))
        self.assertIn("as its sources say", out)
        self.build("--without-source", self.rules)
        code, out, _ = ros("build", "--check", self.bundle)
        self.assertEqual(code, OK)
        self.assertIn("without sources", out)

    def test_damage(self):
        self.build(self.rules)
        whole = self.bundle.read_bytes()
        for broken in (whole[:-1], whole[:40], b"ROSB", whole[:500] + b"\xff" + whole[501:], whole + b"\0"):
            self.bundle.write_bytes(broken)
            for command in (["build", "--check"], ["check"], ["disasm"], ["score", "--rules"], ["test"]):
                words = [*command, self.bundle] + ([self.bundle] if command[0] == "score" else [])
                code, out, err = ros(*words)
                self.assertEqual((code, out), (DATA, ""), (command, err))
                self.assertIn("ROS_E_BUNDLE", err)
        self.bundle.write_bytes(whole[:4] + b"\x63\0" + whole[6:])
        code, _, err = ros("check", self.bundle)
        self.assertEqual(code, DATA)
        self.assertIn("format 99", err)
        code, _, err = ros("build", "--check", self.rules)
        self.assertEqual(code, DATA)
        self.assertIn("not a bundle", err)

    def test_signatures(self):
        secret, public = self.keys("ours")
        _, other = self.keys("theirs")
        self.build("--sign", secret, self.rules)
        signature = pathlib.Path(f"{self.bundle}.sig")
        self.assertEqual(len(signature.read_bytes()), 64)
        self.assertEqual(ros("build", "--check", "--key", public, self.bundle)[0], OK)
        openssl = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", self.bundle,
                                  "-sigfile", signature], check=False, capture_output=True)
        self.assertEqual(openssl.returncode, 0, openssl.stderr)
        for key, expected in ((other, FORBIDDEN), (secret, CONFIG), (self.folder / "none.pem", CONFIG)):
            code, out, err = ros("build", "--check", "--key", key, self.bundle)
            self.assertEqual((code, out), (expected, ""), err)
        signature.unlink()
        code, _, err = ros("build", "--check", "--key", public, self.bundle)
        self.assertEqual(code, FORBIDDEN)
        self.assertIn("x.rosb.sig", err)
        before = self.bundle.read_bytes()
        self.rules.write_text(SMALL.replace("n > 1", "n > 0").replace("with n = 1", "with n = 0"))
        self.build("--sign", public, self.rules, expect=CONFIG)
        self.assertEqual(before, self.bundle.read_bytes())


class Take(WithFolder):
    """The shipped rules and their bundle say the same, wherever a path is taken."""

    def setUp(self):
        super().setUp()
        self.build(RULES)

    def test_score_and_explain(self):
        subprocess.run([str(BIN / "ros-samples"), "--out", str(self.folder), "--count", "6", "--seed", "3"], check=True,
                       capture_output=True)
        archives = sorted(self.folder.glob("*.tar*"))
        self.assertEqual(len(archives), 6)
        for words in (["score", "--format", "json"], ["explain"]):
            of_source = ros(*words, "--rules", RULES, *archives)
            of_bundle = ros(*words, "--rules", self.bundle, *archives)
            self.assertEqual(of_source[0], OK, of_source[2])
            self.assertEqual(of_source, of_bundle)

    def test_check_test_disasm(self):
        self.assertEqual(ros("disasm", RULES), ros("disasm", self.bundle))
        code, out, err = ros("check", self.bundle)
        self.assertEqual((code, err), (OK, ""))
        self.assertIn("ros_instance_evaluation", out)
        self.assertEqual(ros("test", RULES), ros("test", self.bundle))

    def test_it_is_told_by_its_bytes(self):
        disguised = self.folder / "rules.ros"
        disguised.write_bytes(self.bundle.read_bytes())
        self.assertEqual(ros("check", disguised)[0], OK)


if __name__ == "__main__":
    unittest.main()
