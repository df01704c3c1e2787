"""TLS in front of a plain web server: Debian's nginx, as Orthanc is usually put behind one.

Debian 12's Orthanc cannot do it by itself: with `SslEnabled` its web server crashes at the first request (a call to a
function that OpenSSL 3 no longer has).
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.tls import TlsFiles
from helpers.ports import free_port, wait_for_port

CONFIGURATION = """
daemon off;
worker_processes 2;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  client_max_body_size 0;
  keepalive_requests 1000000;
  upstream behind {{ server 127.0.0.1:{to_port}; keepalive 16; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_buffer_size 16k;
    location / {{
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffer_size 256k;
      proxy_buffers 16 256k;
      proxy_busy_buffers_size 1m;
      proxy_max_temp_file_size 0;
      proxy_request_buffering off;
    }}
  }}
}}
"""


@contextlib.contextmanager
def tls_in_front_of(to_port: int, files: TlsFiles, directory: Path) -> Iterator[tuple[int, int]]:
    """The port where TLS is spoken, and the proxy's process id."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if nginx is None:
        raise SystemExit("nginx is not installed: apt-get install nginx-light")
    directory.mkdir(parents=True, exist_ok=True)
    port, file = free_port(), directory / "nginx.conf"
    file.write_text(
        CONFIGURATION.format(
            directory=directory, to_port=to_port, port=port, certificate=files.certificate, key=files.key
        )
    )
    running = subprocess.Popen([nginx, "-c", str(file), "-e", str(directory / "nginx.log")])
    try:
        wait_for_port(port, running)
        yield port, running.pid
    finally:
        running.terminate()
        running.wait(timeout=30)
