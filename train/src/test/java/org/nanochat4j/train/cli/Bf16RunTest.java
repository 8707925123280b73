package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.model.SafetensorsFile;
import org.nanochat4j.model.StoredType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs that compute in BF16, as a user has them. */
class Bf16RunTest {

    @TempDir
    Path folder;

    private Cli cli;
    private Path run;

    @BeforeEach
    void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        run = folder.resolve("checkpoints/tiny");
    }

    private Cli.Result train(String... more) {
        String[] all = new String[more.length + 1];
        System.arraycopy(more, 0, all, 1, more.length);
        all[0] = "--model-tag=tiny";
        return cli.train(all);
    }

    private static JsonNode meta(Path step) throws IOException {
        return JsonMapper.shared().readTree(Files.readString(step.resolve("meta.json")));
    }

    @ParameterizedTest
    @CsvSource({"f32, F32", "auto, BF16"})
    @DisplayName(
            "six steps are three, resumed, and three more, byte for byte, and in the types that the run began with")
    void exact(String embeddings, StoredType stored) throws IOException {
        Cli.Result trained = train("--dtype=bf16", "--embedding-dtype=" + embeddings, "--threads=2")
                .expect(0);
        assertTrue(trained.out().contains("computes in bf16"), trained.out());
        assertTrue(trained.out().contains("large BF16 matrix product); MFU is relative to it"), trained.out());
        assertEquals(
                "bf16",
                meta(run.resolve("step_000006")).at("/user_config/dtype").asString());

        Cli.Result resumed = cli.run("train", "--model-tag=tiny", "--resume=3", "--threads=1")
                .expect(0);
        assertTrue(resumed.out().contains("computes in bf16"), resumed.out());
        TinyRun.assertSame(run.resolve("step_000006.old"), run.resolve("step_000006"));
        try (SafetensorsFile file = SafetensorsFile.open(run.resolve("step_000006/model.safetensors"))) {
            assertEquals(stored, file.tensor("transformer.wte.weight").type());
            assertEquals(StoredType.F32, file.tensor("lm_head.weight").type());
        }
        assertFalse(Files.readString(run.resolve("step_000006/meta.json")).contains("history"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16"})
    @DisplayName("the expected utilisation of a run is relative to products of its type")
    void expected(String type) throws IOException {
        JsonNode time = JsonMapper.shared()
                .readTree(train("--dtype=" + type, "--dry-run", "--json")
                        .expect(0)
                        .out())
                .get("time");
        assertEquals(
                "measured at start, large " + type.toUpperCase(Locale.ROOT) + " matrix product",
                time.get("peak_source").asString());
        assertTrue(time.get("expected_mfu_percent").asDouble() > 0, time.toString());
    }

    @Test
    @DisplayName("another type on resuming is refused; with --allow-changes it is recorded, and auto is no change")
    void change() throws IOException {
        train("--eval-every=-1", "--sample-every=-1").expect(0); // auto, which is F32 on this machine or not
        String type = meta(run.resolve("step_000003")).at("/user_config/dtype").asString();
        String other = type.equals("f32") ? "bf16" : "f32";
        Cli.Result refused = cli.run("train", "--model-tag=tiny", "--resume=3", "--dtype=" + other)
                .expect(1);
        assertTrue(refused.err().contains("dtype was " + type + " and is now " + other), refused.err());
        assertTrue(refused.err().contains("--allow-changes"), refused.err());
        cli.run("train", "--model-tag=tiny", "--resume=3", "--dtype=auto").expect(0);
        TinyRun.assertSame(run.resolve("step_000006.old"), run.resolve("step_000006"));

        cli.run("train", "--model-tag=tiny", "--resume=3", "--dtype=" + other, "--allow-changes")
                .expect(0);
        JsonNode meta = meta(run.resolve("step_000006"));
        assertEquals(other, meta.at("/user_config/dtype").asString());
        assertEquals("dtype", meta.at("/history/0/changes/0/what").asString());
    }

    @Test
    @DisplayName("scores in both types differ, and lie near each other; sampling works in both")
    void use() throws IOException {
        train("--dtype=bf16", "--sample-every=-1").expect(0);
        Path text = folder.resolve("text/story.txt");
        double f32 = loss(text, "f32");
        double bf16 = loss(text, "bf16");
        assertNotEquals(f32, bf16);
        assertEquals(f32, bf16, 0.005 * f32);
        for (String type : new String[] {"f32", "bf16"}) {
            Cli.Result sampled = cli.run(
                            "sample", "--checkpoint", run.toString(), "--dtype", type, "--max-tokens", "8", "--json")
                    .expect(0);
            assertTrue(sampled.out().contains("\"samples\""), sampled.out());
        }
    }

    private double loss(Path text, String type) {
        Cli.Result scored = cli.run(
                        "score", "--checkpoint", run.toString(), "--text", text.toString(), "--dtype", type, "--json")
                .expect(0);
        return JsonMapper.shared().readTree(scored.out()).get("loss").asDouble();
    }

    @Test
    @DisplayName("a type that there is not is refused")
    void unknown() {
        Cli.Result refused = train("--dtype=fp8").expect(2);
        assertTrue(refused.err().contains("--dtype"), refused.err());
    }
}
