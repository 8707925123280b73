package org.nanochat4j.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.train.pretrain.Metrics;

class ReportFilesTest {

    @TempDir
    Path folder;

    private Path run(int steps, String lastLine) throws IOException {
        var lines = new StringBuilder(
                "{\"kind\":\"run\",\"model\":{\"n_layer\":2},\"parameters\":{\"total\":1234567},\"derivation\":{\"num_iterations\":50}}\n");
        for (int step = 0; step < steps; step++) {
            lines.append(("{\"kind\":\"step\",\"step\":%d,\"train/loss\":%s,\"train/smooth_loss\":%s,\"train/lrm\":1.0,"
                            + "\"train/dt\":0.5,\"train/tok_per_sec\":1000}\n")
                    .formatted(step, 5.0 - step * 0.01, 5.0 - step * 0.01));
        }
        lines.append("{\"kind\":\"validation\",\"step\":0,\"val/bpb\":2.5}\n");
        lines.append("{\"kind\":\"sample\",\"step\":0,\"prompt\":\"a\",\"text\":\"a <b> & | c\"}\n");
        Files.writeString(folder.resolve(Metrics.FILE), lines + lastLine);
        return folder;
    }

    @Test
    @DisplayName(
            "a run that was killed in the middle of a line is still reported on, and the report says that it did not end")
    void killedRun() throws IOException {
        RunLog log = RunLog.read(run(50, "{\"kind\":\"step\",\"st"));
        assertEquals(50, log.steps().size());
        ReportFiles.Written written = ReportFiles.write(List.of(log), folder.resolve("report"));
        String markdown = Files.readString(written.markdown());
        assertTrue(markdown.contains("did not end"), markdown);
        assertTrue(markdown.contains("| parameters | 1,234,567 |"), markdown);
        assertTrue(markdown.contains("a <b> & | c"), markdown);
        assertTrue(Files.readString(written.html()).contains("a &lt;b&gt; &amp; | c"));
    }

    @Test
    @DisplayName("without fonts the pictures are well-formed SVG, and the report says why")
    void withoutFonts() throws Exception {
        ReportFiles.Written written =
                ReportFiles.write(List.of(RunLog.read(run(50, ""))), folder.resolve("report"), false);
        assertTrue(written.note().contains("fontconfig"));
        assertTrue(Files.readString(written.markdown()).contains("fontconfig"));
        assertTrue(Files.readString(written.html()).contains("data:image/svg+xml;base64,"));
        byte[] svg = Files.readAllBytes(folder.resolve("report/loss.svg"));
        var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg));
        assertEquals(2, document.getElementsByTagName("polyline").getLength());
        assertFalse(new String(svg, java.nio.charset.StandardCharsets.UTF_8).contains("NaN"));
    }

    @Test
    @DisplayName("a run without a single step has a report without curves of steps")
    void noSteps() throws IOException {
        ReportFiles.Written written = ReportFiles.write(List.of(RunLog.read(run(0, ""))), folder.resolve("report"));
        assertEquals(1, written.pictures());
    }

    @Test
    @DisplayName(
            "two runs of the same name and of different vocabularies: told apart, and losses are not to be compared")
    void comparison() throws Exception {
        RunLog one = RunLog.read(run(50, ""));
        Files.writeString(
                folder.resolve(Metrics.FILE),
                Files.readString(folder.resolve(Metrics.FILE))
                        .replace("\"n_layer\":2", "\"n_layer\":2,\"vocab_size\":9"));
        RunLog two = RunLog.read(folder);
        Files.writeString(
                folder.resolve(Metrics.FILE),
                Files.readString(folder.resolve(Metrics.FILE)).replace("\"vocab_size\":9", "\"vocab_size\":8"));
        ReportFiles.Written written =
                ReportFiles.write(List.of(one, two, RunLog.read(folder)), folder.resolve("report"), false);
        String markdown = Files.readString(written.markdown());
        assertTrue(markdown.contains("| model: vocab size | — | 9 | 8 |"), markdown);
        assertTrue(markdown.contains("bits per byte can"), markdown);
        assertTrue(markdown.contains(one.name() + " (3)"), markdown);
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(folder.resolve("report/loss.svg").toFile());
        assertEquals(3, document.getElementsByTagName("polyline").getLength());
    }

    @Test
    @DisplayName("a file that tells nothing is refused")
    void foreignFile() throws IOException {
        Files.writeString(folder.resolve(Metrics.FILE), "{\"kind\":\"step\",\"step\":1}\n");
        assertThrows(ReportException.class, () -> RunLog.read(folder));
    }
}
