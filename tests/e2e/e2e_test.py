"""One upload walks from Kafka to the API; and every kind of bad input has its own end.

The service runs as it would on one machine (rosd --target=all), with a real PostgreSQL and a real Kafka.
"""

import copy
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import local  # noqa: E402

API = "/api/ros/v1"
BINARY_DIR = os.environ["ROS_BINARY_DIR"]


def setUpModule():
    global ros, events
    folder = tempfile.mkdtemp(prefix="e2e-", dir=BINARY_DIR)
    unittest.addModuleCleanup(shutil.rmtree, folder, True)
    stack = local.Local(folder, pathlib.Path(BINARY_DIR, "bin"))
    unittest.addModuleCleanup(stack.__exit__, None, None, None)
    ros = stack.__enter__()
    events = ros.make_samples(10)
    ros.start_rosd("all")
    local.wait_until("rosd is ready", ros.ready)
    ros.publish(events)
    local.wait_until("every host is shown", lambda: systems()["meta"]["count"] == len(events))


def systems(org="000001", query="limit=-1"):
    status, body = ros.get(f"{API}/systems?{query}", org)
    assert status == 200, body
    return body


def variant(number, **changes):
    """A new upload like the first one, of a host of its own, with changes to platform_metadata."""
    message = copy.deepcopy(events[0])
    message["host"]["id"] = f"00000000-0000-4000-8000-{number:012d}"
    message["host"]["display_name"] = f"variant-{number}"
    for part in (message["platform_metadata"], message["metadata"]):
        part["request_id"] = f"variant-{number}"
    message["platform_metadata"].update(changes)
    return message


class Verdicts(unittest.TestCase):
    def test_every_kind_has_its_state(self):
        states = {row["state"] for row in systems()["data"]}
        self.assertLessEqual({"Idling", "Undersized", "Under pressure", "Optimized", "Waiting for data"}, states)

    def test_rows_match_the_events(self):
        rows = {row["inventory_id"]: row for row in systems()["data"]}
        for event in events:
            row = rows[event["host"]["id"]]
            self.assertEqual(row["display_name"], event["host"]["display_name"])
            self.assertEqual(row["org_id"], "000001")

    def test_one_system(self):
        idle = next(row for row in systems()["data"] if row["state"] == "Idling")
        status, body = ros.get(f"{API}/systems/{idle['inventory_id']}", "000001")
        self.assertEqual(status, 200)
        self.assertEqual(body["rating"], 0)
        self.assertEqual(body["performance_utilization"]["cpu"], idle["performance_utilization"]["cpu"])

    def test_suggestions(self):
        idle = next(row for row in systems()["data"] if row["state"] == "Idling")
        status, body = ros.get(f"{API}/systems/{idle['inventory_id']}/suggestions", "000001")
        self.assertEqual(status, 200)
        self.assertEqual(body["meta"]["count"], 1)
        hit = body["data"][0]
        self.assertEqual(hit["rule_id"], "ros_instance_evaluation|INSTANCE_IDLE")
        self.assertIn("USD/hour)", hit["suggested_instances"])
        self.assertNotIn("{", hit["reason"])

    def test_is_configured_and_status(self):
        status, body = ros.get(f"{API}/is_configured", "000001")
        self.assertEqual((status, body["success"], body["code"]), (200, True, "SYSTEMSEXIST"))
        self.assertEqual(ros.get(f"{API}/status"), (200, {"status": "Application is running!"}))

    def test_grpc_says_the_same(self):
        text = ros.run([ros.bin / "ros-client", "--server", f"127.0.0.1:{ros.grpc_port}", "--org", "000001", "list"])
        for row in systems()["data"]:
            self.assertIn(row["inventory_id"], text)


class Strangers(unittest.TestCase):
    def test_without_an_identity(self):
        for path in ("/systems", "/is_configured", f"/systems/{events[0]['host']['id']}"):
            self.assertEqual(ros.get(API + path)[0], 401, path)

    def test_with_a_broken_identity(self):
        for header in ("!!!", "e30=", "bm90IGpzb24="):
            self.assertIn(ros.get(API + "/systems", headers={"x-rh-identity": header})[0], (400, 401), header)

    def test_another_organisation_sees_nothing(self):
        self.assertEqual(systems("999999")["data"], [])
        self.assertEqual(ros.get(f"{API}/systems/{events[0]['host']['id']}", "999999")[0], 404)
        self.assertEqual(ros.get(f"{API}/is_configured", "999999")[1]["code"], "NO_SYSTEMS")

    def test_bad_requests_are_never_our_fault(self):
        for path, status in (("/systems?state=Nope", 400), ("/systems?order_by=nope", 403), ("/systems/not-a-uuid", 404),
                             ("/systems/00000000-0000-4000-8000-00000000dead", 404), ("/nowhere", 404)):
            self.assertEqual(ros.get(API + path, "000001")[0], status, path)


class BadInput(unittest.TestCase):
    """Each is published among good uploads; afterwards the good ones are shown and the bad ones are accounted for."""

    def test_each_has_its_own_end(self):
        www = ros.folder / "www"
        good = events[0]["platform_metadata"]["url"]
        base = good.rsplit("/", 1)[0]
        name = good.rsplit("/", 1)[1]
        whole = (www / name).read_bytes()
        (www / "truncated.tar.gz").write_bytes(whole[: len(whole) // 2])
        (www / "garbage.tar.gz").write_bytes(b"this is not an archive\n" * 50)
        no_host = variant(900)
        del no_host["host"]
        dead = {
            b"{not json": "ROS_E_MESSAGE",
            json.dumps(no_host).encode(): "ROS_E_MESSAGE",
            json.dumps(variant(901, url=f"{base}/gone.tar.gz")).encode(): "ROS_E_DOWNLOAD_GONE",
            json.dumps(variant(902, url=f"{base}/truncated.tar.gz")).encode(): "ROS_E_ARCHIVE_DAMAGED",
            json.dumps(variant(903, url=f"{base}/garbage.tar.gz")).encode(): "ROS_E_ARCHIVE_FORMAT",
            json.dumps(variant(904, url="http://127.0.0.1:1/x.tar.gz")).encode(): "ROS_E_DOWNLOAD",
            json.dumps(variant(905, url="file:///etc/passwd")).encode(): "ROS_E_MESSAGE",
        }
        after = variant(950)
        ros.publish([*dead, after])
        local.wait_until("the good upload after the bad ones is shown",
                         lambda: ros.get(f"{API}/systems/{after['host']['id']}", "000001")[0] == 200, 90)
        letters = local.wait_until("every bad message is a dead letter",
                                   lambda: len(found := ros.dump(local.DEAD)) >= len(dead) and found, 30)
        reasons = {letter["value"].encode(): letter["headers"] for letter in letters}
        for message, reason in dead.items():
            self.assertIn(message, reasons)
            self.assertIn(reason, json.dumps(reasons[message]), message[:80])
        self.assertEqual(len(letters), len(dead))

    def test_a_replayed_upload_changes_nothing(self):
        before = ros.sql("SELECT count(*) FROM performance_profile_history")
        ros.publish(events[:3])
        marker = variant(960)
        ros.publish([marker])
        local.wait_until("the marker is shown",
                         lambda: ros.get(f"{API}/systems/{marker['host']['id']}", "000001")[0] == 200)
        time.sleep(0.5)
        now = ros.sql("SELECT count(*) FROM performance_profile_history")
        self.assertEqual(int(now[0][0]), int(before[0][0]) + 1)

    def test_a_bad_rule_file_keeps_the_old_program(self):
        rules = ros.folder / "rules"
        if not rules.exists():
            shutil.copytree(local.SOURCE / "rules", rules)
        ros.kill_rosd(signal.SIGTERM)
        ros.env["ROS_RULES_PATH"] = str(rules / "rightsizing.ros")
        ros.start_rosd("all")
        local.wait_until("rosd is ready", ros.ready)
        good = (rules / "rightsizing.ros").read_text()
        (rules / "rightsizing.ros").write_text(good.replace("kernel.all.cpu.idle / ncpu", "kernel.all.cpu.idel / ncpu"))
        ros.rosd.send_signal(signal.SIGHUP)
        local.wait_until("the error is logged", lambda: "E0201" in ros.log.read_text())
        late = variant(970)
        ros.publish([late])
        local.wait_until("an upload is scored by the old program",
                         lambda: ros.get(f"{API}/systems/{late['host']['id']}", "000001")[0] == 200)
        (rules / "rightsizing.ros").write_text(good)


class Watching(unittest.TestCase):
    def test_health_and_metrics(self):
        for port in (ros.metrics_port, ros.api_port):
            self.assertEqual(ros.get("/healthz", port=port)[0], 200)
            self.assertEqual(ros.get("/readyz", port=port)[0], 200)
            status, text = ros.get("/metrics", port=port)
            self.assertEqual(status, 200)
            self.assertIn("# TYPE", text)


if __name__ == "__main__":
    unittest.main()
