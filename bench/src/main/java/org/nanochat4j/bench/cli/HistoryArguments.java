package org.nanochat4j.bench.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.History;
import org.nanochat4j.train.cli.BaseDir;
import picocli.CommandLine.Option;

/** The option that names the history. */
final class HistoryArguments {

    @Option(
            names = "--history",
            paramLabel = "FILE",
            description = "JSON lines of measurements. Default: bench/history.jsonl in the base folder.")
    private @Nullable Path file;

    History open(BaseDir base) {
        return new History(file == null ? base.root().resolve("bench").resolve("history.jsonl") : file);
    }
}
