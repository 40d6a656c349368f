import io.apicurio.registry.serde.avro.*;
import java.util.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.*;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.*;
import com.fasterxml.jackson.databind.*;
import com.google.protobuf.DynamicMessage;

/** Reads lines `write|read format mode topic payload [headers]` and answers each with one line. */
public class Serdes {
  static final HexFormat hex = HexFormat.of();
  static final ObjectMapper mapper = new ObjectMapper();
  static String url;

  static Map<String, Object> config(String mode) {
    Map<String, Object> all = new HashMap<>();
    all.put("apicurio.registry.url", url);
    all.put("apicurio.registry.headers.enabled", mode.equals("headers"));
    all.put("apicurio.registry.find-latest", true);
    all.put("apicurio.registry.artifact-resolver-strategy", "io.apicurio.registry.serde.strategy.TopicIdStrategy");
    return all;
  }

  public static void main(String[] args) throws Exception {
    url = args[0];
    System.out.println("ready");
    var in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null; ) {
      try {
        System.out.println(answer(line.split(" ", 6)));
      } catch (Throwable error) {
        StringWriter w = new StringWriter(); error.printStackTrace(new PrintWriter(w));
        System.out.println("error " + w.toString().replace('\n', ' '));
      }
    }
  }

  static String answer(String[] said) throws Exception {
    String what = said[0], format = said[1], mode = said[2], topic = said[3];
    var headers = new RecordHeaders();
    if (what.equals("write")) {
      byte[] bytes = serialize(format, mode, topic, headers, said[4]);
      StringBuilder b = new StringBuilder("ok " + hex.formatHex(bytes));
      for (Header h : headers) b.append(' ').append(h.key()).append('=').append(hex.formatHex(h.value()));
      return b.toString();
    }
    if (said.length > 5 && !said[5].isEmpty())
      for (String pair : said[5].split(" ")) { String[] kv = pair.split("="); headers.add(kv[0], kv.length > 1 ? hex.parseHex(kv[1]) : new byte[0]); }
    return "ok " + deserialize(format, mode, topic, headers, hex.parseHex(said[4]));
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  static byte[] serialize(String format, String mode, String topic, Headers headers, String json) throws Exception {
    JsonNode node = mapper.readTree(json);
    Map<String, Object> c = config(mode);
    if (format.equals("avro")) {
      var s = new AvroKafkaSerializer<Object>(); s.configure(c, false);
      var schema = new org.apache.avro.Schema.Parser().parse("{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"acme\",\"fields\":[{\"name\":\"orderId\",\"type\":\"string\"},{\"name\":\"amount\",\"type\":\"long\"}]}");
      var r = new org.apache.avro.generic.GenericData.Record(schema);
      r.put("orderId", node.get("orderId").asText()); r.put("amount", node.get("amount").asLong());
      return s.serialize(topic, headers, r);
    }
    if (format.equals("json")) {
      Serializer s = new io.apicurio.registry.serde.jsonschema.JsonSchemaKafkaSerializer<Object>(); s.configure(c, false);
      return s.serialize(topic, headers, node);
    }
    Serializer s = new io.apicurio.registry.serde.protobuf.ProtobufKafkaSerializer(); s.configure(c, false);
    return s.serialize(topic, headers, order(node));
  }

  static DynamicMessage order(JsonNode node) throws Exception {
    var f = com.google.protobuf.DescriptorProtos.FileDescriptorProto.newBuilder().setName("default").setSyntax("proto3").setPackage("acme");
    var T = com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.class;
    f.addMessageType(com.google.protobuf.DescriptorProtos.DescriptorProto.newBuilder().setName("Other").addField(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.newBuilder().setName("a").setNumber(1).setType(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_INT32)));
    f.addMessageType(com.google.protobuf.DescriptorProtos.DescriptorProto.newBuilder().setName("Order").addField(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.newBuilder().setName("order_id").setNumber(1).setType(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_STRING)).addField(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.newBuilder().setName("amount").setNumber(2).setType(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_INT64)));
    var d = com.google.protobuf.Descriptors.FileDescriptor.buildFrom(f.build(), new com.google.protobuf.Descriptors.FileDescriptor[0]).findMessageTypeByName("Order");
    return DynamicMessage.newBuilder(d).setField(d.findFieldByName("order_id"), node.get("orderId").asText()).setField(d.findFieldByName("amount"), node.get("amount").asLong()).build();
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  static String deserialize(String format, String mode, String topic, Headers headers, byte[] bytes) throws Exception {
    Map<String, Object> c = config(mode);
    Deserializer d;
    if (format.equals("avro")) d = new AvroKafkaDeserializer<Object>();
    else if (format.equals("json")) { d = new io.apicurio.registry.serde.jsonschema.JsonSchemaKafkaDeserializer<Object>(); c.put("apicurio.registry.deserializer.value.return-class", "com.fasterxml.jackson.databind.JsonNode"); }
    else { d = new io.apicurio.registry.serde.protobuf.ProtobufKafkaDeserializer(); c.put("apicurio.registry.deserializer.value.return-class", "com.google.protobuf.DynamicMessage"); }
    d.configure(c, false);
    Object value = d.deserialize(topic, headers, bytes);
    if (value instanceof DynamicMessage m) return com.google.protobuf.util.JsonFormat.printer().omittingInsignificantWhitespace().print(m);
    return value.getClass().getName().contains("Record") || value instanceof JsonNode ? value.toString() : mapper.writeValueAsString(value);
  }
}
