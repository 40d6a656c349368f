import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * An order service that answers Sluice's commands with the plain Java client, in one file and without a build:
 *
 *   KAFKA_BROKERS=localhost:9092 java -cp 'jars/*' OrdersWorker.java [none|gzip|snappy|lz4|zstd]
 *
 * POST keeps the order under its key and answers 201; GET answers 200 with it, or 404.
 */
class OrdersWorker {
  /** The clocks of gateway and worker may differ by this much. */
  static final long CLOCK_SKEW_MS = 1_000;

  final Map<ByteBuffer, byte[]> orders = new ConcurrentHashMap<>(); // a real service has a database

  public static void main(String[] args) {
    var compression = args.length > 0 ? args[0] : "none";
    var topic = env("ORDERS_TOPIC", "orders.commands");
    var group = env("ORDERS_GROUP", "orders");
    new OrdersWorker().serve(env("KAFKA_BROKERS", "localhost:9092"), topic, compression, group);
  }

  void serve(String brokers, String topic, String compression, String group) {
    var consumer = new KafkaConsumer<>(Map.<String, Object>of(
        "bootstrap.servers", brokers,
        "group.id", group,
        "enable.auto.commit", false, // after the answers, below
        "auto.offset.reset", "earliest",
        "allow.auto.create.topics", false, // the gateway creates it, with the right number of partitions
        "metadata.max.age.ms", 5_000), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    var producer = new KafkaProducer<>(Map.<String, Object>of(
        "bootstrap.servers", brokers,
        "compression.type", compression,
        "linger.ms", 0), new ByteArraySerializer(), new ByteArraySerializer());
    var main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      consumer.wakeup();
      try {
        main.join(5_000);
      } catch (InterruptedException ignored) {
        // the process ends anyway
      }
    }));
    try (producer; consumer) {
      consumer.subscribe(List.of(topic), new Assignment());
      var failure = new AtomicReference<Exception>();
      while (true) {
        var commands = consumer.poll(Duration.ofSeconds(1));
        for (var command : commands) {
          var reply = answer(command);
          if (reply != null) producer.send(reply, (at, error) -> failure.compareAndSet(null, error));
        }
        if (commands.isEmpty()) continue;
        producer.flush();
        // what is not answered must not be committed: the next member of the group will answer it
        if (failure.get() != null) throw new IllegalStateException("An answer could not be sent.", failure.get());
        consumer.commitSync();
      }
    } catch (WakeupException stopped) {
      System.out.println("stopped");
    }
  }

  /** The answer to a command; null when nobody waits for one. */
  ProducerRecord<byte[], byte[]> answer(ConsumerRecord<byte[], byte[]> command) {
    var headers = command.headers();
    var expires = text(headers, "sluice-expires");
    if (expires != null && System.currentTimeMillis() > Long.parseLong(expires) + CLOCK_SKEW_MS) return null;
    var topic = text(headers, "sluice-reply-to");
    var correlation = headers.lastHeader("sluice-correlation-id");
    if (topic == null || correlation == null) return null;
    // the partition that the waiting instance of the gateway reads: others would throw the answer away
    var partition = text(headers, "sluice-reply-partition");
    Answer answer;
    try {
      answer = handle(command);
    } catch (RuntimeException failure) { // answered all the same: without an answer the client would wait until the gateway gives up
      failure.printStackTrace();
      answer = new Answer(500, bytes("{\"error\":\"the order service failed\"}"));
    }
    if (answer == null) return null;
    var reply = new ProducerRecord<>(topic, partition == null ? null : Integer.valueOf(partition), command.key(), answer.body);
    reply.headers().add("sluice-correlation-id", correlation.value()); // opaque: echoed as it came
    reply.headers().add("sluice-status", bytes(String.valueOf(answer.status)));
    reply.headers().add("content-type", bytes("application/json"));
    var trace = headers.lastHeader("traceparent"); // one trace, from the client and back
    if (trace != null) reply.headers().add(trace);
    return reply;
  }

  Answer handle(ConsumerRecord<byte[], byte[]> command) {
    var key = ByteBuffer.wrap(command.key() == null ? new byte[0] : command.key());
    if (!"GET".equals(text(command.headers(), "http-method"))) {
      var order = command.value() == null ? new byte[0] : command.value();
      if (orders.size() < 100_000) orders.put(key, order);
      return new Answer(201, order);
    }
    switch (new String(key.array(), StandardCharsets.UTF_8)) { // what a client sees when a worker is in trouble: docs/peers.md
      case "broken" -> throw new IllegalStateException("The database is gone.");
      case "empty" -> {
        return new Answer(204, null);
      }
      case "silent" -> {
        return null;
      }
      case "slow" -> LockSupport.parkNanos(300_000_000);
    }
    var order = orders.get(key);
    return order == null ? new Answer(404, bytes("{\"error\":\"no such order\"}")) : new Answer(200, order);
  }

  record Answer(int status, byte[] body) {}

  static String env(String name, String otherwise) {
    var value = System.getenv(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  static String text(Headers headers, String name) {
    var header = headers.lastHeader(name);
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Says when the group has admitted us. */
  static class Assignment implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      System.out.println("joined, " + partitions.size() + " partitions");
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
  }
}
