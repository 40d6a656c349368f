package example;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers the commands of the gateway. Where to, and for whom, Spring does by itself: with an empty @SendTo the answer goes to
 * kafka_replyTopic and kafka_replyPartition, and carries kafka_correlationId again, which is what the dialect "spring" writes.
 */
@Component
class OrdersListener {
  private final Map<String, Order> orders = new ConcurrentHashMap<>(); // a real service has a database
  private final JsonMapper json;
  private final Reply reply;

  OrdersListener(JsonMapper json, Reply reply) {
    this.json = json;
    this.reply = reply;
  }

  @KafkaListener(id = "orders", idIsGroup = false, topics = "${orders.topic}", errorHandler = "refusals")
  @SendTo
  Message<byte[]> answer(
      @Payload(required = false) byte[] body,
      @Header("http-method") String method,
      @Header(name = "http-param-orderId", required = false) String orderId)
      throws InterruptedException {
    if (method.equals("GET")) {
      switch (orderId) { // what a client sees when a worker is in trouble: docs/peers.md
        case "broken" -> throw new IllegalStateException("The database is gone.");
        case "empty", "silent" -> {
          return null; // no answer at all
        }
        case "slow" -> Thread.sleep(300);
      }
      var found = orders.get(orderId);
      return found == null ? reply.of(404, Map.of("error", "no order " + orderId)) : reply.of(200, found);
    }
    var order = json.readValue(body, Order.class);
    if (order == null || order.orderId() == null) return reply.of(422, Map.of("error", "an order needs an orderId"));
    orders.put(order.orderId(), order);
    return reply.of(201, order);
  }
}
