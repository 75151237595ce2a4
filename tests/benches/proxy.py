#!/usr/bin/env python3
"""CPU microseconds per request of the gate beside nginx, in one interleaved run.

    cargo build --release && tests/benches/proxy.py [--slices 15] [--seconds 1]

Needs nginx and wrk (Debian: nginx-light, wrk). Every server runs with one worker on loopback. The figure is user plus
system time of the proxy's processes over a slice, divided by the requests of that slice; slices of all rows take turns,
and medians with their range are printed. Correctness is checked first. Not equal work where it says so.
"""
import argparse, gzip, json, os, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def page() -> bytes:
    """About 98 kB with forty tags, a quarter of them trackers: the shape of a council's home page."""
    trackers = [
        '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>',
        "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date)</script>",
        '<script src="https://connect.facebook.net/en_GB/fbevents.js"></script>',
        '<img src="https://www.facebook.com/tr?id=1&ev=PageView" width="1" height="1" alt="">',
        '<iframe src="https://www.youtube.com/embed/x"></iframe>',
        '<script src="https://static.hotjar.com/c/hotjar-1.js"></script>',
        '<link rel="preconnect" href="https://www.google-analytics.com">',
        '<noscript><img src="https://www.google-analytics.com/collect?v=1"></noscript>',
        "<script>(function(c,l,a){c[a]=c[a]||function(){}})(window,document,'clarity');clarity('set','a')</script>",
        '<script src="https://snap.licdn.com/li.lms-analytics/insight.min.js"></script>',
    ]
    own = ['<script src="/js/site-%d.js"></script>' % n for n in range(8)]
    own += ['<img src="/images/photo-%d.jpg" alt="Photo %d">' % (n, n) for n in range(16)]
    own += ['<link rel="stylesheet" href="/css/part-%d.css">' % n for n in range(6)]
    tags = trackers + own
    words = "Find out about bins, council tax, planning, schools and libraries in your area. "
    body = []
    for n in range(40):
        text = "".join('<p class="c%d"><a href="/page/%d">%s</a> %s</p>\n' % (n, n * 31 + m, words[:30], words * 2) for m in range(10))
        body.append(tags[n % len(tags)] + '\n<div class="row"><h2>Part %d</h2>%s</div>' % (n, text))
    return ('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Home</title></head><body>' + "\n".join(body) + "</body></html>").encode()


NGINX = """
worker_processes 1; daemon off; pid {dir}/{name}.pid; error_log {dir}/{name}.err crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000; default_type text/html; charset utf-8;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  types {{ text/html html; text/plain txt; }}
  {rest}
}}
"""
ORIGIN = """server {{ listen 127.0.0.1:{port}; root {dir}/www; gzip_static on;
  location / {{ add_header Set-Cookie "ASP.NET_SessionId=abc; path=/; HttpOnly"; add_header Set-Cookie "_ga=GA1.2.3.4; path=/; expires=Thu, 31 Dec 2037 23:55:55 GMT"; }} }}"""
RELAY = """upstream site {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; {more}
  location / {{ proxy_pass http://site; }} }}"""
SUB = ('proxy_set_header Accept-Encoding ""; proxy_hide_header Set-Cookie; sub_filter_once off; '
       + " ".join('sub_filter "%s" "held.invalid";' % host for host in [
           "www.googletagmanager.com", "connect.facebook.net", "www.facebook.com", "www.youtube.com", "static.hotjar.com",
           "www.google-analytics.com", "snap.licdn.com", "gtag(", "clarity(", "fbevents"]))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    def __init__(self, servers, arguments, port):
        self.process, self.port = subprocess.Popen(arguments, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL), port
        servers.append(self)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/small.txt", timeout=1).read()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{arguments[0]} does not answer on port {port}")

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return [self.process.pid, *map(int, children)]

    def cpu(self):
        """User and system seconds of the server's processes, threads included."""
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK


def get(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "site.example", **headers})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers, response.read()


def slice_of(server, path, headers, seconds):
    before = server.cpu()
    arguments = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", "Host: site.example"]
    for name, value in headers.items():
        arguments += ["-H", f"{name}: {value}"]
    out = subprocess.run([*arguments, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", out)[1])
    if "Non-2xx" in out or not requests:
        sys.exit("wrong answers under load:\n" + out)
    return (server.cpu() - before) / requests * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--gate", default="target/release/consentgate")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gate-bench-"))
    folder.chmod(0o755)  # started as root, nginx serves as another user
    servers = []
    try:
        rows = measure(folder, options, servers)
    finally:
        for server in servers:
            server.process.send_signal(signal.SIGTERM)
        for server in servers:
            server.process.wait(10)
        shutil.rmtree(folder)
    print(f"\n{'':58} CPU µs/request: median (min–max), n={options.slices}")
    for name, values in rows.items():
        print(f"{name:58} {statistics.median(values):8.0f} ({min(values):.0f}–{max(values):.0f})")


def measure(folder, options, servers):
    html = page()
    www = folder / "www"
    www.mkdir()
    (www / "page.html").write_bytes(html)
    (www / "page.html.gz").write_bytes(gzip.compress(html, 6))
    (www / "small.txt").write_bytes(b"x" * 1024)

    def nginx(name, rest):
        conf = folder / f"{name}.conf"
        conf.write_text(NGINX.format(dir=folder, name=name, rest=rest))
        port = int(re.search(r"listen 127.0.0.1:(\d+)", rest)[1])
        return Server(servers, ["nginx", "-c", str(conf), "-e", str(folder / "start.err")], port)

    def gate(name, mode):
        port, admin = free_port(), free_port()
        yaml = folder / f"{name}.yaml"
        yaml.write_text(json.dumps({
            "listeners": [{"address": f"127.0.0.1:{port}"}], "admin": {"address": f"127.0.0.1:{admin}"}, "workers": 1,
            "ledger": {"url": f"sqlite:{folder}/{name}.db"}, "signing_key_file": f"{folder}/{name}.key",
            "sites": [{"hosts": ["site.example", "127.0.0.1"], "upstream": f"http://127.0.0.1:{origin.port}", "mode": mode}]}))
        return Server(servers, [options.gate, "serve", "--config", str(yaml)], port)

    origin = nginx("origin", ORIGIN.format(dir=folder, port=free_port()))
    relay = nginx("relay", RELAY.format(port=free_port(), origin=origin.port, more=""))
    sub = nginx("sub", RELAY.format(port=free_port(), origin=origin.port, more=SUB))
    enforce, observe = gate("enforce", "enforce"), gate("observe", "observe")

    page_headers = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}
    _, held = get(enforce.port, "/page.html", **page_headers)
    assert held.count(b"data-consentgate=") == 10 and b"<consent-notice" in held, "the gate holds and asks"
    headers, _ = get(enforce.port, "/page.html", **page_headers)
    assert [line.split("=")[0] for line in headers.get_all("Set-Cookie")] == ["ASP.NET_SessionId"]
    _, seen = get(observe.port, "/page.html", **page_headers)
    assert seen == html, "observing changes nothing"
    zipped = {**page_headers, "Accept-Encoding": "gzip"}
    _, packed = get(enforce.port, "/page.html", **zipped)
    assert gzip.decompress(packed).count(b"data-consentgate=") == 10
    print(f"page {len(html)} bytes, gzip {len((www / 'page.html.gz').read_bytes())}; through the gate {len(held)}, gzip {len(packed)}")

    script = {"Accept": "*/*", "Sec-Fetch-Dest": "script"}
    plan = {
        "1 KB, origin itself": (origin, "/small.txt", script), "1 KB, nginx passing through": (relay, "/small.txt", script),
        "1 KB, gate (enforce: cookies stripped)": (enforce, "/small.txt", script),
        "page, nginx passing through untouched": (relay, "/page.html", page_headers),
        "page, nginx sub_filter, 10 strings (parses no HTML)": (sub, "/page.html", page_headers),
        "page, gate enforcing: held, notice, footer": (enforce, "/page.html", page_headers),
        "page, gate observing": (observe, "/page.html", page_headers),
        "page gzip, nginx passing through untouched": (relay, "/page.html", zipped),
        "page gzip, gate enforcing (gunzip, hold, gzip)": (enforce, "/page.html", zipped),
    }
    rows = {name: [] for name in plan}
    for number in range(options.slices):
        print(f"\rslice {number + 1}/{options.slices}", end="", file=sys.stderr, flush=True)
        for name, (server, path, headers) in plan.items():
            rows[name].append(slice_of(server, path, headers, options.seconds))
    print(file=sys.stderr)
    return rows


if __name__ == "__main__":
    main()
