package org.nanochat4j.bench.cli;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.Main;
import org.nanochat4j.train.cli.Verb;
import picocli.CommandLine.Command;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat bench serve}: one process that measures whenever it is told to, so that its code is compiled after the first time. */
@Command(
        name = "serve",
        description = {
            "Measure in one warm process whatever standard input asks for, and keep no history.",
            "Each line is a JSON list such as [\"gemm\", \"--shape\", \"512x512x512:NT\"]; each answer is one line {\"code\": 0, \"result\": ...} or"
                    + " {\"code\": 1, \"error\": ...}. Ends with its input."
        })
final class ServeCommand extends Verb {

    ServeCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        var in = new BufferedReader(new InputStreamReader(console().in(), StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!line.isBlank()) {
                console().out().println(answer(line));
                console().out().flush();
            }
        }
    }

    private ObjectNode answer(String line) {
        ObjectNode answer = Measurement.JSON.createObjectNode();
        try {
            List<String> words = new ArrayList<>(Arrays.asList(Measurement.JSON.readValue(line, String[].class)));
            words.addFirst("bench");
            words.addAll(List.of("--no-history", "--base-dir", baseDir().root().toString()));
            Captured captured = Captured.run(console(), words);
            answer.put("code", captured.code());
            if (captured.code() == 0) {
                answer.set("result", Measurement.JSON.readTree(captured.out()));
            } else {
                answer.put("error", captured.err().strip());
            }
        } catch (JacksonException e) {
            answer.put("code", 2);
            answer.put("error", "not a JSON list of words: " + e.getOriginalMessage());
        }
        return answer;
    }

    /**
     * What a command printed.
     *
     * @param code its exit code
     * @param out its result as JSON
     * @param err progress, lines for people and errors
     */
    record Captured(int code, String out, String err) {

        /** Runs a command in this process with {@code --json}. */
        static Captured run(Console console, List<String> words) {
            var out = new ByteArrayOutputStream();
            var err = new ByteArrayOutputStream();
            List<String> all = new ArrayList<>(words);
            all.add("--json");
            var inner = new Console(
                    console.in(),
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    false);
            int code = Main.execute(inner, all.toArray(String[]::new));
            return new Captured(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        }
    }
}
