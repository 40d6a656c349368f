#!/bin/sh
# kafka-http-proxy 1.0.1 (PyPI): as published its processor cannot be loaded, its command returns before it has begun, and its proxy answers
# 500 to each request. Seen: "TabError: inconsistent use of tabs and spaces in indentation"; `async def main` behind the console script
# kafka-processor; and "'dict' object has no attribute 'path'" where the proxy logs what it was asked.
# With one line of each changed, and started by a few lines of ours, both serve: bench/peer, npm run bench:proxy (docs/calls.md).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-deps kafka-http-proxy==1.0.1
source=$(echo venv/lib/*/site-packages/kafka_http_proxy)
venv/bin/python -m py_compile "$source/processor/service.py" 2>&1 | tee processor || true
grep -q 'TabError: inconsistent use of tabs and spaces in indentation' processor
grep -qx 'kafka-processor = kafka_http_proxy.processor.service:main' "$source"-1.0.1.dist-info/entry_points.txt
grep -n '^async def main' "$source/processor/service.py"
sed -n '/kafka_message = {/p; /kafka_message\.path/p' "$source/proxy/service.py" | tee proxy
grep -q '{kafka_message.path}' proxy
