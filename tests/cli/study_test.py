"""ros test, ros fmt, ros explain and ros repl, as a rule author meets them."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

BIN = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin")
SOURCE = pathlib.Path(os.environ["ROS_SOURCE_DIR"])
RULES = str(SOURCE / "rules/rightsizing.ros")
OK, FAILED, USAGE, DATA, NO_INPUT = 0, 1, 64, 65, 66

SMALL = """ros 1
ruleset small version "1.0" "For trying tests."
metric load : vcpu
metric disk[*] : count/s
fact kind : text
param high = 80% in 50%..99% "Above this a host is busy."
let used = load / 4 vcpu
state busy { BUSY "much to do" when used > high }
report used_share = used
decide first { rule HOST_BUSY when BUSY { reason "more than {high}" } }
"""
IN_FILE = """fixture calm { load = 1 vcpu  disk["sda"] = 5 count/s  kind = "a" }
test "calm" { given calm expect none and certain and not BUSY }
test "busy" { given calm with load = 3.9 vcpu expect HOST_BUSY and used ==~ 97.5% }
test "unmeasured" { given calm with load = missing expect unknown(HOST_BUSY) and none and not certain }
"""


def ros(*words, **options):
    return subprocess.run([BIN / "ros", *words], capture_output=True, text=True, check=False, timeout=60, **options)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rules = self.folder / "small.ros"

    def write(self, *texts):
        self.rules.write_text("".join(texts), encoding="utf-8")

    def test(self, *words):
        return ros("test", *words, str(self.rules))


class Tests(Folder):
    def test_the_shipped_rules_are_tested_wholly(self):
        done = ros("test", "--min", "100", "--quiet", RULES)
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        self.assertIn("covered: 100.0 %", done.stdout)

    def test_tests_in_the_file(self):
        self.write(SMALL, IN_FILE)
        done = self.test("--min", "100")
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[:3], ["ok    calm", "ok    busy", "ok    unmeasured"])

    def test_tests_in_a_sibling(self):
        self.write(SMALL)
        (self.folder / "small_test.ros").write_text('ros 1\nuse "small.ros"\n' + IN_FILE, encoding="utf-8")
        for path in (self.rules, self.folder, self.folder / "small_test.ros"):
            done = ros("test", str(path))
            self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
            self.assertIn("3 tests, 0 failed", done.stdout)
        self.assertEqual(ros("check", str(self.rules)).returncode, OK)

    def test_a_failure_is_shown_with_its_values(self):
        self.write(SMALL, IN_FILE, 'test "wrong" { given calm expect HOST_BUSY }\n')
        done = self.test()
        self.assertEqual(done.returncode, FAILED)
        for words in ("FAIL  wrong", "expected  HOST_BUSY", "used (25%) > high (80%)", "short by 55%", "1 failed"):
            self.assertIn(words, done.stdout)

    def test_unknown_is_not_true(self):
        self.write(SMALL, IN_FILE, 'test "wrong" { given calm with load = missing expect BUSY }\n')
        done = self.test()
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("which is  unknown", done.stdout)
        self.assertIn("load is missing", done.stdout)

    def test_no_test_is_a_failure(self):
        self.write(SMALL)
        done = self.test()
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("no test was found", done.stderr)

    def test_too_little_is_covered(self):
        self.write(SMALL, 'test "calm" { with load = 1 vcpu expect none }\n')
        done = self.test("--min", "90")
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("never true     ", done.stdout)
        self.assertIn("never unknown  ", done.stdout)
        self.assertIn("90 % are asked for", done.stderr)

    def test_json(self):
        self.write(SMALL, IN_FILE, 'test "wrong" { given calm expect HOST_BUSY }\n')
        done = self.test("--format", "json", "--cover")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["passed"] for line in lines if "test" in line], [True, True, True, False])
        failed = lines[3]
        self.assertEqual((failed["expected"], failed["was"], failed["why"]["kind"]), ("HOST_BUSY", "false", "verdict"))
        self.assertEqual(lines[-1]["tests"], 4)
        self.assertEqual(lines[-1]["covered_percent"], 100)

    def test_junit(self):
        self.write(SMALL, IN_FILE, 'test "a < b & \\"c\\"" { given calm expect HOST_BUSY }\n')
        done = self.test("--format", "junit")
        cases = list(xml.etree.ElementTree.fromstring(done.stdout).iter("testcase"))
        self.assertEqual([case.find("failure") is not None for case in cases], [False, False, False, True])
        self.assertEqual(cases[3].get("name"), 'a < b & "c"')

    def test_what_is_wrong_in_a_test_is_a_finding(self):
        for line, words in (('test "x" { given clam expect none }', "did you mean `calm`?"),
                            ('test "x" { given calm with laod = 1 vcpu expect none }', "did you mean `load`?"),
                            ('test "x" { given calm with load = 1 count/s expect none }', "E0301"),
                            ('test "x" { given calm with high = 10% expect none }', "outside the range"),
                            ('test "x" { given calm with disk = 1 count/s expect none }', "needs an instance"),
                            ('test "x" { given calm expect used }', "E0303"),
                            ('test "x" { given calm expect HOST_BUSI }', "E0201"),
                            ('test "x" { given calm expect count(offers) == 0 and offers[0].type == "a" }', "offers"),
                            ('test "x" { given calm }', "shows nothing")):
            self.write(SMALL, IN_FILE, line, "\n")
            done = self.test()
            self.assertEqual(done.returncode, DATA, line)
            self.assertIn(words, done.stderr, line)

    def test_usage(self):
        for words in ((), ("--min", "x", "p"), ("--min", "101", "p"), ("--format", "yaml", "p"), ("--no", "p")):
            self.assertEqual(ros("test", *words).returncode, USAGE, words)
        self.assertEqual(ros("test", "/nowhere.ros").returncode, NO_INPUT)


class Format(Folder):
    def test_a_file_is_rewritten_with_its_mode(self):
        self.write(SMALL.replace("let used = load", "let   used=load"))
        self.rules.chmod(0o640)
        self.assertEqual(ros("fmt", "--check", str(self.rules)).returncode, FAILED)
        self.assertEqual(ros("fmt", str(self.folder)).returncode, OK)
        self.assertIn("let used = load / 4 vcpu\n", self.rules.read_text(encoding="utf-8"))
        self.assertEqual(self.rules.stat().st_mode & 0o777, 0o640)
        done = ros("fmt", "--check", str(self.rules))
        self.assertEqual((done.returncode, done.stdout), (OK, ""))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["small.ros"])

    def test_standard_input(self):
        done = ros("fmt", "-", input="ros 1\nlet a=1\n")
        self.assertEqual((done.returncode, done.stdout), (OK, "ros 1\nlet a = 1\n"))

    def test_what_cannot_be_read_is_left_alone(self):
        self.write("ros 1\nlet a = )\n")
        done = ros("fmt", str(self.rules))
        self.assertEqual(done.returncode, DATA)
        self.assertIn("E0101", done.stderr)
        self.assertEqual(self.rules.read_text(encoding="utf-8"), "ros 1\nlet a = )\n")
        self.assertEqual(ros("fmt", "/nowhere.ros").returncode, NO_INPUT)
        self.assertEqual(ros("fmt").returncode, USAGE)
        empty = self.folder / "empty"
        empty.mkdir()
        self.assertEqual(ros("fmt", str(empty)).returncode, NO_INPUT)


class Page(Folder):
    def test_everything_stands_on_it_and_nothing_runs(self):
        self.write(SMALL.replace("much to do", "<script>alert(1)</script> & more"), IN_FILE)
        done = ros("doc", str(self.rules))
        self.assertEqual(done.returncode, OK, done.stderr)
        page = done.stdout
        for words in ("HOST_BUSY", "Above this a host is busy.", "50%", "load / 4 vcpu", "unmeasured", "disk</code>",
                      "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"):
            self.assertIn(words, page.replace("disk[*]</code>", "disk</code>"))
        self.assertNotIn("<script", page)
        self.assertNotIn("http", page)
        self.assertEqual(page.count("<table>"), page.count("</table>"))

    def test_usage(self):
        self.write("ros 1\nlet a = )\n")
        self.assertEqual(ros("doc", str(self.rules)).returncode, DATA)
        self.assertEqual(ros("doc", "a", "b").returncode, USAGE)


class Organisations(Folder):
    def test_overrides(self):
        self.write(SMALL, IN_FILE, 'org "7" { high = 95% }\norg "1" { high = 60% }\n')
        self.assertEqual(self.test().returncode, OK)
        upload = self.folder / "none"
        for org, high in (("7", "95%"), ("1", "60%"), ("2", "80%")):
            done = ros("repl", "--rules", str(self.rules), "--org", org, input="high\n")
            self.assertEqual((done.returncode, done.stdout.strip()), (OK, high), done.stderr)
        self.assertFalse(upload.exists())

    def test_each_set_is_checked(self):
        checked = SMALL.replace("let used", 'check high > 55% else "high is too low"\nlet used')
        for line, words in (('org "7" { high = 20% }', "outside the range"), ('org "7" { hihg = 90% }', "did you mean"),
                            ('org "7" { load = 1 vcpu }', "only params can"),
                            ('org "7" { high = 52% }', "high is too low"),
                            ('org "7" { high = 90% }\norg "7" { high = 91% }', "declared twice")):
            self.write(checked, line, "\n")
            done = ros("check", str(self.rules))
            self.assertEqual(done.returncode, DATA, line)
            self.assertIn(words, done.stderr, line)


class Explanations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        subprocess.run([BIN / "ros-samples", "--count", "5", "--out", cls.folder.name], check=True, capture_output=True)
        cls.uploads = {path.name.split("-0")[0]: str(path) for path in pathlib.Path(cls.folder.name).glob("*.tar.gz")}

    def test_it_agrees_with_score(self):
        for upload in self.uploads.values():
            score = json.loads(ros("score", "--rules", RULES, "--format", "json", upload).stdout)
            why = json.loads(ros("explain", "--rules", RULES, "--format", "json", upload).stdout)["why"]
            self.assertEqual(why.get("name"), score["outcome"]["rule"], upload)
            self.assertEqual(why["truth"] == "true", score["outcome"]["certain"], upload)
            funnel = next(part for part in why["parts"] if part["kind"] == "candidates")
            rows = [step["rows_out"] for step in funnel["parts"] if step["kind"] == "step"]
            self.assertEqual(rows, sorted(rows, reverse=True))
            self.assertEqual(rows[-1], funnel["rows_out"])

    def test_text_names_values_and_what_is_missing(self):
        done = ros("explain", "--rules", RULES, self.uploads["no-pcp"])
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("kernel.all.cpu.idle is missing", done.stdout)
        done = ros("explain", "--rules", RULES, self.uploads["undersized"])
        self.assertIn("rule INSTANCE_UNDERSIZED: the verdict", done.stdout)
        self.assertIn("offer: ec2[", done.stdout)

    def test_why_not(self):
        done = ros("explain", "--rules", RULES, "--why-not", "INSTANCE_IDLE", self.uploads["undersized"])
        self.assertEqual(done.returncode, OK)
        self.assertIn("over by", done.stdout)
        done = ros("explain", "--rules", RULES, "--why-not", "INSTANCE_UNDERSIZED", self.uploads["undersized"])
        self.assertIn("it is the verdict", done.stdout)
        done = ros("explain", "--rules", RULES, "--why-not", "NO_RULE", self.uploads["undersized"])
        self.assertEqual(done.returncode, NO_INPUT)

    def test_questions(self):
        done = ros("repl", "--rules", RULES, self.uploads["undersized"],
                   input="INSTANCE_UNDERSIZED\ncount(offers) > 0\ncpu_util > 5\nnonsense\n:why INSTANCE_IDLE\n:quit\n1\n")
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(done.stdout.splitlines()[:2], ["true", "true"])
        self.assertIn("E0302", done.stderr)
        self.assertIn("E0201", done.stderr)
        self.assertIn("rule INSTANCE_IDLE", done.stdout)

    def test_usage_and_refusals(self):
        self.assertEqual(ros("explain").returncode, USAGE)
        self.assertEqual(ros("repl", "a", "b").returncode, USAGE)
        self.assertEqual(ros("explain", "--rules", RULES, RULES).returncode, DATA)
        self.assertEqual(ros("repl", "--rules", RULES, RULES, input="").returncode, DATA)


if __name__ == "__main__":
    unittest.main()
