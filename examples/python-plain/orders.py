"""An order service that answers Sluice's commands with confluent-kafka, Confluent's client: python orders.py"""

import json
import os
import signal
import time
import traceback

from confluent_kafka import Consumer, Producer

CLOCK_SKEW_MS = 1_000  # the clocks of gateway and worker may differ by this much

brokers = os.environ.get("KAFKA_BROKERS", "localhost:9092")
producer = Producer({"bootstrap.servers": brokers, "linger.ms": 0})
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": os.environ.get("ORDERS_GROUP", "orders"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,  # after the answers, below
        "topic.metadata.refresh.interval.ms": 5_000,
    }
)
orders = {}  # a real service has a database


class Silent(Exception):
    """No answer at all."""


def handle(headers, body):
    """The HTTP status, and what is written as JSON."""
    if headers["http-method"] == "POST":
        try:
            order = json.loads(body)
            orders[order["orderId"]] = order
        except (ValueError, KeyError, TypeError):
            return 400, {"error": "the body is no order"}
        return 201, order
    order_id = headers["http-param-orderId"]
    match order_id:  # what a client sees when a worker is in trouble: docs/peers.md
        case "broken":
            raise RuntimeError("The database is gone.")
        case "empty":
            return 204, None
        case "silent":
            raise Silent
        case "slow":
            time.sleep(0.3)
    if order_id not in orders:
        return 404, {"error": f"no order {order_id}"}
    return 200, orders[order_id]


def answer(command):
    headers = {name: (value or b"").decode() for name, value in command.headers() or []}
    if "sluice-reply-to" not in headers or "sluice-correlation-id" not in headers:
        return  # an event: nobody waits for an answer
    if time.time() * 1_000 > float(headers.get("sluice-expires", "inf")) + CLOCK_SKEW_MS:
        return  # nobody waits any more
    try:
        status, body = handle(headers, command.value())
    except Silent:
        return
    except Exception:  # answered all the same: without an answer the client would wait until the gateway gives up
        traceback.print_exc()
        status, body = 500, {"error": "the order service failed"}
    producer.produce(
        headers["sluice-reply-to"],
        partition=int(headers["sluice-reply-partition"]),  # the one that the waiting instance of the gateway reads
        key=command.key(),
        value=None if body is None else json.dumps(body),
        headers={
            "sluice-correlation-id": headers["sluice-correlation-id"],
            "sluice-status": str(status),
            "content-type": "application/json",
            **{name: value for name, value in headers.items() if name == "traceparent"},  # one trace, from the client and back
        },
        on_delivery=delivered,
    )


def delivered(error, _reply):
    if error is not None:
        raise RuntimeError(f"An answer could not be sent: {error}")


def stop(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, stop)
consumer.subscribe(
    [os.environ.get("ORDERS_TOPIC", "orders.commands")],
    on_assign=lambda _, partitions: print(f"joined, {len(partitions)} partitions", flush=True),
)
try:
    while True:
        command = consumer.poll(1)
        if command is None or command.error() is not None:
            continue
        # what has gathered meanwhile goes along: one flush and one commit for all
        for command in [command, *consumer.consume(99, timeout=0)]:
            if command.error() is None:
                answer(command)
        producer.flush()
        consumer.commit(asynchronous=False)  # what is not answered must not be committed
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
