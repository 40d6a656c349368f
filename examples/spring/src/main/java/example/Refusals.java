package example;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.messaging.Message;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;

/** A command that fails is answered all the same: without an answer its client would wait until the gateway gives up, and see 504. */
@Component("refusals")
class Refusals implements KafkaListenerErrorHandler {
  private static final Logger log = LoggerFactory.getLogger(Refusals.class);
  private final Reply reply;

  Refusals(Reply reply) {
    this.reply = reply;
  }

  @Override
  public Object handleError(Message<?> command, ListenerExecutionFailedException failure) {
    if (failure.getCause() instanceof JacksonException) return reply.of(400, Map.of("error", "the body is no order"));
    log.error("A command failed", failure);
    return reply.of(500, Map.of("error", "the order service failed"));
  }
}
