"""A whole ROS on loopback for a test: PostgreSQL and Kafka by tools/stack, uploads by ros-samples, and rosd.

Every port is one that is free now; everything lives in one folder that the caller names. Nothing outside 127.0.0.1 is
ever spoken to.
"""

import base64
import functools
import http.server
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
EVENTS, RESULTS, DEAD = "platform.inventory.events", "ros.events", "ros.dead-letters"


def free_port():
    """Below 32768, so that no outgoing connection can take it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(what, condition, timeout_s=60.0, every_s=0.2):
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout_s:.0f} s: {what}")
        time.sleep(every_s)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


class Local:
    """Use as a context manager: the stack runs inside, and is stopped on the way out."""

    def __init__(self, folder, binaries):
        self.folder = pathlib.Path(folder)
        self.bin = pathlib.Path(binaries)
        self.rosd = None
        self.log = self.folder / "rosd.log"
        self.api_port, self.grpc_port, self.metrics_port = free_port(), free_port(), free_port()

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            env_file = self.run([SOURCE / "tools" / "stack", "start", self.folder / "stack"], env=os.environ)
            shell = self.run(["bash", "-c", f". '{env_file.strip()}' && env -0"], env=os.environ)
            self.env = dict(pair.split("=", 1) for pair in shell.split("\0") if "=" in pair)
            self.env.update(
                ROS_API_PORT=str(self.api_port), ROS_GRPC_PORT=str(self.grpc_port),
                METRICS_PORT=str(self.metrics_port), ROS_LISTEN_ADDRESS="127.0.0.1",
                ROS_STATE_DIR=str(self.folder / "state"), ROS_RULES_PATH=str(SOURCE / "rules" / "rightsizing.ros"),
                ROS_FLAGS_STATIC="ros.v2=on", ROS_DOWNLOAD_ALLOW_PRIVATE="true")
            (self.folder / "state").mkdir(exist_ok=True)
            self.run([self.bin / "ros-kafka", "create-topics", "--partitions", "4", EVENTS, RESULTS, DEAD])
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *unused):
        self.kill_rosd(signal.SIGKILL)
        subprocess.run([SOURCE / "tools" / "stack", "stop", self.folder / "stack"], check=False)

    def run(self, command, env=None):
        done = subprocess.run([str(word) for word in command], env=env or self.env, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    # --- uploads ---

    def make_samples(self, count, *options):
        """Archives and their inventory events, served on loopback. Returns the events."""
        www = self.folder / "www"
        www.mkdir(exist_ok=True)
        handler = functools.partial(QuietHandler, directory=www)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.run([self.bin / "ros-samples", "--out", www, "--count", count, "--seed", "1", "--org", "000001",
                  "--url-base", f"http://127.0.0.1:{server.server_port}", *options])
        return [json.loads(line) for line in (www / "events.jsonl").read_text().splitlines()]

    def publish(self, messages, topic=EVENTS):
        """Objects become JSON, bytes go as they are (without newlines)."""
        lines = [m if isinstance(m, bytes) else json.dumps(m).encode() for m in messages]
        file = self.folder / "publish"
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        self.run([self.bin / "ros-kafka", "produce", "--topic", topic, "--key", "host.id", file])

    def dump(self, topic):
        """The committed messages of a topic: [{"key", "value", "headers", ...}]."""
        text = self.run([self.bin / "ros-kafka", "dump", "--topic", topic, "--format", "json"])
        return [json.loads(line) for line in text.splitlines()]

    # --- the daemon ---

    def start_rosd(self, target="all"):
        with open(self.log, "ab") as log:
            self.rosd = subprocess.Popen([self.bin / "rosd", f"--target={target}"], env=self.env, stderr=log)

    def kill_rosd(self, how):
        if self.rosd is not None and self.rosd.poll() is None:
            self.rosd.send_signal(how)
            self.rosd.wait(timeout=40)
        code = self.rosd.returncode if self.rosd is not None else None
        self.rosd = None
        return code

    def ready(self):
        if self.rosd.poll() is not None:
            raise AssertionError(f"rosd stopped with exit {self.rosd.returncode}: {self.log.read_text()[-2000:]}")
        try:
            return self.get("/readyz", port=self.metrics_port)[0] == 200
        except OSError:
            return False

    # --- asking ---

    def get(self, path, org=None, port=None, headers=None, method="GET"):
        """(status, body) of a request; the body is parsed when it is JSON."""
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.api_port}{path}", method=method,
                                         headers=dict(headers or {}))
        if org is not None:
            identity = {"identity": {"org_id": org, "type": "User", "user": {"username": "tester"}}}
            request.add_header("x-rh-identity", base64.b64encode(json.dumps(identity).encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body.decode(errors="replace")

    def sql(self, query):
        """Rows as lists of texts."""
        text = self.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-c", query])
        return [line.split("\t") for line in text.splitlines()]
