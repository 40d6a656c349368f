package example;

import java.nio.charset.StandardCharsets;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

@SpringBootApplication
public class OrdersApplication {
  /** The clocks of gateway and worker may differ by this much. */
  private static final long CLOCK_SKEW_MS = 1_000;

  public static void main(String[] args) {
    SpringApplication.run(OrdersApplication.class, args);
  }

  /** True drops a command: nobody waits any more for what has expired. */
  @Bean
  RecordFilterStrategy<Object, Object> expired() {
    return command -> {
      var expires = command.headers().lastHeader("sluice-expires");
      return expires != null
          && System.currentTimeMillis() > Long.parseLong(new String(expires.value(), StandardCharsets.UTF_8)) + CLOCK_SKEW_MS;
    };
  }
}
