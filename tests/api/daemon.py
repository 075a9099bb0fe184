"""rosd --target=api on free ports of loopback, with the PostgreSQL that PGHOST and PGPORT name."""

import http.client
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def psql(*arguments, database="ros"):
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-A", "-t", "-d", database, *arguments],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"psql {arguments}: {done.stderr}")
    return done.stdout


def make_database(dump=None):
    """An empty database `ros`, or a dump's, that knows letters beyond ASCII."""
    psql("-c", "CREATE DATABASE ros TEMPLATE template0 LOCALE 'C.UTF-8'", database="postgres")
    if dump is not None:
        psql("-f", str(dump))


class Daemon:
    """Use as a context manager, once the database `ros` is there."""

    def __init__(self, **settings):
        self.port, self.grpc_port = free_port(), free_port()
        self.settings = settings
        self.log = tempfile.NamedTemporaryFile(suffix=".log")

    def __enter__(self):
        env = {"PATH": os.environ["PATH"], "ROS_DB_HOST": os.environ["PGHOST"], "ROS_DB_PORT": os.environ["PGPORT"],
               "ROS_DB_NAME": "ros", "ROS_DB_USER": os.environ["PGUSER"], "ROS_LISTEN_ADDRESS": "127.0.0.1",
               "ROS_API_PORT": str(self.port), "ROS_GRPC_PORT": str(self.grpc_port),
               "METRICS_PORT": str(free_port()), "ROS_RULES_PATH": str(SOURCE / "rules" / "rightsizing.ros"),
               **self.settings}
        program = pathlib.Path(os.environ["ROS_BINARY_DIR"], "bin", "rosd")
        self.process = subprocess.Popen([program, "--target=api"], env=env, stderr=self.log)
        end = time.monotonic() + 30
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise AssertionError(f"rosd does not come up: {pathlib.Path(self.log.name).read_text()[-3000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def is_ready(self):
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, headers=None):
        """(status, body as bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
