package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The metrics of a run as a table for other programs, beside the metrics file that it is made from.
 *
 * <p>A line per step, from 0; validation and memory stand in the line of the step before which they were taken, so the end of a run is a line of its
 * own. The columns are always the same, whatever happened in a run, followed by one for each parameter group's gradient norm. A number that a step lacks,
 * or that was not finite, is empty.
 */
public final class MetricsTable {

    /** Name of the file in the run's folder. */
    public static final String FILE = "metrics.csv";

    private static final String NORM = "grad_norm/";

    private static final List<String> COLUMNS = List.of(
            "step",
            "train/loss",
            "train/smooth_loss",
            "val/bpb",
            "train/lrm",
            "train/muon_momentum",
            "train/weight_decay",
            "train/dt",
            "train/tok_per_sec",
            "train/mfu",
            "train/grad_norm",
            "train/epoch",
            "pq_idx",
            "rg_idx",
            "total_training_flops",
            "total_training_time",
            "memory/planned",
            "memory/tensors",
            "memory/heap",
            "memory/resident",
            "memory/peak_resident");

    private static final Set<String> KINDS = Set.of("step", "validation", "memory");

    private MetricsTable() {}

    /**
     * Writes the table of a run; an older one is replaced.
     *
     * @param run folder of the run
     * @return the file
     * @throws IOException if the metrics cannot be read or the table cannot be written
     */
    public static Path write(Path run) throws IOException {
        var rows = new TreeMap<Integer, Map<String, String>>();
        var norms = new LinkedHashSet<String>();
        // only numbers are read, and a last line may have been cut off within a UTF-8 sequence
        try (Stream<String> lines = Files.lines(run.resolve(Metrics.FILE), StandardCharsets.ISO_8859_1)) {
            lines.forEach(line -> add(line, rows, norms));
        }
        var columns = new ArrayList<>(COLUMNS);
        columns.addAll(norms);
        var text = new StringBuilder(String.join(",", columns)).append('\n');
        for (Map<String, String> row : rows.values()) {
            text.append(columns.stream()
                            .map(column -> row.getOrDefault(column, ""))
                            .collect(Collectors.joining(",")))
                    .append('\n');
        }
        Path table = run.resolve(FILE);
        Path temporary = run.resolve("." + FILE + ".tmp");
        try {
            Files.writeString(temporary, text, StandardCharsets.UTF_8);
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            return Files.move(temporary, table, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            // what a full disk cut off takes room from the next attempt
            Files.deleteIfExists(temporary);
        }
    }

    private static void add(String line, Map<Integer, Map<String, String>> rows, Set<String> norms) {
        JsonNode node;
        try {
            node = JsonMapper.shared().readTree(line);
        } catch (JacksonException _) {
            return; // the last line of a killed run
        }
        if (KINDS.contains(node.path("kind").asString(""))) {
            Map<String, String> row = rows.computeIfAbsent(node.path("step").asInt(), _ -> new TreeMap<>());
            for (var field : node.properties()) {
                if (field.getKey().startsWith(NORM)) {
                    norms.add(field.getKey());
                }
                if (field.getValue().isNumber()) {
                    row.put(field.getKey(), field.getValue().asString());
                }
            }
        }
    }
}
