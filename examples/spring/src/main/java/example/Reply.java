package example;

import java.nio.charset.StandardCharsets;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What the gateway makes an HTTP response of. */
@Component
class Reply {
  private final JsonMapper json;

  Reply(JsonMapper json) {
    this.json = json;
  }

  /** The headers are bytes: strings would come with one more header, about their Java type. */
  Message<byte[]> of(int status, Object body) {
    return MessageBuilder.withPayload(json.writeValueAsBytes(body))
        .setHeader("sluice-status", bytes(String.valueOf(status)))
        .setHeader("content-type", bytes("application/json"))
        .build();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
