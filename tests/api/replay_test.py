"""Recorded requests again: every answer is the recorded one, or differs in a way that services/api/README.md names.

Of the recordings those of our five routes are taken, from the mode without RBAC and, since this version asks no RBAC,
from the mode with it where the caller may see everything. Those that depend on ratings posted before are left out.
Bodies are compared as JSON.

Each rule below names one kind of difference and checks what is there instead; one difference may need several rules. A
rule that explains nothing fails the test, so that the table cannot outlive what it excuses.
"""

import base64
import collections
import json
import os
import pathlib
import re
import sys
import urllib.parse

import daemon

API = "/api/ros/v1"
ROUTES = re.compile(API + r"/(status|is_configured|systems|systems/[^/]+|systems/[^/]+/suggestions)$")
RECORDINGS = pathlib.Path(os.environ.get("ROS_RECORDINGS", ""))
KEPT = ("order_by", "order_how", "display_name", "state", "os", "group_name")


def parse(text):
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def refuse(word):
    raise ValueError(word)


def identity_of(header, decode=lambda text: base64.b64decode(text, validate=True)):
    """The caller, where every reader agrees who it is; else None."""
    try:
        who = json.loads(decode(header), parse_constant=refuse)["identity"]
        return who if isinstance(who["org_id"], str) else None
    except (ValueError, KeyError, TypeError):
        return None


def is_ours(record):
    path = urllib.parse.unquote(record["request"]["path"].split("?")[0])
    if not ROUTES.match(path) or record["group"].startswith("rating."):
        return False
    who = identity_of(record["request"]["headers"].get("x-rh-identity", "")) or {}
    person = who.get("user") or who.get("service_account")
    name = person.get("username") if isinstance(person, dict) else None
    limited = str(name or "").startswith("rbac-")  # the stand-in for RBAC went by the name
    return record["mode"] == "norbac" or (record["mode"] == "rbac" and not limited)


class Case:
    def __init__(self, record, status, body):
        self.record = record
        self.path, _, query = record["request"]["path"].partition("?")
        self.route = ROUTES.match(urllib.parse.unquote(self.path)).group(1)
        self.words = urllib.parse.parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        self.headers = record["request"]["headers"]
        self.was, self.status = record["response"]["status"], status
        self.old, self.new = parse(record["response"]["body"]), parse(body.decode())
        if self.is_list():
            for row in self.old["data"]:
                row["groups"] = row["groups"] or []  # a list in proto3 is never null

    def word(self, name, default=""):
        return next((value for key, value in self.words if key == name), default)

    def both(self, status):
        return self.was == status == self.status

    def is_list(self):
        return self.route == "systems" and self.both(200) and bool(self.new)


def same(a, b, *left_out):
    """Two objects are the same but for some members."""
    return {k: v for k, v in a.items() if k not in left_out} == {k: v for k, v in b.items() if k not in left_out}


def releases_of(rows):
    return [row["os"] for row in rows]


def by_id(rows):
    return sorted(rows, key=lambda row: row["inventory_id"])


def is_part(few, many):
    """few are among many, in the same order."""
    rest = iter(many)
    return all(any(row == other for other in rest) for row in few)


# --- the rules: true when the rule explains all that differs; first those that explain one thing ----------------------

RULES = []


def rule(function):
    RULES.append(function)
    return function


@rule
def links_keep_filters_and_lie_on_pages(c):
    """Of these bodies only the links differ; what they must be is checked for every page below."""
    return c.is_list() and same(c.old, c.new, "links")


@rule
def odd_rows_are_shown(c):
    """All recorded rows in their order, and as many more as were hidden."""
    return c.is_list() and c.word("limit") == "-1" and c.word("order_by") != "os" and \
        c.new["meta"]["count"] == c.new["meta"]["limit"] == c.old["meta"]["limit"] == len(c.new["data"]) and \
        len(c.old["data"]) < len(c.new["data"]) and is_part(c.old["data"], c.new["data"])


@rule
def odd_rows_are_shown_on_a_page(c):
    """The page fills up: what was its beginning still is, with the hidden rows in between."""
    return c.is_list() and c.word("limit", "10") != "-1" and len(c.old["data"]) < len(c.new["data"]) and \
        c.new["meta"]["count"] > c.old["meta"]["count"] and is_part(c.old["data"], c.new["data"])


@rule
def equal_systems_are_ordered_by_id(c):
    """Ordered by os: the same releases in the same order; on one page of all, the same rows, or more of them."""
    if not c.is_list() or c.word("order_by") != "os":
        return False
    if c.word("limit") != "-1":
        return releases_of(c.old["data"]) == releases_of(c.new["data"]) and c.old["meta"] == c.new["meta"]
    old, new = by_id(c.old["data"]), by_id(c.new["data"])
    return is_part(releases_of(c.old["data"]), releases_of(c.new["data"])) and is_part(old, new) and \
        c.old["meta"]["limit"] == len(new)


@rule
def a_limit_beyond_32_bits_is_refused(c):
    return c.route == "systems" and c.was in (200, 500) and c.status == 400 and int(c.word("limit", "0")) >= 2**31


@rule
def a_negative_offset_counts_as_none(c):
    return c.route == "systems" and c.was == 500 and c.word("offset") == "-1" and c.status == 200 and \
        c.new["meta"]["offset"] == 0 and len(c.new["data"]) > 0


@rule
def wildcards_are_themselves(c):
    """% and _ find only names that have them."""
    text = c.word("display_name") + c.word("description")
    if not c.both(200) or not re.search("[%_]", text):
        return False
    names = [row.get("display_name", row.get("description")) for row in c.new["data"]]
    return len(c.new["data"]) <= len(c.old["data"]) and all(text.lower() in name.lower() for name in names)


@rule
def a_text_that_is_not_utf8_is_refused(c):
    return "\udcff" in c.word("display_name") and c.was == 200 and c.status == 400


@rule
def releases_of_two_digits_are_releases(c):
    return c.word("os") in ("10", "85") and c.was == 500 and c.status == 200 and c.new["data"] == []


@rule
def odd_releases_are_refused(c):
    return re.fullmatch(r"8\.|[^ -~]+\.[^ -~]+|[0-9]{20}\.1", c.word("os")) is not None and c.was in (200, 500) and \
        c.status == 400 and c.new == {"message": "Not a valid RHEL version"}


@rule
def any_form_of_a_uuid_is_read(c):
    return c.was == 500 and "urn:uuid:" in c.route and c.status == 200 and c.new["inventory_id"] in c.route


@rule
def callers_without_a_user_are_answered(c):
    who = identity_of(c.headers.get("x-rh-identity", ""))
    return who is not None and "user" not in who and c.route.startswith("systems/") and c.was == 500 and \
        c.status == 200 and c.new["inventory_id"] in c.route and c.new["rating"] == 0


@rule
def odd_identities_are_refused(c):
    header = c.headers.get("x-rh-identity", "")
    return header != "" and identity_of(header) is None and c.was in (200, 500) and c.status == 400 and \
        c.new["message"].startswith("x-rh-identity: ")


@rule
def an_identity_in_the_url_safe_alphabet_is_read(c):
    header = c.headers.get("x-rh-identity", "")
    who = identity_of(header, base64.urlsafe_b64decode)
    return re.search("[-_]", header) is not None and who is not None and c.route == "systems" and c.was == 500 and \
        c.status == 200 and len(c.new["data"]) > 0 and all(r["org_id"] == who["org_id"] for r in c.new["data"])


@rule
def no_identity_is_401(c):
    return c.headers.get("x-rh-identity", "") == "" and c.was in (400, 401) and c.status == 401 and \
        c.new == {"Error": "Authentication token not provided"}


@rule
def a_long_header_is_refused_as_json(c):
    return c.both(431) and list(c.new) == ["message"]


@rule
def states_have_the_words_of_the_active_rules(c):
    """As many lines as there were, and nothing else differs."""
    if not c.route.endswith("/suggestions") or not c.both(200) or not same(c.old, c.new, "data") or \
            len(c.old["data"]) != len(c.new["data"]):
        return False
    return all(same(a, b, "detected_issues") and lines(a) == lines(b) for a, b in zip(c.old["data"], c.new["data"]))


def lines(row):
    text = row["detected_issues"]
    return None if text is None else len(text.split("\n"))


# --- what must hold for every answer ----------------------------------------------------------------------------------


def links_are_right(c):
    """REST's links, worked out from the page's meta."""
    kept, seen = "", set()
    for name, value in c.words:
        if name not in KEPT or (name in seen and name in KEPT[:3]):
            continue
        seen.add(name)
        kept += f"&{name}={urllib.parse.quote(value, safe='-._~', errors='surrogateescape')}"
    count, limit, offset = (c.new["meta"][name] for name in ("count", "limit", "offset"))

    def at(place):
        return f"{urllib.parse.unquote(c.path)}?limit={limit}&offset={place}{kept}"
    last = (count - 1) // limit * limit if limit > 0 and count > 0 else 0
    expected = {"first": at(0), "last": at(last),
                "next": at(offset + limit) if limit > 0 and offset + limit < count else None,
                "previous": at(max(offset - limit, 0)) if offset > 0 else None}
    if c.new["links"] != expected:
        print(f"{c.path}: links are {c.new['links']}\n  not {expected}")
        return False
    return True


def judge(c):
    """The name of what makes this answer right; None: it is wrong."""
    if c.status == 200 and c.route == "systems" and c.new and not links_are_right(c):
        return None
    if c.was == c.status and c.old == c.new:
        return "as recorded"
    return next((explains.__name__ for explains in RULES if explains(c)), None)


def main():
    if not (RECORDINGS / "api.jsonl").is_file():
        print(f"skipped: there are no recorded requests (ROS_RECORDINGS={RECORDINGS})")
        return 77
    dump = (RECORDINGS / "db.sql").read_text(encoding="utf-8")
    texts = [line for line in dump.splitlines() if line.startswith("INSERT INTO public.rules ")]
    daemon.make_database(RECORDINGS / "db.sql")
    counts, failed = collections.Counter(), []
    with daemon.Daemon() as rosd, open(RECORDINGS / "api.jsonl", encoding="utf-8") as recorded:
        daemon.psql("-c", "DELETE FROM rules;" + "".join(texts))  # rosd has put the active rules' words there
        for record in filter(is_ours, map(json.loads, recorded)):
            request = record["request"]
            case = Case(record, *rosd.ask(request["method"], request["path"], request["headers"]))
            name = judge(case)
            counts[name or "WRONG"] += 1
            if name is None:
                failed.append(case)
    for name, count in counts.most_common():
        print(f"{count:5} {name}")
    for c in failed:
        print(f"\n{c.record['id']} {c.record['request']['method']} {c.record['request']['path']}\n"
              f"  was {c.was} {str(c.old)[:1500]}\n  is  {c.status} {str(c.new)[:1500]}")
    idle = [explains.__name__ for explains in RULES if counts[explains.__name__] == 0]
    for name in idle:
        print(f"this rule explains nothing: {name}")
    return 1 if failed or idle or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
