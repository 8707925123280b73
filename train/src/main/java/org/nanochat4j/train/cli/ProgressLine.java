package org.nanochat4j.train.cli;

import java.util.Locale;
import java.util.function.LongSupplier;
import org.nanochat4j.train.data.Progress;

/**
 * Progress with rate and time to go: on a terminal one line that is rewritten, elsewhere a line every few seconds.
 *
 * <p>A stage that is over within a second stays silent.
 */
final class ProgressLine implements Progress {

    private static final double REWRITE_SECONDS = 0.2;
    private static final double PLAIN_SECONDS = 5;
    private static final double SILENT_SECONDS = 1;

    private final Console console;
    private final LongSupplier nanoTime;
    private String stage = "";
    private long reached;
    private long started;
    private long shown;
    private boolean open;

    ProgressLine(Console console) {
        this(console, System::nanoTime);
    }

    /** With a clock of its own, for tests. */
    ProgressLine(Console console, LongSupplier nanoTime) {
        this.console = console;
        this.nanoTime = nanoTime;
    }

    @Override
    public void report(String newStage, long done, long total) {
        long now = nanoTime.getAsLong();
        if (!newStage.equals(stage) || done < reached) { // the same kind of work may come again
            endLine();
            stage = newStage;
            started = now;
            shown = now;
        }
        reached = done;
        double elapsed = (now - started) / 1e9;
        boolean finished = total > 0 && done >= total;
        double pause = console.terminal() ? REWRITE_SECONDS : PLAIN_SECONDS;
        if (finished ? shown > started || elapsed > SILENT_SECONDS : (now - shown) / 1e9 >= pause) {
            show(done, total, elapsed, finished);
            shown = now;
        }
    }

    private void show(long done, long total, double elapsed, boolean finished) {
        double rate = done / Math.max(elapsed, 1e-9);
        var line = new StringBuilder(stage).append(": ").append(Texts.count(done));
        if (total > 0) {
            line.append(" of ")
                    .append(Texts.count(total))
                    .append(String.format(Locale.ROOT, " (%.0f%%)", 100.0 * done / total));
        }
        line.append(", ")
                .append(rate < 10 ? String.format(Locale.ROOT, "%.1f", rate) : Texts.count(Math.round(rate)))
                .append("/s");
        if (finished) {
            line.append(", ").append(Texts.duration(elapsed));
        } else if (total > 0 && rate > 0) {
            line.append(", ").append(Texts.duration((total - done) / rate)).append(" to go");
        }
        if (console.terminal()) {
            console.err().print("\r\u001b[K" + line);
            console.err().flush();
            open = true;
            if (finished) {
                endLine();
            }
        } else {
            console.err().println(line);
        }
    }

    private void endLine() {
        if (open) {
            console.err().println();
            open = false;
        }
    }
}
