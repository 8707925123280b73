package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.train.pretrain.Metrics;
import org.nanochat4j.train.pretrain.MetricsTable;
import org.nanochat4j.train.report.ReportFiles;
import org.nanochat4j.train.report.RunLog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code nanochat report}: what a run did, or several, on paper. */
@Command(
        name = "report",
        description = {
            "Write the report on a run: report.md with pictures beside it, and report.html, one page with the pictures inside.",
            "Several runs stand side by side: what differs between them, what came out, and their curves in the same pictures."
        })
final class ReportCommand extends Verb {

    /** Longer names of folders are hard on people and file systems. */
    private static final int LONGEST_NAME = 80;

    @Option(
            names = "--run",
            paramLabel = "TAG|DIR",
            description = "Run by name or folder; give it several times to compare. Default: the newest run.")
    private List<String> runs = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the report. Default: reports and the runs' names in the base folder.")
    private @Nullable Path out;

    ReportCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        var logs = new ArrayList<RunLog>();
        for (Path folder : folders()) {
            logs.add(RunLog.read(folder));
            table(folder);
        }
        ReportFiles.Written written =
                ReportFiles.write(logs, out == null ? baseDir().report(name(logs)) : out);
        say("report    " + written.html());
        say("          " + written.markdown() + ", " + written.pictures() + " pictures");
        if (!written.note().isEmpty()) {
            say("          " + written.note());
        }
        result(JsonMapper.shared()
                .createObjectNode()
                .put("html", written.html().toString())
                .put("markdown", written.markdown().toString())
                .put("pictures", written.pictures()));
    }

    private static String name(List<RunLog> logs) {
        String names = logs.stream().map(RunLog::name).collect(Collectors.joining("+"));
        return names.length() <= LONGEST_NAME ? names : logs.getFirst().name() + "+" + (logs.size() - 1) + "-others";
    }

    /** A run that was killed, or that still goes on, has no table or an old one. */
    private void table(Path run) {
        Path file = run.resolve(MetricsTable.FILE);
        try {
            if (!Files.exists(file)
                    || Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(run.resolve(Metrics.FILE)))
                            < 0) {
                say("table     " + MetricsTable.write(run));
            }
        } catch (IOException e) {
            say("WARNING: " + file + " is not written (" + Failures.describe(e) + ")");
        }
    }

    private List<Path> folders() throws IOException {
        if (runs.isEmpty()) {
            return List.of(CheckpointArguments.newestRun(baseDir()));
        }
        var folders = new ArrayList<Path>();
        var seen = new HashSet<Path>();
        for (String run : runs) {
            Path path = Path.of(run);
            Path folder = Files.isDirectory(path) ? path : baseDir().run(run);
            if (!seen.add(folder.toAbsolutePath().normalize())) {
                throw UserError.usage("--run " + run + " is given twice", "name different runs");
            }
            folders.add(folder);
        }
        return folders;
    }
}
