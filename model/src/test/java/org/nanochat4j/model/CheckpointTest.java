package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.runtime.Engine;

class CheckpointTest {
    private static final GptConfig CONFIG = new GptConfig(64, 65, 3, 2, 1, 32, "SL", Architecture.CURRENT);

    /** Single-bit flips to try; -Dnanochat.flips=1000 for a campaign. */
    private static final int FLIPS = Integer.getInteger("nanochat.flips", 300);

    @TempDir
    Path folder;

    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    private Path saved(Gpt gpt, List<ParamGroup> groups, String name) throws IOException {
        Path directory = folder.resolve(name);
        CheckpointMeta meta = CheckpointMeta.of(gpt.config(), 12)
                .validationBitsPerByte(Double.POSITIVE_INFINITY)
                .tokenizerFingerprint("abc");
        meta.wallClock().put("host", "here");
        Checkpoint.save(
                directory,
                meta,
                CheckpointTensors.of(gpt, groups, engine),
                Map.of("notes.txt", "hi".getBytes(StandardCharsets.UTF_8)));
        return directory;
    }

    private Gpt model() {
        Gpt gpt = new Gpt(CONFIG);
        gpt.initialise(engine, 1);
        return gpt;
    }

    private List<float[]> values(List<Variable> variables) {
        return variables.stream().map(engine::floats).toList();
    }

    private static List<Variable> weights(Gpt gpt) {
        return gpt.parameters().store().all().stream().map(Parameter::value).toList();
    }

    @Test
    @DisplayName("weights, optimizer state, meta data and attachments come back as they were saved")
    void roundTrip() throws IOException {
        Gpt gpt = model();
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        Random random = new Random(3);
        List<Variable> state =
                groups.stream().flatMap(group -> group.state().stream()).toList();
        for (Variable variable : state) {
            float[] numbers = new float[(int) variable.type().elements()];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = random.nextFloat();
            }
            engine.write(variable, numbers);
        }
        Checkpoint checkpoint = Checkpoint.open(saved(gpt, groups, "a"));
        checkpoint.verify();
        assertEquals(CONFIG, checkpoint.meta().config());
        assertEquals(12, checkpoint.meta().step().orElseThrow());
        assertTrue(checkpoint.meta().validationBitsPerByte().isEmpty());
        assertEquals("abc", checkpoint.meta().tokenizerFingerprint().orElseThrow());
        assertEquals("hi", new String(checkpoint.attachment("notes.txt"), StandardCharsets.UTF_8));
        try (Engine other = Engine.open()) {
            Gpt loaded = checkpoint.loadModel(other);
            loaded.requireReady(other);
            List<ParamGroup> loadedGroups = ParamGroups.of(loaded, LearningRates.DEFAULT);
            assertEquals(12, checkpoint.loadOptimizer(loadedGroups, other));
            List<Variable> loadedAll = new ArrayList<>(weights(loaded));
            loadedGroups.forEach(group -> loadedAll.addAll(group.state()));
            List<Variable> all = new ArrayList<>(weights(gpt));
            all.addAll(state);
            for (int i = 0; i < all.size(); i++) {
                assertArrayEquals(
                        engine.floats(all.get(i)),
                        other.floats(loadedAll.get(i)),
                        all.get(i).name());
            }
        }
    }

    @Test
    @DisplayName("the same weights give the same bytes; the seed decides the weights")
    void deterministic() throws IOException {
        Path first = saved(model(), List.of(), "a").resolve(Checkpoint.MODEL);
        Path second = saved(model(), List.of(), "b").resolve(Checkpoint.MODEL);
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
        Gpt other = new Gpt(CONFIG);
        other.initialise(engine, 2);
        Path third = saved(other, List.of(), "c").resolve(Checkpoint.MODEL);
        assertFalse(Arrays.equals(Files.readAllBytes(first), Files.readAllBytes(third)));
    }

    @Test
    @DisplayName("state_dict names in the reference's order")
    void names() throws IOException {
        try (SafetensorsFile file =
                SafetensorsFile.open(saved(model(), List.of(), "a").resolve(Checkpoint.MODEL))) {
            List<String> names = List.copyOf(file.tensors().keySet());
            assertEquals(
                    List.of(
                            "resid_lambdas",
                            "x0_lambdas",
                            "smear_lambda",
                            "backout_lambda",
                            "transformer.wte.weight",
                            "transformer.h.0.attn.c_q.weight",
                            "transformer.h.0.attn.c_k.weight",
                            "transformer.h.0.attn.c_v.weight",
                            "transformer.h.0.attn.c_proj.weight",
                            "transformer.h.0.attn.ve_gate.weight",
                            "transformer.h.0.mlp.c_fc.weight",
                            "transformer.h.0.mlp.c_proj.weight"),
                    names.subList(0, 12));
            assertEquals(
                    List.of("lm_head.weight", "smear_gate.weight", "value_embeds.0.weight", "value_embeds.2.weight"),
                    names.subList(names.size() - 4, names.size()));
            assertEquals(List.of(128L, 32L), file.tensor("lm_head.weight").shape());
        }
    }

    @Test
    @DisplayName(
            "only weights and meta data are needed; padding rows may be left out, and a compiler's prefix is taken off")
    void minimal() throws IOException {
        Gpt gpt = model();
        Path directory = Files.createDirectory(folder.resolve("bare"));
        List<TensorSource> tensors = new ArrayList<>();
        for (Variable variable : weights(gpt)) {
            int[] dims = variable.type().shape().dims();
            long[] shape = Arrays.stream(dims).asLongStream().toArray();
            float[] numbers = engine.floats(variable);
            if (dims.length == 2 && dims[0] == 128 && !variable.name().contains("mlp")) {
                shape[0] = 65;
                numbers = Arrays.copyOf(numbers, 65 * dims[1]);
            }
            tensors.add(TensorSource.of("_orig_mod." + variable.name(), numbers, shape));
        }
        SafetensorsWriter.write(directory.resolve(Checkpoint.MODEL), Map.of(), tensors);
        Files.writeString(
                directory.resolve(Checkpoint.META),
                "{\"architecture\": \"current\", \"model_config\": {\"sequence_len\": 64, \"vocab_size\": 65,"
                        + " \"n_layer\": 3, \"n_head\": 2, \"n_kv_head\": 1, \"n_embd\": 32}}");
        Checkpoint checkpoint = Checkpoint.open(directory);
        assertEquals("L", checkpoint.meta().config().windowPattern());
        assertFalse(checkpoint.hasOptimizer());
        checkpoint.verify();
        Gpt loaded = checkpoint.loadModel(engine);
        float[] table = engine.floats(loaded.parameters().lmHead().value());
        float[] original = engine.floats(gpt.parameters().lmHead().value());
        assertArrayEquals(Arrays.copyOf(original, 65 * 32), Arrays.copyOf(table, 65 * 32));
        for (int i = 65 * 32; i < table.length; i++) {
            assertEquals(0f, table[i]);
        }
    }

    @Test
    @DisplayName("missing, unknown and misshapen tensors are all named, with the shapes expected")
    void misfits() throws IOException {
        Path directory = saved(model(), List.of(), "a");
        Path other = Files.createDirectory(folder.resolve("b"));
        Files.copy(directory.resolve(Checkpoint.MODEL), other.resolve(Checkpoint.MODEL));
        String meta = Files.readString(directory.resolve(Checkpoint.META));
        Files.writeString(
                other.resolve(Checkpoint.META),
                meta.replace("\"n_layer\": 3", "\"n_layer\": 4").replace("\"n_kv_head\": 1", "\"n_kv_head\": 2"));
        String message = Thrown.message(
                ModelException.BadCheckpoint.class, () -> Checkpoint.open(other).loadModel(engine));
        assertTrue(message.contains("wrong shape of resid_lambdas: [3] in the file, (4) expected"), message);
        assertTrue(message.contains("wrong shape of transformer.h.0.attn.c_k.weight: [16, 32]"), message);
        Files.writeString(other.resolve(Checkpoint.META), meta.replace("\"n_layer\": 3", "\"n_layer\": 2"));
        message = Thrown.message(
                ModelException.BadCheckpoint.class, () -> Checkpoint.open(other).loadModel(engine));
        assertTrue(message.contains("missing value_embeds.1.weight (128, 16)"), message);
        assertTrue(message.contains("unknown transformer.h.2.attn.c_k.weight [16, 32]"), message);
        Files.writeString(other.resolve(Checkpoint.META), meta.replace("\"current\"", "\"original\""));
        message = Thrown.message(
                ModelException.BadCheckpoint.class, () -> Checkpoint.open(other).loadModel(engine));
        assertTrue(message.contains("unknown resid_lambdas"), message);
    }

    @Test
    @DisplayName("every one of 300 random single-bit flips in any file of a checkpoint is found")
    void bitFlips() throws IOException {
        Gpt gpt = new Gpt(new GptConfig(16, 20, 1, 1, 1, 24, "L", Architecture.CURRENT));
        gpt.initialise(engine, 1);
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        Path directory = saved(gpt, groups, "a");
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.sorted().toList();
        }
        Random random = new Random(5);
        for (int trial = 0; trial < FLIPS; trial++) {
            Path file = files.get(trial % files.size());
            byte[] whole = Files.readAllBytes(file);
            byte[] flipped = whole.clone();
            int position = random.nextInt(whole.length);
            flipped[position] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, flipped);
            assertThrows(
                    ModelException.BadCheckpoint.class,
                    () -> {
                        Checkpoint checkpoint = Checkpoint.open(directory);
                        checkpoint.verify();
                        checkpoint.loadModel(engine);
                        checkpoint.loadOptimizer(groups, engine);
                        checkpoint.attachment("notes.txt");
                    },
                    file.getFileName() + " byte " + position);
            Files.write(file, whole);
        }
        Checkpoint.open(directory).verify();
    }

    @Test
    @DisplayName("a failed save leaves nothing behind, and a name is never written over")
    void failedSave() throws IOException {
        Gpt gpt = model();
        Path directory = saved(gpt, List.of(), "a");
        assertThrows(FileAlreadyExistsException.class, () -> saved(gpt, List.of(), "a"));
        assertThrows(
                IllegalArgumentException.class,
                () -> Checkpoint.save(
                        folder.resolve("b"),
                        CheckpointMeta.of(CONFIG, 1),
                        CheckpointTensors.of(gpt, List.of(), engine),
                        Map.of("../outside", new byte[1])));
        try (Stream<Path> list = Files.list(folder)) {
            assertEquals(List.of(directory), list.toList());
        }
    }

    @Test
    void noCheckpoint() {
        Thrown.says("no meta.json", ModelException.BadCheckpoint.class, () -> Checkpoint.open(folder));
    }

    @Test
    @DisplayName("meta data that describes no model is refused field by field")
    void badMeta() {
        Map<String, String> cases = Map.of(
                "{",
                "not JSON",
                "[]",
                "not a JSON object",
                "{\"model_config\": {}}",
                "no \"architecture\"",
                "{\"architecture\": \"current\"}",
                "no \"model_config\"",
                "{\"architecture\": \"current\", \"model_config\": {\"sequence_len\": 64}}",
                "\"vocab_size\"",
                "{\"architecture\": \"new\", \"model_config\": {\"sequence_len\": 64, \"vocab_size\": 65, \"n_layer\":"
                        + " 3, \"n_head\": 2, \"n_kv_head\": 1, \"n_embd\": 32}}",
                "no architecture named 'new'",
                "{\"architecture\": \"current\", \"model_config\": {\"sequence_len\": 64, \"vocab_size\": 65,"
                        + " \"n_layer\": 0, \"n_head\": 2, \"n_kv_head\": 1, \"n_embd\": 32}}",
                "n_layer");
        cases.forEach((json, says) -> {
            String message =
                    Thrown.message(ModelException.BadCheckpoint.class, () -> CheckpointMeta.parse(json, "meta.json"));
            assertTrue(message.startsWith("meta.json ") && message.contains(says), message);
        });
    }

    @Test
    @DisplayName("numbers that JSON cannot say are null")
    void noInfinities() {
        CheckpointMeta meta = CheckpointMeta.of(CONFIG, 0).validationBitsPerByte(Double.NaN);
        CheckpointMeta.putNumber(meta.tree().putObject("loop_state"), "min_val_bpb", Double.POSITIVE_INFINITY);
        assertTrue(meta.json().contains("\"val_bpb\": null"), meta.json());
        assertTrue(meta.json().contains("\"min_val_bpb\": null"), meta.json());
        meta.tree().putArray("list").add(Double.NaN).add(2.5).addObject().put("deep", Float.NEGATIVE_INFINITY);
        assertTrue(meta.json().contains("null,\n    2.5,\n    {\n      \"deep\": null"), meta.json());
        assertEquals(
                CONFIG,
                CheckpointMeta.parse("{\"min\": Infinity," + meta.json().substring(1), "x")
                        .config());
        assertEquals(1, values(weights(model())).getFirst()[0], 0.16);
    }
}
