"""rosd as an operator meets it on the command line: usage, settings and their sources, and what it refuses."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

ROSD = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin", "rosd")
SOURCE = pathlib.Path(os.environ["ROS_SOURCE_DIR"])
OK, USAGE, DATA, UNAVAILABLE, FORBIDDEN, CONFIG = 0, 64, 65, 69, 77, 78
# loopback ports that nothing listens on
NOWHERE = {"ROS_DB_HOST": "127.0.0.1", "ROS_DB_PORT": "1", "INSIGHTS_KAFKA_HOST": "127.0.0.1", "INSIGHTS_KAFKA_PORT": "1"}


def rosd(*words, **variables):
    base = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return subprocess.run([ROSD, *words], capture_output=True, text=True, check=False, timeout=60,
                          env={**base, **variables})


def dumped(done):
    """Setting -> its whole line in --dump-config."""
    return {line.split()[0]: line for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")}


class Usage(unittest.TestCase):
    def test_help_and_version_go_to_standard_output(self):
        for words, text in ((["--help"], "usage: rosd"), (["-h"], "usage: rosd"), (["--version"], "rosd ")):
            done = rosd(*words)
            self.assertEqual((done.returncode, done.stderr), (OK, ""), words)
            self.assertTrue(done.stdout.startswith(text), words)

    def test_help_names_every_variable_that_must_keep_working(self):
        text = rosd("--help").stdout
        for variable in ("ROS_DB_NAME", "ROS_DB_USER", "ROS_DB_PASS", "ROS_DB_HOST", "ROS_DB_PORT", "DB_POOL_SIZE",
                         "INSIGHTS_KAFKA_HOST", "INSIGHTS_KAFKA_PORT", "INVENTORY_EVENTS_TOPIC", "ROS_EVENTS_TOPIC",
                         "GROUP_ID_SUGGESTIONS_ENGINE", "GROUP_ID_REPORT_PROCESSOR", "ROS_API_PORT", "PATH_PREFIX",
                         "APP_NAME", "METRICS_PORT", "ROS_GRPC_PORT", "ENABLE_RBAC", "ENABLE_KESSEL", "ACG_CONFIG",
                         "GARBAGE_COLLECTION_INTERVAL", "DAYS_UNTIL_STALE", "CACHE_TIMEOUT_FOR_DELETED_SYSTEM"):
            self.assertIn(variable, text)

    def test_wrong_words_are_64(self):
        for words in (["--nonsense"], ["--target=nonsense"], ["--target="], ["--target=api,"], ["word"],
                      ["--target=api", "word"]):
            done = rosd(*words)
            self.assertEqual((done.returncode, done.stdout), (USAGE, ""), words)
            self.assertIn("--help", done.stderr, words)

    def test_the_manual_names_every_target_and_action(self):
        manual = (SOURCE / "tools/man/rosd.8").read_text(encoding="utf-8").replace("\\-", "-")
        for word in ("scoring", "reports", "api", "all", "--check-config", "--dump-config", "--migrate", "--config"):
            self.assertIn(word, manual)


class Settings(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "rosd.conf")

    def test_flag_over_variable_over_file(self):
        self.file.write_text("api_port = 1111\ndb_name = of-file\n# a comment\npath_prefix = /file\n", encoding="utf-8")
        done = rosd("--config", str(self.file), "--api-port", "3333", "--dump-config",
                    ROS_API_PORT="2222", PATH_PREFIX="/variable")
        self.assertEqual(done.returncode, OK, done.stderr)
        lines = dumped(done)
        for name, value, source in (("api_port", "3333", "flag"), ("path_prefix", "/variable", "environment"),
                                    ("db_name", "of-file", "file"), ("metrics_port", "5005", "default")):
            self.assertIn(value, lines[name])
            self.assertIn(source, lines[name])

    def test_secrets_are_masked(self):
        done = rosd("--dump-config", ROS_DB_PASS="open-sesame")
        self.assertEqual(done.returncode, OK)
        self.assertNotIn("open-sesame", done.stdout + done.stderr)

    def test_what_is_wrong_is_78_and_named(self):
        for text, words, variables, named in (
                ("no_such_key = 1\n", [], {}, "no_such_key"), ("api_port = many\n", [], {}, "api_port"),
                ("api_port\n", [], {}, "rosd.conf:1: not `key = value`"), ("", ["--api-port", "70000"], {}, "api"),
                ("", [], {"ROS_API_PORT": "x"}, "ROS_API_PORT"), ("", [], {"ROS_LOG_LEVEL": "loud"}, "loud"),
                ("", [], {"CLOWDER_ENABLED": "true", "ACG_CONFIG": "/nowhere.json"}, "/nowhere.json")):
            self.file.write_text(text, encoding="utf-8")
            done = rosd("--config", str(self.file), "--check-config", *words, **variables)
            self.assertEqual(done.returncode, CONFIG, (text, words, variables, done.stderr))
            self.assertIn(named, done.stderr)
        done = rosd("--config", "/nowhere.conf", "--check-config")
        self.assertEqual(done.returncode, CONFIG, done.stderr)
        self.assertIn("/nowhere.conf", done.stderr)

    def test_what_is_right_is_0(self):
        self.assertEqual(rosd("--check-config").returncode, OK)


class Start(unittest.TestCase):
    def test_a_database_that_is_away_is_69(self):
        done = rosd("--migrate", **NOWHERE)
        self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
        self.assertNotIn("postgres\n", done.stdout)
        self.assertTrue(done.stderr.startswith("rosd: "))

    def test_rules_with_errors_are_65(self):
        with tempfile.TemporaryDirectory() as folder:
            rules = pathlib.Path(folder, "bad.ros")
            rules.write_text("ros 1\nlet x = y\n", encoding="utf-8")
            done = rosd("--target=scoring", "--rules-path", str(rules), "--state-dir", folder, **NOWHERE)
        self.assertEqual(done.returncode, DATA, done.stderr)

    def test_authorisation_that_cannot_be_asked_serves_nobody(self):
        for variable in ("ENABLE_RBAC", "ENABLE_KESSEL"):
            done = rosd("--target=api", **{**NOWHERE, variable: "true"})
            self.assertEqual(done.returncode, CONFIG, done.stderr)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@unittest.skipIf(shutil.which("openssl") is None, "no openssl command to make keys with")
class SignedRules(unittest.TestCase):
    """With a public key, only signed bundles become active, at the start and on SIGHUP."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.secret, self.public = self.folder / "key.pem", self.folder / "key.pub.pem"
        for words in (["genpkey", "-algorithm", "ed25519", "-out", self.secret],
                      ["pkey", "-in", self.secret, "-pubout", "-out", self.public]):
            subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
        self.bundle = self.folder / "rules.rosb"
        self.build(SOURCE / "rules" / "rightsizing.ros")

    def build(self, rules, *words):
        subprocess.run([ROSD.parent / "ros", "build", "-o", self.bundle, "--sign", self.secret, *words, rules], check=True,
                       capture_output=True)

    def words(self, rules):
        return ["--target=scoring", "--rules-path", str(rules), "--state-dir", str(self.folder), "--listen-address",
                "127.0.0.1", "--metrics-port", free_port(), "--api-port", free_port(), "--grpc-port", free_port()]

    def test_what_is_not_signed_does_not_start(self):
        key = {"ROS_RULES_PUBLIC_KEY": str(self.public)}
        done = rosd(*self.words(SOURCE / "rules" / "rightsizing.ros"), **NOWHERE, **key)
        self.assertEqual(done.returncode, FORBIDDEN, done.stderr)
        self.assertIn("only signed bundles", done.stdout + done.stderr)
        pathlib.Path(f"{self.bundle}.sig").unlink()
        done = rosd(*self.words(self.bundle), **NOWHERE, **key)
        self.assertEqual(done.returncode, FORBIDDEN, done.stderr)
        self.assertIn("rules.rosb.sig", done.stdout + done.stderr)
        done = rosd(*self.words(self.bundle), **NOWHERE, ROS_RULES_PUBLIC_KEY=str(self.folder / "no-such-key"))
        self.assertEqual(done.returncode, CONFIG, done.stderr)
        self.assertIn("no-such-key", done.stdout + done.stderr)

    def test_a_bad_signature_on_reload_keeps_the_old_rules(self):
        base = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        daemon = subprocess.Popen([ROSD, *self.words(self.bundle)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, env={**base, **NOWHERE, "ROS_RULES_PUBLIC_KEY": str(self.public)})
        watchdog = threading.Timer(60, daemon.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        self.addCleanup(daemon.stdout.close)

        def wait_for(event):
            for line in daemon.stdout:
                if event in line:
                    return line
            return self.fail(f"rosd ended without {event}")

        first = wait_for("rules_loaded")
        good = self.bundle.read_bytes(), pathlib.Path(f"{self.bundle}.sig").read_bytes()
        pathlib.Path(f"{self.bundle}.sig").write_bytes(bytes(64))
        daemon.send_signal(signal.SIGHUP)
        self.assertIn("ROS_E_SIGNATURE", wait_for("rules_kept"))
        pathlib.Path(f"{self.bundle}.sig").write_bytes(good[1])
        daemon.send_signal(signal.SIGHUP)
        checksum = [word for word in first.split() if word.startswith("checksum=")]
        self.assertEqual(len(checksum), 1)
        self.assertIn(checksum[0], wait_for("rules_loaded"))
        self.bundle.write_bytes(good[0][:-1])
        daemon.send_signal(signal.SIGHUP)
        wait_for("rules_kept")
        daemon.send_signal(signal.SIGTERM)
        daemon.stdout.read()
        self.assertEqual(daemon.wait(), OK)


if __name__ == "__main__":
    unittest.main()
