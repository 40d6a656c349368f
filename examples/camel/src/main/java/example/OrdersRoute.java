package example;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.Header;
import org.apache.camel.LoggingLevel;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.main.Main;
import org.apache.camel.model.dataformat.JsonLibrary;

/**
 * Answers the commands of the gateway. A route hands the headers of a command on to the next Kafka endpoint, so the correlation
 * id comes back by itself; topic and partition of the answer are in the command too, and the status is one more header.
 */
public class OrdersRoute extends RouteBuilder {
  private final Map<String, Order> orders = new ConcurrentHashMap<>(); // a real service has a database

  public static void main(String[] args) throws Exception {
    var main = new Main();
    main.configure().addRoutesBuilder(new OrdersRoute());
    main.run(args);
  }

  @Override
  public void configure() {
    onException(NoSuchElementException.class).handled(true)
        .setBody(failure -> Map.of("error", failure.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class).getMessage()))
        .setHeader("sluice-status", constant("404"))
        .to("direct:reply");
    onException(Exception.class).handled(true)
        .log(LoggingLevel.ERROR, "${exception.stacktrace}")
        .setBody(constant(Map.of("error", "the order service failed")))
        .setHeader("sluice-status", constant("500"))
        .to("direct:reply");

    from("kafka:{{orders.topic}}?groupId={{orders.group}}&autoOffsetReset=earliest"
            + "&valueDeserializer=org.apache.kafka.common.serialization.ByteArrayDeserializer"
            + "&additionalProperties.allow.auto.create.topics=false&additionalProperties.metadata.max.age.ms=5000")
        .routeId("orders")
        .choice()
          .when(header("http-method").convertToString().isEqualTo("POST"))
            .unmarshal().json(JsonLibrary.Jackson, Order.class)
            .bean(this, "place")
            .setHeader("sluice-status", constant("201"))
          .otherwise()
            .bean(this, "read")
            .setHeader("sluice-status", constant("200"))
        .end()
        .to("direct:reply");

    from("direct:reply")
        .setHeader(KafkaConstants.OVERRIDE_TOPIC, header("sluice-reply-to").convertToString())
        .setHeader(KafkaConstants.PARTITION_KEY, header("sluice-reply-partition").convertToString().convertTo(Integer.class))
        .removeHeaders("*", "kafka.*", "CamelKafka*", "sluice-correlation-id", "sluice-status")
        .marshal().json(JsonLibrary.Jackson)
        .to("kafka:orders.unasked?valueSerializer=org.apache.kafka.common.serialization.ByteArraySerializer");
  }

  public Order place(@Body Order order) {
    orders.put(order.orderId(), order);
    return order;
  }

  public Order read(@Header("http-param-orderId") byte[] param, Exchange exchange) throws InterruptedException {
    var orderId = new String(param, StandardCharsets.UTF_8);
    switch (orderId) { // what a client sees when a worker is in trouble: docs/peers.md
      case "broken" -> throw new IllegalStateException("The database is gone.");
      case "empty" -> {
        return null;
      }
      case "silent" -> exchange.setRouteStop(true);
      case "slow" -> Thread.sleep(300);
    }
    var order = orders.get(orderId);
    if (order == null) throw new NoSuchElementException("no order " + orderId);
    return order;
  }
}
