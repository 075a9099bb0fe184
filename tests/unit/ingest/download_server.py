"""The other side of download_test.c: prints its port, then answers on loopback until it is killed."""

import http.server
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/ok":
            self.answer(200, b"hello")
        elif path == "/empty":
            self.answer(200)
        elif path.startswith("/status/"):
            self.answer(int(path.rsplit("/", 1)[1]))
        elif path.startswith("/redirect/"):
            left = int(path.rsplit("/", 1)[1])
            self.answer(302, b"x" * 900, Location=f"/redirect/{left - 1}" if left > 1 else "/ok")
        elif path == "/redirect-loop":
            self.answer(302, Location=path)
        elif path == "/redirect-file":
            self.answer(302, Location="file:///etc/passwd")
        elif path == "/redirect-metadata":
            self.answer(302, Location="http://169.254.169.254/latest")
        elif path == "/large":
            self.answer(200, b"x" * 5000)
        elif path == "/large-chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(10):
                self.wfile.write(b"1f4\r\n" + b"x" * 500 + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "500")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
        elif path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "500")
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.1)

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the client had enough

    def log_message(self, *unused):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
