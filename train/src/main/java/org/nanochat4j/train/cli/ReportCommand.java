package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.train.report.ReportFiles;
import org.nanochat4j.train.report.RunLog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code nanochat report}: what a run did, on paper. */
@Command(
        name = "report",
        description =
                "Write the report on a run: report.md with pictures beside it, and report.html, one page with the pictures inside.")
final class ReportCommand extends Verb {

    @Option(names = "--run", paramLabel = "TAG|DIR", description = "Run by name or folder. Default: the newest run.")
    private @Nullable String run;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the report. Default: reports and the run's name in the base folder.")
    private @Nullable Path out;

    ReportCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        ReportFiles.Written written = write(folder(), out);
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

    private ReportFiles.Written write(Path folder, @Nullable Path target) throws IOException {
        RunLog log = RunLog.read(folder);
        return ReportFiles.write(log, target == null ? baseDir().report(log.name()) : target);
    }

    private Path folder() throws IOException {
        if (run == null) {
            return CheckpointArguments.newestRun(baseDir());
        }
        Path path = Path.of(run);
        return Files.isDirectory(path) ? path : baseDir().run(run);
    }
}
