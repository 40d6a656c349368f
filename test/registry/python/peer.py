"""Reads lines `write|read format mode topic payload [headers]` and answers each with one line, by Confluent's client for Python."""

import base64
import json
import sys

from confluent_kafka.schema_registry import (
    SchemaRegistryClient,
    header_schema_id_serializer,
    prefix_schema_id_serializer,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

url, descriptor, *more = sys.argv[1:]
gives_text = more == ["text"]  # the registry knows no descriptors
client = SchemaRegistryClient({"url": url})
file = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(descriptor))
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Order = message_factory.GetMessageClass(pool.FindMessageTypeByName("acme.Order"))
by_topic = {"subject.name.strategy": topic_subject_name_strategy}
known = {"auto.register.schemas": False, "use.latest.version": True, **by_topic}


def serializer(form, mode):
    ids = header_schema_id_serializer if mode == "headers" else prefix_schema_id_serializer
    conf = {**known, "schema.id.serializer": ids}
    if form == "avro":
        return AvroSerializer(client, None, conf=conf)
    if form == "json":
        return JSONSerializer(None, client, conf=conf)
    if gives_text:
        conf.update({"auto.register.schemas": True, "use.latest.version": False})
    return ProtobufSerializer(Order, client, conf)


def deserializer(form):
    if form == "avro":
        return AvroDeserializer(client, conf=by_topic)
    if form == "json":
        return JSONDeserializer(None, schema_registry_client=client, conf=by_topic)
    return ProtobufDeserializer(Order, by_topic, None if gives_text else client)


def answer(what, form, mode, topic, payload, *more):
    context = SerializationContext(topic, MessageField.VALUE, [])
    if what == "write":
        value = json.loads(payload)
        if form == "protobuf":
            value = json_format.ParseDict(value, Order())
        written = serializer(form, mode)(value, context)
        return " ".join([written.hex(), *(f"{name}={said.hex()}" for name, said in context.headers)])
    pairs = [one.split("=") for one in more if one]
    context.headers.extend((name, bytes.fromhex(said)) for name, said in pairs)
    value = deserializer(form)(bytes.fromhex(payload), context)
    return json.dumps(json_format.MessageToDict(value) if form == "protobuf" else value, separators=(",", ":"))


print("ready", flush=True)
for line in sys.stdin:
    try:
        print("ok", answer(*line.rstrip("\n").split(" ")), flush=True)
    except Exception as error:
        print("error", repr(error).replace("\n", " "), flush=True)
