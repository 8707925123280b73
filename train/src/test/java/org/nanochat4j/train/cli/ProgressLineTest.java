package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private static final String WORK = "kernels compiled";

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private double seconds;

    private ProgressLine line(boolean terminal) {
        PrintStream err = new PrintStream(printed, true, StandardCharsets.UTF_8);
        return new ProgressLine(
                new Console(InputStream.nullInputStream(), err, err, terminal), () -> (long) (seconds * 1e9));
    }

    private List<String> lines() {
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** A graph of 50 kernels every two seconds. */
    private void compile(ProgressLine line, int kernels) {
        line.report(WORK, 0, kernels);
        for (int done = 50; done <= kernels; done += 50) {
            seconds += 2;
            line.report(WORK, done, kernels);
        }
    }

    @Test
    void linesOfTheirOwnWhereNobodyWatches() {
        compile(line(false), 250);
        assertEquals(
                List.of(
                        WORK + ": 150 of 250 (60%), 25/s, 4.0s to go", //
                        WORK + ": 250 of 250 (100%), 25/s, 10s"),
                lines());
    }

    @Test
    void theSameKindOfWorkCountsFromItsOwnStart() {
        ProgressLine line = line(false);
        compile(line, 50);
        seconds += 1000;
        compile(line, 100);
        assertEquals(
                List.of(WORK + ": 50 of 50 (100%), 25/s, 2.0s", WORK + ": 100 of 100 (100%), 25/s, 4.0s"), lines());
    }

    @Test
    void slowWorkHasARateToo() {
        ProgressLine line = line(false);
        line.report(WORK, 0, 20);
        seconds += 20;
        line.report(WORK, 8, 20);
        assertEquals(List.of(WORK + ": 8 of 20 (40%), 0.4/s, 30s to go"), lines());
    }

    @Test
    void whatIsOverWithinASecondStaysSilent() {
        ProgressLine line = line(false);
        line.report(WORK, 0, 2);
        seconds += 0.9;
        line.report(WORK, 2, 2);
        assertEquals(List.of(), lines());
    }

    @Test
    void oneLineIsRewrittenOnATerminal() {
        compile(line(true), 100);
        String text = printed.toString(StandardCharsets.UTF_8);
        assertEquals(2, text.split("\r", -1).length - 1, text);
        assertTrue(text.endsWith("(100%), 25/s, 4.0s" + System.lineSeparator()), text);
        assertEquals(1, lines().stream().filter(line -> line.endsWith("4.0s")).count(), text);
    }
}
