#!/bin/sh
# MirrorMaker 2 of Kafka 4.3.1 (connect-mirror), as a process of its own: an option of its Connect workers, such as offset.flush.interval.ms,
# counts only with the name of the target cluster before it. At the top of the file, or with the flow before it (a->b.), as options of
# connectors stand, it is ignored without a word: what went through is then noted once a minute, and a crash brings up to a minute of
# records again. Seen: "offset.flush.interval.ms: null", "a->b.offset.flush.interval.ms: null", "b.offset.flush.interval.ms: 5000".
# examples/two-clusters/mirror.properties names the clusters (docs/mirroring.md).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>see</groupId><artifactId>see</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-mirror</artifactId><version>4.3.1</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars
cat >See.java <<'JAVA'
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.mirror.MirrorMakerConfig;
import org.apache.kafka.connect.mirror.SourceAndTarget;

public class See {
  public static void main(String[] args) {
    for (String prefix : new String[] {"", "a->b.", "b."}) {
      Map<String, String> properties = new HashMap<>(Map.of("clusters", "a, b", "a->b.enabled", "true"));
      properties.put("a.bootstrap.servers", "127.0.0.1:9092");
      properties.put("b.bootstrap.servers", "127.0.0.1:9093");
      String name = prefix + "offset.flush.interval.ms";
      properties.put(name, "5000");
      Map<String, String> worker = new MirrorMakerConfig(properties).workerConfig(new SourceAndTarget("a", "b"));
      System.out.println(name + ": " + worker.get("offset.flush.interval.ms"));
    }
  }
}
JAVA
java -cp 'jars/*' See.java 2>/dev/null | tee seen
grep -qx 'offset.flush.interval.ms: null' seen
grep -qx 'a->b.offset.flush.interval.ms: null' seen
grep -qx 'b.offset.flush.interval.ms: 5000' seen
