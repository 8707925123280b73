package org.nanochat4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Measurements of the past, one JSON object on each line: {@code date}, {@code group}, {@code label}, {@code headline}, {@code machine}, {@code
 * setting} and {@code result}, which is all that was measured.
 *
 * @param file where they are kept; need not exist yet
 */
public record History(Path file) {

    /**
     * A measurement of the past.
     *
     * @param date in UTC
     * @param group name of the group
     * @param label its settings
     * @param machine on which it was made
     * @param commit of the program
     * @param headline figures by name
     */
    public record Entry(
            Instant date, String group, String label, String machine, String commit, Map<String, Double> headline) {
        private static Entry of(JsonNode node) {
            var headline = new LinkedHashMap<String, Double>();
            node.required("headline")
                    .properties()
                    .forEach(figure ->
                            headline.put(figure.getKey(), figure.getValue().asDouble()));
            return new Entry(
                    Instant.parse(node.required("date").asString()),
                    node.required("group").asString(),
                    node.required("label").asString(),
                    node.required("machine").asString(),
                    node.required("setting").required("commit").asString(),
                    headline);
        }
    }

    /**
     * Adds a measurement of now.
     *
     * @param measurement what was measured
     * @param setting where
     * @throws IOException if it cannot be written
     */
    public void add(Measurement measurement, Setting setting) throws IOException {
        ObjectNode entry = Measurement.JSON.createObjectNode();
        entry.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        entry.put("group", measurement.group());
        entry.put("label", measurement.label());
        entry.set("headline", Measurement.JSON.valueToTree(measurement.headline()));
        entry.put("machine", setting.machine());
        entry.set("setting", Measurement.JSON.valueToTree(setting));
        entry.set("result", Measurement.JSON.valueToTree(measurement));
        new JsonLines(file).add(entry);
    }

    /**
     * Reads all of it.
     *
     * @return in the order of the file, which is that of time; nothing if there is no file yet
     * @throws IOException if it cannot be read, or a line is damaged
     */
    public List<Entry> read() throws IOException {
        return new JsonLines(file).read(Entry::of);
    }
}
