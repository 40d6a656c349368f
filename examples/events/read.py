"""Prints the CloudEvents of a topic as the CloudEvents SDK reads them, one JSON object a line."""

import json
import os

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka import Consumer

topic = os.environ.get("EVENTS_TOPIC", "events")
consumer = Consumer(
    {
        "bootstrap.servers": os.environ["KAFKA_BROKERS"],
        "group.id": f"{topic}.readers",
        "auto.offset.reset": "earliest",
        "topic.metadata.refresh.interval.ms": 1000,
    }
)
consumer.subscribe([topic], on_assign=lambda *_: print("joined", flush=True))
while True:
    record = consumer.poll(1.0)
    if record is None or record.error():
        continue
    event = from_binary_event(KafkaMessage(dict(record.headers()), record.key(), record.value()))
    print(json.dumps({**event.get_attributes(), "data": event.get_data()}, default=str), flush=True)
