package org.nanochat4j.bench.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.Main;
import org.nanochat4j.train.cli.UserError;
import org.nanochat4j.train.cli.Verb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat bench all}: every group with its defaults, one after the other. */
@Command(
        name = "all",
        description =
                "Measure all groups but scaling, each with its defaults. Takes about a quarter of an hour on two cores.")
final class AllBench extends Verb {

    @Mixin
    private HistoryArguments history = new HistoryArguments();

    @Option(names = "--no-history", description = "Do not add the measurements to the history.")
    private boolean forget;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute. Default: all processors.")
    private int threads;

    @Option(
            names = "--input",
            paramLabel = "PATH",
            description = "Text for the tokenizer. Default: the dataset jdk; without it the tokenizer is left out.")
    private @Nullable Path input;

    @Option(
            names = "--quick",
            description =
                    "Everything at toy sizes, in seconds, and not kept: to see that it works, not how fast it is.")
    private boolean quick;

    AllBench(Console console) {
        super(console);
    }

    @Override
    protected void run() {
        BenchVerb.atLeast("--threads", threads, 0);
        Map<String, List<String>> groups = quick ? toys() : defaults();
        if (input != null) {
            groups.compute("tokenizer", (_, words) -> {
                var more = new ArrayList<>(words == null ? List.of() : words);
                more.add("--input=" + input);
                return more;
            });
        } else if (!Files.isDirectory(baseDir().data("jdk"))) {
            groups.remove("tokenizer");
            say("tokenizer: left out, there is no dataset jdk; give --input, or run nanochat data jdk first");
        }
        ObjectNode results = Measurement.JSON.createObjectNode();
        List<String> failed = new ArrayList<>();
        groups.forEach((group, words) -> {
            say((results.isEmpty() && failed.isEmpty() ? "" : System.lineSeparator()) + "== " + group);
            var out = new ByteArrayOutputStream();
            Console inner = console();
            if (json()) {
                var captured = new PrintStream(out, true, StandardCharsets.UTF_8);
                inner = new Console(inner.in(), captured, inner.err(), inner.terminal());
            }
            if (Main.execute(inner, command(group, words)) != 0) {
                failed.add(group);
            } else if (json()) {
                results.set(group, Measurement.JSON.readTree(out.toByteArray()));
            }
        });
        result(results);
        if (!failed.isEmpty()) {
            throw UserError.failure(
                    "not measured: " + String.join(", ", failed), "see above why; each can be run alone");
        }
    }

    private String[] command(String group, List<String> words) {
        List<String> all = new ArrayList<>(List.of("bench", group));
        all.addAll(words);
        all.add("--base-dir=" + baseDir().root());
        all.add("--threads=" + threads);
        all.add("--history=" + history.open(baseDir()).file());
        if (forget || quick) {
            all.add("--no-history");
        }
        if (json()) {
            all.add("--json");
        }
        return all.toArray(String[]::new);
    }

    private static Map<String, List<String>> defaults() {
        var groups = new LinkedHashMap<String, List<String>>();
        for (String group : List.of("memory", "gemm", "attention", "loss", "train", "decode", "tokenizer", "startup")) {
            groups.put(group, List.of());
        }
        return groups;
    }

    private static Map<String, List<String>> toys() {
        String once = " --warmup-seconds=0 --seconds=0 --rounds=1";
        String model = " --depth=2 --aspect-ratio=16 --head-dim=16 --seq-len=32 --vocab-size=300";
        var groups = new LinkedHashMap<String, List<String>>();
        groups.put("memory", words("--rows=512 --channels=64" + once));
        groups.put("gemm", words("--square=64 --depths=1 --batch-tokens=64" + once));
        groups.put("attention", words("--seq-len=32 --depths=1 --batch-tokens=64" + once));
        groups.put("loss", words("--vocab-size=300 --depths=1 --batch-tokens=64" + once));
        groups.put("train", words("--total-batch-size=128 --steps=2 --warmup=1" + model));
        groups.put("decode", words("--prompt=8 --tokens=4 --rounds=2 --warmup=1" + model));
        groups.put("tokenizer", words("--vocab-size=300 --rounds=1 --megabytes=0.05"));
        groups.put("startup", words("--total-batch-size=128 --rounds=1" + model));
        return groups;
    }

    private static List<String> words(String line) {
        return List.of(line.split(" ", -1));
    }
}
