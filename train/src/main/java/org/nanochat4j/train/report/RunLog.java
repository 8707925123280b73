package org.nanochat4j.train.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.train.pretrain.Metrics;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run's metrics file tells.
 *
 * @param name of the run
 * @param facts configuration, derivation, memory, data and machine, by section
 * @param steps one object per step
 * @param validations one object per evaluation
 * @param samples one object per sample
 * @param memory one object each time memory was looked at
 * @param notes what interrupted the run: it was resumed, a save failed, numbers were not finite
 * @param end what the end of the run says; a missing node if it did not end
 */
public record RunLog(
        String name,
        JsonNode facts,
        List<JsonNode> steps,
        List<JsonNode> validations,
        List<JsonNode> samples,
        List<JsonNode> memory,
        List<JsonNode> notes,
        JsonNode end) {

    /**
     * Reads the metrics of a run; a last line that was cut off by a kill is left out.
     *
     * @param folder the run's folder
     * @throws ReportException if there are none
     */
    public static RunLog read(Path folder) throws IOException {
        Path file = folder.resolve(Metrics.FILE);
        if (!Files.isRegularFile(file)) {
            throw new ReportException(
                    "no metrics of a run (" + Metrics.FILE + ") in " + folder,
                    "name the folder of a run with --run, or train one with `nanochat train`");
        }
        // a last line that was cut off within a UTF-8 sequence is no error either
        List<String> lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                .lines()
                .toList();
        JsonNode facts = JsonMapper.shared().missingNode();
        JsonNode end = JsonMapper.shared().missingNode();
        var steps = new ArrayList<JsonNode>();
        var validations = new ArrayList<JsonNode>();
        var samples = new ArrayList<JsonNode>();
        var memory = new ArrayList<JsonNode>();
        var notes = new ArrayList<JsonNode>();
        for (int i = 0; i < lines.size(); i++) {
            JsonNode node;
            try {
                node = JsonMapper.shared().readTree(lines.get(i));
            } catch (JacksonException e) {
                if (i == lines.size() - 1) {
                    break;
                }
                throw new ReportException(
                        "line " + (i + 1) + " of " + file + " is no JSON: " + e.getOriginalMessage(),
                        "remove the damaged line",
                        e);
            }
            switch (node.path("kind").asString("")) {
                case "run" -> facts = node;
                case "step" -> steps.add(node);
                case "validation" -> validations.add(node);
                case "sample" -> samples.add(node);
                case "memory" -> memory.add(node);
                case "resume", "save_failed", "not_finite" -> notes.add(node);
                case "end" -> end = node;
                default -> {
                    // other kinds may be added; a report shows what it knows
                }
            }
        }
        if (facts.isMissingNode()) {
            throw new ReportException(file + " does not say what was run", "name the folder of another run");
        }
        Path last = folder.toAbsolutePath().normalize().getFileName();
        return new RunLog(
                last == null ? folder.toString() : last.toString(),
                facts,
                steps,
                validations,
                samples,
                memory,
                notes,
                end);
    }

    /** The same under another name. */
    RunLog named(String other) {
        return new RunLog(other, facts, steps, validations, samples, memory, notes, end);
    }

    /** Notes of one kind, in their order. */
    List<JsonNode> notes(String kind) {
        return notes.stream()
                .filter(note -> note.path("kind").asString("").equals(kind))
                .toList();
    }

    /** Tokens of a step, 1 if the file does not say. */
    long tokensPerStep() {
        return facts.path("derivation").path("total_batch_size").asLong(1);
    }

    /** Steps that were trained, those before a resume included. */
    int stepsDone() {
        return steps.isEmpty() ? 0 : steps.getLast().path("step").asInt() + 1;
    }

    /** One number of every object that has it, with its step: two rows, x and y. */
    static double[][] series(List<JsonNode> nodes, String key) {
        List<JsonNode> present =
                nodes.stream().filter(node -> node.path(key).isNumber()).toList();
        double[][] series = new double[2][present.size()];
        for (int i = 0; i < present.size(); i++) {
            series[0][i] = present.get(i).path("step").asDouble();
            series[1][i] = present.get(i).path(key).asDouble();
        }
        return series;
    }
}
