"""A stand-in for TMDB's API that answers as badly as a test asks for.

Usage: server.py PORT_FILE LOG_FILE PLAN_FILE [API_FOLDER]

PLAN_FILE is a JSON object: for a path, the answers to its first requests, one after the other; then, and for every other
path, the proper one. Answers: "429" (with Retry-After), "500", "503", "cut" (the connection ends in the body), "slow" (a byte
at a time), "html" (another type), "array", "other" (a film of another id), "bare" (no title), "404", "401".
LOG_FILE gets a line for each request: path with query, and the Authorization header. GET /quit ends it.
API_FOLDER has real answers of TMDB: movie_popular_page1.json and movie_550.json.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Timer
from urllib.parse import parse_qs, urlsplit

port_file, log_file, plan_file = sys.argv[1:4]
folder = Path(sys.argv[4]) if len(sys.argv) > 4 else None
plan = json.loads(Path(plan_file).read_text())
lock = Lock()
delay = float(plan.pop("delay", 0))


def page(number):
    if folder and number == 1:
        return json.loads((folder / "movie_popular_page1.json").read_text()) | {"total_pages": 2}
    return {"page": number, "total_pages": 2, "total_results": 22,
            "results": [{"id": 550, "title": "Fight Club", "genre_ids": [18]}, {"id": 7, "title": "Seven", "genre_ids": [80]}]}


def film(number):
    if folder and number == 550:
        answer = json.loads((folder / "movie_550.json").read_text())
    else:
        answer = {"id": number, "title": f"Film {number}", "overview": "Of one's own page.", "runtime": 90,
                  "genres": [{"id": 18, "name": "Drama"}], "original_language": "en", "release_date": "1999-01-01"}
    answer["credits"] = {"crew": [{"job": "Director", "name": "A. Director"}]}
    answer["keywords"] = {"keywords": [{"id": 1, "name": "a keyword"}]}
    return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, kind="application/json;charset=utf-8", headers=(), length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self):
        if self.path == "/quit":
            os._exit(0)
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/3")
        query = parse_qs(parts.query)
        with lock:
            with open(log_file, "a") as log:
                log.write(f"{self.path}\t{self.headers.get('Authorization', '')}\n")
            name = path + (f"?page={query['page'][0]}" if "page" in query else "")
            fault = plan[name].pop(0) if plan.get(name) else None
        time.sleep(delay)
        if path == "/movie/popular":
            answer = page(int(query["page"][0]))
        elif path.removeprefix("/movie/").isdigit():
            answer = film(int(path.removeprefix("/movie/")))
        else:
            fault = fault or "404"
            answer = {}
        body = json.dumps(answer).encode()
        if fault == "429":
            self.send(429, b"{}", headers=[("Retry-After", "1")])
            self.wfile.write(b"{}")
        elif fault in ("500", "503", "401", "404"):
            text = b'{"success":false,"status_code":34,"status_message":"No."}'
            self.send(int(fault), text)
            self.wfile.write(text)
        elif fault == "cut":
            self.send(200, body)
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.close_connection = True
        elif fault == "slow":
            self.send(200, body)
            for byte in body[:40]:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.01)
            self.wfile.write(body[40:])
        elif fault == "html":
            text = b"<html><body>Please log in to the hotel</body></html>"
            self.send(200, text, "text/html")
            self.wfile.write(text)
        elif fault == "array":
            self.send(200, b"[1]")
            self.wfile.write(b"[1]")
        elif fault in ("other", "bare"):
            text = json.dumps(answer | {"id": 999_999} if fault == "other" else {"id": answer["id"], "titles": []}).encode()
            self.send(200, text)
            self.wfile.write(text)
        else:
            self.send(200, body)
            self.wfile.write(body)


# A test that dies leaves nobody behind.
Timer(300, os._exit, (1,)).start()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
Path(port_file + ".tmp").write_text(str(server.server_address[1]))
os.rename(port_file + ".tmp", port_file)
server.serve_forever()
