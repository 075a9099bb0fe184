"""`ros` as a script uses it: exit codes, what goes to which stream, JSON a line."""

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


def ros(*words, stdin=None, env=None):
    done = subprocess.run([str(BIN / "ros"), *map(str, words)], input=stdin, capture_output=True, check=False,
                          env={**os.environ, "ROS_RULES_PATH": str(RULES), **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def samples(self, *options):
        done = subprocess.run([str(BIN / "ros-samples"), "--out", str(self.folder), *map(str, options)],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted(self.folder.glob("*.tar*"))

    def broken_rules(self, old, new):
        rules = self.folder / "rules"
        shutil.copytree(SOURCE / "rules", rules)
        file = rules / "rightsizing.ros"
        text = file.read_text()
        self.assertIn(old, text)
        file.write_text(text.replace(old, new))
        return file


class Usage(unittest.TestCase):
    def test_help_goes_to_standard_output(self):
        for words in (["--help"], ["check", "--help"], ["score", "--help"], ["disasm", "--help"]):
            code, out, err = ros(*words)
            self.assertEqual((code, err), (0, ""), words)
            self.assertIn("usage: ros", out)

    def test_wrong_usage_is_64_and_says_how(self):
        for words in ([], ["nonsense"], ["score"], ["check"], ["score", "--format", "xml", "x"], ["check", "--nope", "x"],
                      ["score", "--message", "m", "x"], ["disasm", "a", "b"]):
            code, out, err = ros(*words)
            self.assertEqual((code, out), (64, ""), words)
            self.assertTrue("usage" in err or "--help" in err, err)

    def test_version(self):
        code, out, _ = ros("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^ros \d+\.\d+\.\d+\n$")


class Check(WithFolder):
    def test_the_shipped_rules_are_clean(self):
        code, out, err = ros("check", RULES)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("ros_instance_evaluation", out)

    def test_every_error_in_one_run(self):
        file = self.broken_rules("kernel.all.cpu.idle / ncpu", "kernel.all.cpu.idel / ncpu")
        text = file.read_text().replace("mem_util < idle_below", "mem_util < 5")
        file.write_text(text)
        code, out, err = ros("check", file)
        self.assertEqual((code, out), (65, ""))
        self.assertIn("error[E0201]", err)
        self.assertIn("did you mean `kernel.all.cpu.idle`", err)
        self.assertIn("error[E0302]", err)
        self.assertRegex(err, r"rightsizing\.ros:\d+:\d+")
        self.assertIn("^", err)
        self.assertNotIn("\x1b[", err)

    def test_findings_as_json(self):
        file = self.broken_rules("kernel.all.cpu.idle / ncpu", "kernel.all.cpu.idel / ncpu")
        code, out, err = ros("check", "--format", "json", file)
        self.assertEqual((code, err), (65, ""))
        findings = [json.loads(line) for line in out.splitlines()]
        self.assertIn("E0201", {finding["code"] for finding in findings})

    def test_no_such_file(self):
        code, _, err = ros("check", self.folder / "none.ros")
        self.assertIn(code, (65, 66))
        self.assertIn("none.ros", err)


class Score(WithFolder):
    def test_text_and_json_agree(self):
        archives = self.samples("--count", 5, "--seed", 1)
        self.assertEqual(len(archives), 5)
        code, out, err = ros("score", "--format", "json", *archives)
        self.assertEqual((code, err), (0, ""))
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["archive"] for line in lines], [str(a) for a in archives])
        _, text, _ = ros("score", *archives)
        for line in lines:
            self.assertIsNone(line["error"])
            self.assertEqual(set(line), {"archive", "error", "host", "report", "outcome", "rules"})
            if line["outcome"]["rule"]:
                self.assertIn(line["outcome"]["rule"], text)

    def test_standard_input(self):
        archive = self.samples("--count", 1, "--kind", "idle")[0]
        code, out, _ = ros("score", "--format", "json", "-", stdin=archive.read_bytes())
        self.assertEqual((code, json.loads(out)["outcome"]["rule"]), (0, "INSTANCE_IDLE"))

    def test_a_refusal_is_65_and_the_others_are_scored(self):
        good = self.samples("--count", 1, "--kind", "undersized")[0]
        bad = self.folder / "bad.tar.gz"
        bad.write_bytes(b"no archive")
        code, out, _ = ros("score", "--format", "json", bad, good)
        refused, scored = (json.loads(line) for line in out.splitlines())
        self.assertEqual(code, 65)
        self.assertEqual(refused["error"]["code"], "ROS_E_ARCHIVE_FORMAT")
        self.assertIsNone(refused["outcome"])
        self.assertEqual(scored["outcome"]["rule"], "INSTANCE_UNDERSIZED")

    def test_evidence_is_added_on_demand(self):
        archive = self.samples("--count", 1, "--kind", "idle")[0]
        _, out, _ = ros("score", "--format", "json", "--evidence", archive)
        evidence = json.loads(out)["evidence"]
        self.assertIn("mean", evidence["metrics"]["hinv.ncpu"])
        self.assertEqual(evidence["facts"]["host.cloud"], "aws")

    def test_the_event(self):
        archive = self.samples("--count", 1, "--kind", "idle")[0]
        event = (self.folder / "events.jsonl").read_text().splitlines()[0]
        message = self.folder / "message.json"
        message.write_text(event)
        code, out, _ = ros("score", "--event", "--message", message, archive)
        event = json.loads(out)
        self.assertEqual((code, event["state"], event["number_of_recommendations"]), (0, "Idling", 1))
        self.assertEqual(event["id"], json.loads(message.read_text())["host"]["id"])

    def test_broken_rules_score_nothing(self):
        archive = self.samples("--count", 1)[0]
        file = self.broken_rules("decide first", "decide frist")
        code, out, err = ros("score", "--rules", file, archive)
        self.assertEqual((code, out), (65, ""))
        self.assertIn("error[", err)


    def test_every_rule_that_is_true_fires(self):
        archive = self.samples("--count", 1, "--kind", "idle")[0]
        file = self.broken_rules("decide first", "decide every")
        code, out, err = ros("score", "--rules", file, "--format", "json", archive)
        self.assertEqual((code, err), (0, ""))
        outcome = json.loads(out)["outcome"]
        fired = outcome["fired"]
        self.assertEqual([rule["rule"] for rule in fired], ["INSTANCE_IDLE", "INSTANCE_OVERSIZED"])
        self.assertEqual(set(fired[0]), {"rule", "offers", "withheld"})
        self.assertEqual((outcome["rule"], outcome["offers"]), ("INSTANCE_IDLE", fired[0]["offers"]))
        self.assertTrue(fired[1]["offers"])
        code, out, _ = ros("score", "--rules", file, archive)
        self.assertEqual(code, 0)
        self.assertIn("verdict INSTANCE_IDLE: ", out)
        self.assertIn("verdict INSTANCE_OVERSIZED: ", out)
        code, out, _ = ros("score", "--format", "json", archive)
        self.assertNotIn("fired", json.loads(out)["outcome"])
        code, out, _ = ros("explain", "--rules", file, archive)
        self.assertEqual((code, out.count("it fires")), (0, 2))


class Disasm(unittest.TestCase):
    def test_it_lists_code_and_cost(self):
        code, out, _ = ros("disasm", RULES)
        self.assertEqual(code, 0)
        self.assertIn("HALT", out)
        self.assertRegex(out, r"(?i)cost")


if __name__ == "__main__":
    unittest.main()
