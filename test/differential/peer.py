"""Compares what Sluice wrote and read with fastavro and protobuf. A line of JSON in, a line with the differences out."""

import base64
import datetime
import io
import json
import struct
import sys
import uuid
from decimal import Decimal

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf import any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2

SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
EPOCH = datetime.datetime(1970, 1, 1)


def name_of(schema):
    if isinstance(schema, str):
        return schema
    kind = schema["type"]
    return schema["name"] if kind in ("record", "enum", "fixed") else kind


def kind_of(schema):
    """What a type is in JSON, as docs/schemas.md has it."""
    logical = schema.get("logicalType") if isinstance(schema, dict) else None
    kind = schema if isinstance(schema, str) else schema["type"]
    if logical == "decimal":
        return "number"
    if logical is not None:
        return "string"
    return {
        "null": "null", "boolean": "boolean", "int": "number", "long": "number", "float": "number", "double": "number",
        "array": "array", "map": "object", "record": "object",
    }.get(kind, "string")


def json_kind(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, Decimal)):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def microseconds(text, unit):
    clock, _, fraction = text.partition(".")
    hours, minutes, seconds = clock.split(":")
    return (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1_000_000 + int((fraction or "0").ljust(6, "0")[:6])


def datum(schema, value):
    """A JSON value as fastavro takes it."""
    if isinstance(schema, list):
        kinds = [kind_of(one) for one in schema]
        kind = json_kind(value)
        candidates = [one for one, its in zip(schema, kinds) if its == kind]
        if kind == "object":
            tag = next(iter(value), None)
            tagged = [one for one in schema if name_of(one) == tag]
            if len(value) == 1 and tagged and any(kinds.count(one) > 1 for one in kinds):
                return (name_of(tagged[0]), datum(tagged[0], value[tag]))
        (one,) = candidates
        return (name_of(one), datum(one, value))
    kind = schema if isinstance(schema, str) else schema["type"]
    logical = schema.get("logicalType") if isinstance(schema, dict) else None
    if logical == "decimal":
        return Decimal(value) if not isinstance(value, Decimal) else value
    if logical == "uuid":
        return uuid.UUID(value)
    if logical == "date":
        return datetime.date.fromisoformat(value)
    if logical in ("time-millis", "time-micros"):
        return (EPOCH + datetime.timedelta(microseconds=microseconds(value, logical))).time()
    if logical in ("timestamp-millis", "timestamp-micros"):
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if logical in ("local-timestamp-millis", "local-timestamp-micros"):
        return datetime.datetime.fromisoformat(value)
    if kind in ("float", "double"):
        return SPECIAL[value] if isinstance(value, str) else float(value)
    if kind in ("int", "long"):
        return int(value)
    if kind in ("bytes", "fixed"):
        return base64.b64decode(value)
    if kind == "array":
        return [datum(schema["items"], one) for one in value]
    if kind == "map":
        return {name: datum(schema["values"], one) for name, one in value.items()}
    if kind == "record":
        fields = {field["name"]: field for field in schema["fields"]}
        return {name: datum(fields[name]["type"], one) for name, one in value.items()}
    return value


def parsed(text):
    return json.loads(text, parse_float=Decimal)


def written(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, datum(schema_of[id(schema)], value))
    return out.getvalue()


schema_of = {}


def avro(case):
    raw = case["schema"]
    schema = fastavro.parse_schema(json.loads(json.dumps(raw)))
    schema_of[id(schema)] = raw
    found = []
    for text, hexed, back in case["values"]:
        ours = bytes.fromhex(hexed)
        theirs = written(schema, parsed(text))
        if theirs != ours:
            found.append(f"written {ours.hex()}, fastavro {theirs.hex()}: {text} {json.dumps(raw)}")
        read = fastavro.schemaless_reader(io.BytesIO(ours), schema)
        again = io.BytesIO()
        if written(schema, parsed(back)) != theirs:
            found.append(f"read {json.dumps(raw)} {text}: {back}, fastavro {read}")
    return found


def single(value):
    return struct.pack("<f", value)


def apart(theirs, ours, path=""):
    """The first place where two JSON values differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in [*theirs, *ours]:
            found = (name in theirs) != (name in ours) or theirs[name] != ours[name]
            if found and (told := apart(theirs.get(name), ours.get(name), f"{path}/{name}")):
                return told
        return None
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for i, (a, b) in enumerate(zip(theirs, ours)):
            if a != b and (told := apart(a, b, f"{path}/{i}")):
                return told
        return None
    if isinstance(theirs, float) and isinstance(ours, (int, float)) and single(theirs) == single(ours):
        return None  # digits of the double, for the same float of 32 bits
    return f"{path}: {json.dumps(ours)}, protobuf {json.dumps(theirs)}"


def fields_of(ours, theirs):
    return apart(json_format.MessageToDict(theirs), json_format.MessageToDict(ours))


def protobuf(case):
    pool = descriptor_pool.DescriptorPool()
    for module in (any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(case["file"])))
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(case["message"]))
    found = []
    for text, hexed, back in case["values"]:
        theirs = json_format.Parse(text, message())
        ours = message.FromString(bytes.fromhex(hexed))
        if ours != theirs and ours.SerializeToString(deterministic=True) != theirs.SerializeToString(deterministic=True):
            found.append(f"written: {fields_of(ours, theirs)}")
        told = json_format.MessageToDict(theirs, always_print_fields_with_no_presence=True)
        if told != json.loads(back) and (difference := apart(told, json.loads(back))):
            found.append(f"read: {difference}")
    return found


print("ready", flush=True)
for line in sys.stdin:
    case = json.loads(line)
    try:
        found = (avro if "schema" in case else protobuf)(case)
    except Exception as error:  # the case is told with it
        found = [f"{type(error).__name__} {error}: {line[:2000]}"]
    print(json.dumps(found), flush=True)
