package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.CheckpointMeta;
import org.nanochat4j.model.GptConfig;

/** Which checkpoints of a run stay. */
class RunFolderTest {

    @TempDir
    Path path;

    /** A checkpoint that carries the figure of an evaluation at some step; -1: it does not say at which. */
    private void checkpoint(int step, double bpb, int evaluatedAt) throws IOException {
        Path folder = Files.createDirectories(new RunFolder(path).checkpoint(step));
        CheckpointMeta meta = CheckpointMeta.of(new GptConfig(64, 65, 3, 2, 1, 32, "SL", Architecture.CURRENT), step)
                .validationBitsPerByte(bpb);
        if (evaluatedAt >= 0) {
            meta.tree().putObject("loop_state").put("val_bpb_step", evaluatedAt);
        }
        Files.writeString(folder.resolve(Checkpoint.META), meta.json());
    }

    private List<Integer> left() throws IOException {
        return new RunFolder(path).checkpoints().stream().map(RunFolder::step).toList();
    }

    @Test
    @DisplayName(
            "the best checkpoint is the earliest with the lowest bpb of its own step; a figure carried on says nothing of it")
    void best() throws IOException {
        checkpoint(1, 0.9, 0);
        checkpoint(2, 1.2, 2);
        checkpoint(3, 1.2, 2);
        checkpoint(4, 1.3, 4);
        checkpoint(5, 1.2, 5);
        checkpoint(6, 1.5, 6);
        checkpoint(7, 0.5, -1);
        checkpoint(8, 0.5, 6);
        new RunFolder(path).keepLast(1);
        assertEquals(List.of(2, 8), left());
    }

    @Test
    @DisplayName("without an evaluation at the step of a checkpoint only the newest stay")
    void noneEvaluated() throws IOException {
        for (int step = 1; step <= 5; step++) {
            checkpoint(step, 1.0 / step, 0);
        }
        new RunFolder(path).keepLast(2);
        assertEquals(List.of(4, 5), left());
    }

    @Test
    @DisplayName("a checkpoint whose meta data was damaged is not the best, and keeps no other from being deleted")
    void damaged() throws IOException {
        checkpoint(1, 1.2, 1);
        checkpoint(2, 1.1, 2);
        checkpoint(3, 1.3, 3);
        Files.writeString(new RunFolder(path).checkpoint(2).resolve(Checkpoint.META), "{");
        new RunFolder(path).keepLast(1);
        assertEquals(List.of(1, 3), left());
    }
}
