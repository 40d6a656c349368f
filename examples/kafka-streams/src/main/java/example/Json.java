package example;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  static <T> Serde<T> of(Class<T> type) {
    return Serdes.serdeFrom((topic, value) -> write(value), (topic, bytes) -> read(bytes, type));
  }

  private static byte[] write(Object value) {
    try {
      return value == null ? null : MAPPER.writeValueAsBytes(value);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static <T> T read(byte[] bytes, Class<T> type) {
    try {
      return bytes == null ? null : MAPPER.readValue(bytes, type);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
