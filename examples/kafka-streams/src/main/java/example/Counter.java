package example;

import static org.apache.kafka.streams.StreamsConfig.*;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/** Counts the orders of each customer in windows of time, and raises an alert at the third of one. */
public class Counter {
  private static final int LIMIT = 3;

  record Count(String customer, long orders, String from, String until) {
    static Count of(Windowed<String> window, long orders) {
      return new Count(window.key(), orders, window.window().startTime().toString(), window.window().endTime().toString());
    }
  }

  record Allowance(long left) {
    static Allowance of(Count count) {
      var isOver = count == null || Instant.now().isAfter(Instant.parse(count.until()));
      return new Allowance(isOver ? LIMIT : Math.max(0, LIMIT - count.orders()));
    }
  }

  static Topology topology() {
    var text = Serdes.String();
    var bytes = Serdes.ByteArray();
    var counts = Json.of(Count.class);
    var countsTopic = env("COUNTER_COUNTS", "orders.counts");
    var window = Duration.ofSeconds(Long.parseLong(env("COUNTER_WINDOW_S", "60")));
    var builder = new StreamsBuilder();

    var counted = builder.stream(env("COUNTER_ORDERS", "orders"), Consumed.with(text, bytes))
        .groupByKey(Grouped.with(text, bytes))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(window))
        .count(Materialized.with(text, Serdes.Long()))
        .toStream()
        .map((key, orders) -> KeyValue.pair(key.key(), Count.of(key, orders)));
    counted.to(countsTopic, Produced.with(text, counts));
    counted.filter((customer, count) -> count.orders() == LIMIT)
        .to(env("COUNTER_ALERTS", "orders.alerts"), Produced.with(text, counts));

    // An answer keeps the headers of its question, ce_id among them, by which the gateway knows whose it is.
    builder.stream(env("COUNTER_QUESTIONS", "orders.questions"), Consumed.with(text, bytes))
        .leftJoin(
            builder.table(countsTopic, Consumed.with(text, counts)),
            (question, count) -> Allowance.of(count),
            Joined.with(text, bytes, counts))
        .to(env("COUNTER_ANSWERS", "orders.answers"), Produced.with(text, Json.of(Allowance.class)));
    return builder.build();
  }

  public static void main(String[] args) {
    var config = new Properties();
    config.put(APPLICATION_ID_CONFIG, env("COUNTER_ID", "orders-counter"));
    config.put(BOOTSTRAP_SERVERS_CONFIG, env("KAFKA_BROKERS", "localhost:9092"));
    config.put(PROCESSING_GUARANTEE_CONFIG, EXACTLY_ONCE_V2); // one alert, whatever fails
    config.put(STATESTORE_CACHE_MAX_BYTES_CONFIG, 0); // each order is counted at once, and raises its own alert
    config.put(DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
    var streams = new KafkaStreams(topology(), config);
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING) System.out.println("Counting orders. Ctrl-C stops.");
    });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  private static String env(String name, String otherwise) {
    return Optional.ofNullable(System.getenv(name)).orElse(otherwise);
  }
}
