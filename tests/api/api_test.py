"""The API over a database whose rows were written by the best and the worst of writers.

Two organisations: `alpha`, whose rows are as odd as the column types allow, and `beta`, whose every text is a canary that
no answer to anybody else may hold.
"""

import base64
import itertools
import json
import os
import pathlib
import subprocess
import time
import unittest
import urllib.parse

import daemon

API = "/api/ros/v1"
CANARY = "canary-of-beta"
BETA_ID = "bbbbbbbb-0000-4000-8000-000000000001"


def host(number):
    return f"aaaaaaaa-0000-4000-8000-{number:012d}"


def literal(value):
    """A value as SQL: objects become JSON."""
    if value is None:
        return "NULL"
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'"


def insert(table, **columns):
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(literal(v) for v in columns.values())});"


def rows_of(number, account, system, profile):
    base = {"id": number, "tenant_id": account, "state": "Optimized", "display_name": f"name-{number}",
            "fqdn": f"host-{number}.example.com"}
    yield insert("systems", **{**base, **system})
    if profile is not None:
        yield insert("performance_profile", **{"system_id": number, "report_date": f"2026-11-{number:02d}T12:00:00Z",
                                               "number_of_recommendations": number, "state": "Optimized", **profile})


HIT = {"rule_id": "test|HOST_IDLE", "key": "HOST_IDLE"}
DETAILS = {"instance_type": "t2.micro", "price": 0.0116, "states": {"cpu": ["CPU_IDLING"], "io": ["IO_X"]},
           "candidates": [["t2.nano", 0.0058], ["t3.nano", 1e-05], ["a", 2], ["b", 3]]}
# (system, profile) of hosts 1, 2, ...; what each is odd in stands in the tests
ALPHA = [
    ({"operating_system": {"name": "RHEL", "major": 8, "minor": 4}, "cloud_provider": "aws", "region": "us-east-1",
      "instance_type": "t2.micro", "groups": [{"id": "1", "name": "first"}]},
     {"performance_utilization": {"cpu": 9, "memory": 30, "max_io": 2.5, "io": {"b": 1, "a": 2.5, "cc": 1}},
      "performance_record": {"kernel.all.cpu.idle": 0.5, "total_cpus": 2}, "psi_enabled": True,
      "rule_hit_details": [{**HIT, "details": DETAILS}]}),
    ({"operating_system": {"name": "RHEL", "major": 10, "minor": 0}, "groups": []},
     {"performance_utilization": {"cpu": "10", "memory": " 1", "max_io": "7", "io": {"a": "x"}},
      "performance_record": {"kernel.all.cpu.idle": None, "total_cpus": "2"},
      "rule_hit_details": [7, None, "text", {}, {"rule_id": 5}, {**HIT, "details": "no object"},
                           {**HIT, "details": {"states": [1], "candidates": {"a": 1}, "price": True}},
                           {**HIT, "details": {"states": {"cpu": 3, "io": [None, 1, "A"]},
                                               "candidates": [1, [], ["x"], [[], {}]]}}]}),
    ({"operating_system": ["no", "object"], "groups": {"not": "a list"}},
     {"performance_utilization": ["a", "list"], "performance_record": "5", "rule_hit_details": {"not": "a list"}}),
    ({"operating_system": None, "groups": None, "display_name": None, "fqdn": None},
     {"performance_utilization": None, "performance_record": None, "rule_hit_details": None,
      "number_of_recommendations": None, "state": "Waiting for data"}),
    ({"groups": [5, None, {"id": 7}, {"name": "g"}], "display_name": "100%_sure\\", "region": "{system.instance_type}"},
     {"performance_utilization": {"cpu": True, "memory": {}, "max_io": None, "io": []},
      "rule_hit_details": [{**HIT, "details": {"candidates": []}}]}),
    ({"display_name": "naïve ☃"}, {"performance_utilization": {"cpu": 1, "memory": -1, "max_io": 0.0, "io": {}}}),
    ({"display_name": "never reported"}, None),
]
SHOWN = [number for number, (_, profile) in enumerate(ALPHA, 1) if profile is not None]
RULE = {"rule_id": "test|HOST_IDLE", "description": "It's {system.cloud_provider.upper()} 'quoted' 100%",
        "reason": "{system.instance_type} in {system.region}", "resolution": "{system.__class__} {1+1} {{x}} {",
        "condition": "{system.cloud_provider}\n\\n{system.instance_type"}


def fill():
    sql = [insert("rh_accounts", id=1, org_id="alpha"), insert("rh_accounts", id=2, org_id="beta"),
           insert("rules", **RULE)]
    for number, (system, profile) in enumerate(ALPHA, 1):
        sql.extend(rows_of(number, 1, {"inventory_id": host(number), **system}, profile))
    names = {column: CANARY for column in ("display_name", "fqdn", "cloud_provider", "instance_type", "region")}
    sql.extend(rows_of(20, 2, {"inventory_id": BETA_ID, "groups": [{"id": CANARY, "name": CANARY}], **names},
                       {"performance_utilization": {"cpu": 1, "memory": 1, "max_io": 1, "io": {CANARY: 1}},
                        "rule_hit_details": [{**HIT, "details": {"instance_type": CANARY}}]}))
    sql.append("UPDATE performance_profile SET performance_utilization = "
               "jsonb_set(performance_utilization, '{memory}', '1e400') WHERE system_id = 6;")
    daemon.psql("-c", "".join(sql))


def header(identity):
    return {"x-rh-identity": base64.b64encode(json.dumps({"identity": identity}).encode()).decode()}


USER = header({"org_id": "alpha", "user": {"username": "ann"}})


def setUpModule():
    global rosd
    daemon.make_database()
    rosd = daemon.Daemon()
    rosd.__enter__()
    unittest.addModuleCleanup(rosd.__exit__)
    fill()


def get(path, headers=USER):
    status, body = rosd.ask("GET", API + path, headers)
    return status, json.loads(body)


def listed(**words):
    status, body = get("/systems?" + urllib.parse.urlencode({"limit": -1, **words}, doseq=True))
    assert status == 200, body
    return [int(row["inventory_id"][-12:]) for row in body["data"]]


class Lists(unittest.TestCase):
    def test_every_order_shows_every_host_once(self):
        sorts = ("report_date", "display_name", "cpu", "memory", "max_io", "number_of_suggestions", "state", "os",
                 "group_name")
        for by, how in itertools.product(sorts, ("asc", "desc", " DESC ", "")):
            self.assertEqual(sorted(listed(order_by=by, order_how=how)), SHOWN, (by, how))

    def test_numbers_in_texts_are_numbers(self):
        # 9 < "10"; what is no number is unknown: at the end ascending, at the beginning descending, there by id
        self.assertEqual(listed(order_by="cpu", order_how="asc"), [6, 1, 2, 3, 4, 5])
        self.assertEqual(listed(order_by="cpu", order_how="desc"), [3, 4, 5, 2, 1, 6])
        # " 1", an object and 1e400 are no numbers to sort by
        self.assertEqual(listed(order_by="memory", order_how="asc"), [1, 2, 3, 4, 5, 6])

    def test_pages_add_up(self):
        for by in ("os", "state", "group_name", "report_date"):
            pages = [get(f"/systems?order_by={by}&limit=2&offset={at}")[1] for at in (0, 2, 4, 6)]
            self.assertEqual([int(row["inventory_id"][-12:]) for page in pages for row in page["data"]],
                             listed(order_by=by))
            self.assertEqual({page["meta"]["count"] for page in pages}, {len(SHOWN)})

    def test_filters(self):
        for words, expected in (({"display_name": "NAME-"}, [3, 2, 1]), ({"display_name": "%"}, [5]),
                                ({"display_name": "_"}, [5]), ({"display_name": "\\"}, [5]),
                                ({"display_name": "☃"}, [6]), ({"display_name": "NAÏVE"}, [6]),
                                ({"os": "8.4"}, [1]), ({"os": "10"}, [2]), ({"os": ["8.4", "10.0"]}, [2, 1]),
                                ({"group_name": "first"}, [1]), ({"group_name": ["first", "g"]}, [1]),
                                ({"state": ["optimized", "IDLING"]}, [6, 5, 4, 3, 2, 1]), ({"state": "idling"}, [])):
            self.assertEqual(listed(**words), expected, words)

    def test_parameters_never_end_in_a_5xx(self):
        words = ("", "-1", "-2", "0", "1", "x", "1e3", "99999999999999999999", "\u0664", "%00", "'", "\"", "[", "{}",
                 "null", "a" * 3000, "Idling", "8.4", ".", "-", "8.4.1", "1000.1000", "1001", "; DROP TABLE systems --")
        names = ("limit", "offset", "order_by", "order_how", "display_name", "state", "os", "group_name", "unknown")
        for name, word in itertools.product(names, words):
            status, _ = get("/systems?" + urllib.parse.urlencode({name: word}))
            self.assertIn(status, (200, 400, 403), (name, word))
        for word in words[1:]:
            status, _ = get("/systems/" + urllib.parse.quote(word, safe=""))
            self.assertIn(status, (400, 404), word)

    def test_hundreds_of_filters_are_refused(self):
        self.assertEqual(get("/systems?" + "&".join(f"os=8.{n}" for n in range(101)))[0], 400)
        self.assertEqual(get("/systems?" + "&".join(["group_name=a"] * 100))[0], 200)


class Fields(unittest.TestCase):
    def row(self, number):
        return next(row for row in get("/systems?limit=-1")[1]["data"] if row["inventory_id"] == host(number))

    def test_a_good_row(self):
        row = self.row(1)
        self.assertEqual(list(row["performance_utilization"]["io_all"].items()), [("a", 2.5), ("b", 1), ("cc", 1)])
        self.assertEqual((row["idling_time"], row["os"], row["report_date"], row["org_id"]),
                         ("25.00", "RHEL 8.4", "2026-11-01T12:00:00+00:00", "alpha"))
        self.assertEqual(row["groups"], [{"id": "1", "name": "first"}])

    def test_odd_rows(self):
        row = self.row(2)
        self.assertEqual(row["performance_utilization"], {"cpu": 10, "memory": 0, "max_io": 7, "io_all": {}})
        self.assertEqual((row["idling_time"], row["os"]), (None, "RHEL 10.0"))
        for number in (3, 4):
            row = self.row(number)
            self.assertEqual(row["performance_utilization"], {"cpu": 0, "memory": 0, "max_io": None, "io_all": {}})
            self.assertEqual((row["groups"], row["os"], row["idling_time"]), ([], None, None))
        self.assertEqual((self.row(4)["display_name"], self.row(4)["number_of_suggestions"]), (None, 0))
        self.assertEqual(len(self.row(5)["groups"]), 4)

    def test_one_system_is_as_in_the_list(self):
        for number in SHOWN:
            listed_row, (status, one) = self.row(number), get(f"/systems/{host(number)}")
            self.assertEqual(status, 200)
            for name in set(one) & set(listed_row):
                self.assertEqual(one[name], listed_row[name], (number, name))

    def test_ratings_are_the_callers(self):
        daemon.psql("-c", insert("recommendation_rating", system_id=1, rated_by="ann", rating=-1))
        self.assertEqual(get(f"/systems/{host(1)}")[1]["rating"], -1)
        for identity in ({"org_id": "alpha", "user": {"username": "bob"}}, {"org_id": "alpha"},
                         {"org_id": "alpha", "user": {}}, {"org_id": "alpha", "type": "System"}):
            self.assertEqual(get(f"/systems/{host(1)}", header(identity))[1]["rating"], 0, identity)

    def test_is_configured(self):
        self.assertEqual(get("/is_configured")[1],
                         {"success": True, "code": "SYSTEMSEXIST", "count": 6,
                          "systems_stats": {"waiting_for_data": 1, "with_suggestions": 5}})
        self.assertEqual(get("/is_configured", header({"org_id": "nobody"}))[1]["code"], "NO_SYSTEMS")


class Suggestions(unittest.TestCase):
    def test_texts_are_filled_in_and_never_evaluated(self):
        body = get(f"/systems/{host(1)}/suggestions")[1]
        self.assertEqual(body["meta"], {"count": 1})
        hit = body["data"][0]
        self.assertEqual(hit["description"], "It's AWS 'quoted' 100%")
        self.assertEqual(hit["reason"], "t2.micro in us-east-1")
        self.assertEqual(hit["resolution"], RULE["resolution"])
        self.assertEqual(hit["condition"], "aws\n\\n{system.instance_type")
        self.assertEqual(hit["suggested_instances"],
                         "t2.nano (0.0058 USD/hour)\nt3.nano (1e-05 USD/hour)\na (2 USD/hour)")
        self.assertEqual(hit["current_instance"], "t2.micro (0.0116 USD/hour)")
        self.assertEqual(len(hit["detected_issues"].split("\n")), 2)

    def test_a_value_that_looks_like_a_placeholder_stays(self):
        hit = get(f"/systems/{host(5)}/suggestions")[1]["data"][0]
        self.assertEqual(hit["reason"], "(unknown) in {system.instance_type}")
        self.assertEqual(hit["suggested_instances"], "")

    def test_odd_hits(self):
        body = get(f"/systems/{host(2)}/suggestions")[1]
        self.assertEqual(body["meta"], {"count": 3})
        self.assertEqual(body["data"][0]["current_instance"], "(unknown) (unknown USD/hour)")
        for number, count in ((3, 0), (4, 0), (6, 0)):
            self.assertEqual(get(f"/systems/{host(number)}/suggestions")[1]["meta"], {"count": count})

    def test_filter_by_description(self):
        for word, count in (("it's", 1), ("QUOTED", 1), ("%", 1), ("q_oted", 0), ("100%", 1), ("upper", 1), ("none", 0)):
            path = f"/systems/{host(1)}/suggestions?" + urllib.parse.urlencode({"description": word})
            self.assertEqual(get(path)[1]["meta"]["count"], count, word)

    def test_which_404(self):
        for path, message in ((f"/systems/{host(9)}/suggestions", f"System {host(9)} doesn't exist."),
                              (f"/systems/{host(7)}/suggestions",
                               f"No records for host with id {host(7)} doesn't exist"),
                              (f"/systems/{host(7)}", f"System {host(7)} doesn't exist"),
                              (f"/systems/{host(9)}", f"System {host(9)} doesn't exist"),
                              ("/systems/nope", "Invalid host_id, Id should be in form of UUID4")):
            self.assertEqual(get(path), (404, {"message": message}))


class Tenants(unittest.TestCase):
    PATHS = ("/is_configured", "/systems?limit=-1", f"/systems/{BETA_ID}", f"/systems/{BETA_ID}/suggestions",
             f"/systems?display_name={CANARY}", f"/systems?group_name={CANARY}", f"/systems/{host(1)}")

    def test_beta_sees_its_own(self):
        beta = header({"org_id": "beta"})
        self.assertIn(CANARY, json.dumps(get("/systems", beta)))
        self.assertEqual(get(f"/systems/{BETA_ID}", beta)[0], 200)
        self.assertEqual(get(f"/systems/{host(1)}", beta)[0], 404)

    def identities(self):
        """Headers that are not beta's, and what may be answered to them."""
        whole = json.dumps({"identity": {"org_id": "beta"}})
        for org in ("alpha", "Beta", "BETA", "beta ", " beta", "beta'", "beta' OR '1'='1", "b\u200beta", "ｂeta", "betа",
                    "alpha,beta", "%", "*", "nobody", "2", "a" * 255):
            yield header({"org_id": org}), (200, 404)
        for org in (None, 2, 2.0, True, [], ["beta"], {"org_id": "beta"}, "", "\u0000", "beta\u0000", "be\nta", "\x7f",
                    "a" * 256):
            yield header({"org_id": org}), (400, 401)
        for other in ({"internal": {"org_id": "beta"}}, {"user": {"org_id": "beta"}}, {"account_number": "2"}, {}):
            yield header(other), (400,)
        for text in ("", "null", "[]", "1", '"beta"', whole[:-1], whole + "x", "{", '{"identity": null}',
                     '{"identity": []}', '{"org_id": "beta"}', '{"identity": {"identity": {"org_id": "beta"}}}',
                     "[" * 100000):
            yield {"x-rh-identity": base64.b64encode(text.encode())[:16000].decode()}, (400, 401)
        for raw in ("", " ", "=", "====", "A", "!!!", "org_id=beta", "beta", "é".encode().decode("latin-1")):
            yield {"x-rh-identity": raw}, (400, 401)
        for spoof in ("org_id", "x-org-id", "x-rh-org-id", "x-forwarded-user", "authorization", "x_rh_identity"):
            yield {spoof: base64.b64encode(whole.encode()).decode()}, (401,)

    def test_nobody_else_sees_beta(self):
        tried = 0
        for headers, allowed in self.identities():
            for path in self.PATHS:
                status, body = rosd.ask("GET", API + path, headers)
                self.assertIn(status, allowed, (headers, path, body))
                if status == 200:
                    answer = json.loads(body)
                    answer.pop("links", None)  # they repeat the question
                    self.assertNotIn(CANARY, json.dumps(answer), (headers, path))
                tried += 1
        self.assertGreater(tried, 400)

    def test_the_second_lock_holds_alone(self):
        """Under the API's role the rows of one organisation are all there is, whatever a statement says."""
        for table, mine in (("systems", 7), ("performance_profile", 6), ("rh_accounts", 1)):
            text = daemon.psql("-c", "BEGIN; SELECT set_config('role', 'ros_api', true), "
                               "set_config('ros.org_id', 'alpha', true);"
                               f"SELECT 'rows ' || count(*), strpos(string_agg(t::text, ''), '{CANARY}') FROM {table} t")
            self.assertIn(f"rows {mine}|0", text)

    def test_canaries_are_in_no_log(self):
        for path in self.PATHS:
            get(path)
        self.assertNotIn(CANARY, pathlib.Path(rosd.log.name).read_text(encoding="utf-8"))


class Grpc(unittest.TestCase):
    def client(self, *words):
        program = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin", "ros-client")
        return subprocess.run([program, "--server", f"127.0.0.1:{rosd.grpc_port}", *words], capture_output=True,
                              text=True, check=False)

    def test_answers_are_those_of_rest(self):
        identity = USER["x-rh-identity"]
        for words, path in ((("show", host(1)), f"/systems/{host(1)}"), (("show", host(2)), f"/systems/{host(2)}"),
                            (("suggestions", host(1)), f"/systems/{host(1)}/suggestions"),
                            (("suggestions", host(2)), f"/systems/{host(2)}/suggestions"),
                            (("configured",), "/is_configured")):
            done = self.client("--identity", identity, "--format", "json", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout), get(path)[1])

    def test_refusals_are_those_of_rest(self):
        self.assertEqual(self.client("--org", "alpha", "show", BETA_ID).returncode, 66)
        self.assertEqual(self.client("list").returncode, 77)

    def test_a_deadline_ends_the_statement(self):
        """A caller that gave up leaves no work behind; without its deadline this statement would wait for 30 s."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rosd' AND state = 'active'"
        lock = subprocess.Popen(["psql", "-X", "-q", "-d", "ros", "-c", "BEGIN; LOCK TABLE systems; SELECT pg_sleep(20)"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'systems'::regclass"
            end = time.monotonic() + 10
            while daemon.psql("-c", locked).strip() == "0" and time.monotonic() < end:
                time.sleep(0.05)
            started = time.monotonic()
            asked = subprocess.Popen([pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin", "ros-client"), "--server",
                                      f"127.0.0.1:{rosd.grpc_port}", "--org", "alpha", "--timeout", "1500", "list"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seen = 0
            while asked.poll() is None:
                seen = max(seen, int(daemon.psql("-c", waiting)))
            self.assertNotEqual(asked.returncode, 0)
            self.assertEqual(seen, 1)  # it did reach the server
            end = time.monotonic() + 3
            while int(daemon.psql("-c", waiting)) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(int(daemon.psql("-c", waiting)), 0)
            self.assertLess(time.monotonic() - started, 5)
        finally:
            lock.kill()
            lock.wait()
            daemon.psql("-c", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)' "
                        "AND pid <> pg_backend_pid()")
        self.assertEqual(self.client("--org", "alpha", "list").returncode, 0)


if __name__ == "__main__":
    unittest.main()
