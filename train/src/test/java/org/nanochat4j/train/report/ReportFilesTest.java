package org.nanochat4j.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        ReportFiles.Written written = ReportFiles.write(log, folder.resolve("report"));
        String markdown = Files.readString(written.markdown());
        assertTrue(markdown.contains("did not end"), markdown);
        assertTrue(markdown.contains("| parameters | 1,234,567 |"), markdown);
        assertTrue(markdown.contains("a <b> & | c"), markdown);
        assertTrue(Files.readString(written.html()).contains("a &lt;b&gt; &amp; | c"));
    }

    @Test
    @DisplayName("without fonts the pictures are well-formed SVG, and the report says why")
    void withoutFonts() throws Exception {
        ReportFiles.Written written = ReportFiles.write(RunLog.read(run(50, "")), folder.resolve("report"), false);
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
        ReportFiles.Written written = ReportFiles.write(RunLog.read(run(0, "")), folder.resolve("report"));
        assertEquals(1, written.pictures());
    }

    @Test
    @DisplayName("a file that tells nothing is refused")
    void foreignFile() throws IOException {
        Files.writeString(folder.resolve(Metrics.FILE), "{\"kind\":\"step\",\"step\":1}\n");
        assertThrows(ReportException.class, () -> RunLog.read(folder));
    }
}
