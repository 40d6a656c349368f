package example;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.reactive.messaging.GenericPayload;
import io.smallrye.reactive.messaging.kafka.api.IncomingKafkaRecordMetadata;
import io.smallrye.reactive.messaging.kafka.api.OutgoingKafkaRecordMetadata;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Metadata;
import org.eclipse.microprofile.reactive.messaging.Outgoing;

/**
 * Answers the commands of the gateway. Where to, and for whom, the connector does by itself: what the method returns goes to
 * REPLY_TOPIC and REPLY_PARTITION, and carries REPLY_CORRELATION_ID again, which is what the dialect "smallrye" writes.
 */
@ApplicationScoped
public class Orders {
  private final Map<String, Order> orders = new ConcurrentHashMap<>(); // a real service has a database
  private final ObjectMapper json;

  Orders(ObjectMapper json) {
    this.json = json;
  }

  @Incoming("orders")
  @Outgoing("replies")
  @Blocking
  GenericPayload<Object> answer(byte[] body, IncomingKafkaRecordMetadata<String, byte[]> command)
      throws IOException, InterruptedException {
    if ("POST".equals(text(command, "http-method"))) {
      var order = json.readValue(body, Order.class);
      orders.put(order.orderId(), order);
      return reply(201, order);
    }
    var orderId = text(command, "http-param-orderId");
    switch (orderId) { // what a client sees when a worker is in trouble: docs/peers.md
      case "broken" -> throw new IllegalStateException("The database is gone.");
      case "empty" -> {
        return reply(200, null);
      }
      case "silent" -> {
        return null;
      }
      case "slow" -> Thread.sleep(300);
    }
    var order = orders.get(orderId);
    return order == null ? reply(404, Map.of("error", "no order " + orderId)) : reply(200, order);
  }

  private static GenericPayload<Object> reply(int status, Object body) {
    var headers = new RecordHeaders();
    headers.add("sluice-status", String.valueOf(status).getBytes(StandardCharsets.UTF_8));
    headers.add("content-type", "application/json".getBytes(StandardCharsets.UTF_8));
    return GenericPayload.of(body, Metadata.of(OutgoingKafkaRecordMetadata.builder().withHeaders(headers).build()));
  }

  private static String text(IncomingKafkaRecordMetadata<?, ?> command, String name) {
    var header = command.getHeaders().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
