package org.nanochat4j.bench.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.cpu.kernels.TileGemm;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.Main;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchTest {

    private static final String MODEL = "--depth=2 --aspect-ratio=16 --head-dim=16 --seq-len=32 --vocab-size=300";

    @TempDir
    Path base;

    private record Result(int code, String out, String err) {
        JsonNode json() {
            assertEquals(0, code, err);
            return JsonMapper.shared().readTree(out);
        }
    }

    private Result run(String in, String line) {
        List<String> words = new ArrayList<>(List.of("bench"));
        words.addAll(Arrays.asList(line.split(" ", -1)));
        words.add("--base-dir=" + base);
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var console = new Console(
                new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        int code = Main.execute(console, words.toArray(String[]::new));
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Result run(String line) {
        return run("", line);
    }

    private static void positive(JsonNode node, String... fields) {
        for (String field : fields) {
            assertTrue(node.required(field).asDouble() > 0, field + " in " + node);
        }
    }

    private Path text() throws IOException {
        Path text = base.resolve("text.jsonl");
        var lines = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            lines.append("{\"text\": \"Document ").append(i).append(" about rivers, stones and bridges.\"}\n");
        }
        Files.writeString(text, lines);
        return text;
    }

    @Test
    @DisplayName(
            "train: the object with tok_per_sec, dtype and micro_batch; the faster micro-batch is taken; one line of history")
    void train() throws IOException {
        JsonNode json = run("train --total-batch-size=128 --steps=3 --warmup=1 --json " + MODEL)
                .json();
        positive(
                json,
                "tok_per_sec",
                "tok_per_sec_minimum",
                "tok_per_sec_maximum",
                "micro_batch",
                "planned_memory",
                "flops_per_token",
                "gflops",
                "mfu");
        assertEquals("F32", json.required("dtype").asString());
        assertEquals(3, json.required("step").required("rounds").asInt());
        assertTrue(json.required("tok_per_sec_minimum").asDouble()
                <= json.required("tok_per_sec").asDouble());
        assertEquals(3, json.required("tried").size());
        assertEquals(
                4,
                json.required("micro_batch").asInt()
                        * json.required("accumulation").asInt());
        assertFalse(json.required("profile").required("rows").isEmpty());
        assertTrue(json.required("setting").required("processors").asInt() > 0);
        List<String> history = Files.readAllLines(base.resolve("bench/history.jsonl"));
        assertEquals(1, history.size());
        JsonNode entry = JsonMapper.shared().readTree(history.getFirst());
        assertEquals("train", entry.required("group").asString());
        assertEquals(
                json.required("tok_per_sec").asDouble(),
                entry.required("headline").required("tokens/s").asDouble());
        assertEquals(
                json.required("tok_per_sec").asDouble(),
                entry.required("result").required("tok_per_sec").asDouble());
    }

    @Test
    void trainForPeople() {
        Result result =
                run("train --total-batch-size=128 --device-batch-size=2 --steps=1 --warmup=0 --shapes " + MODEL);
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("furthest from their roof: "), result.out());
        assertTrue(result.out().contains("micro-batch 2 x 2"), result.out());
        assertTrue(result.out().contains("SoftcapCrossEntropy (64, 32)"), result.out());
    }

    @Test
    void decode() {
        JsonNode json = run("decode --prompt=8 --tokens=4 --batch=2 --rounds=2 --warmup=1 --no-history --json " + MODEL)
                .json();
        positive(json, "prefill_tok_per_sec", "decode_tok_per_sec", "weight_bytes", "bandwidth_share");
        assertFalse(Files.exists(base.resolve("bench/history.jsonl")));
    }

    @Test
    @DisplayName("decoding with weights of fewer bytes says so, and counts the bytes")
    void decodeWeights() {
        String line = "decode --prompt=8 --tokens=4 --rounds=1 --warmup=0 --no-history --json " + MODEL + " --weights=";
        JsonNode f32 = run(line + "f32").json();
        JsonNode bf16 = run(line + "bf16").json();
        JsonNode int8 = run(line + "int8").json();
        assertEquals("F32", f32.required("dtype").asString());
        assertEquals("BF16", bf16.required("dtype").asString());
        assertEquals("INT8", int8.required("dtype").asString());
        double whole = f32.required("weight_bytes").asDouble();
        assertEquals(0.5, bf16.required("weight_bytes").asDouble() / whole, 0.05);
        assertEquals(0.26, int8.required("weight_bytes").asDouble() / whole, 0.06);
    }

    @Test
    void gemmOfOneShape() {
        JsonNode json = run("gemm --shape=96x64x32 --shape=16x8x4:TN --warmup-seconds=0 --seconds=0 --rounds=2 --json")
                .json();
        JsonNode kernels = json.required("kernels");
        assertEquals(4, kernels.size());
        assertEquals("16x8x4 TN", kernels.get(3).required("name").asString());
        kernels.forEach(kernel -> positive(kernel, "gflops", "gigabytes", "share"));
    }

    @Test
    @DisplayName("BF16: products, loss, training and generation say their type and which kernels multiply")
    void bf16() throws IOException {
        String once = " --warmup-seconds=0 --seconds=0 --rounds=1 --dtype=bf16 --json";
        JsonNode gemm = run("gemm --shape=96x64x32" + once).json();
        assertEquals("BF16", gemm.required("dtype").asString());
        assertEquals(3, gemm.required("kernels").size());
        JsonNode first = gemm.required("kernels").get(0);
        assertEquals("96x64x32 NN, bf16", first.required("name").asString());
        positive(first, "gflops", "gigabytes", "share");
        positive(gemm.required("roof"), "bf16_flops_per_second");
        String kernels = gemm.required("setting").required("kernels").toString();
        assertTrue(kernels.contains(TileGemm.explain(true)), kernels);
        String plain = run("gemm --shape=16x16x16:NT --no-machine-code --no-history" + once)
                .json()
                .required("setting")
                .required("kernels")
                .toString();
        assertTrue(plain.contains(TileGemm.explain(false)), plain);
        positive(
                run("loss --vocab-size=300 --depths=1 --batch-tokens=64" + once).json(), "mean_gflops");
        JsonNode train =
                run("train --total-batch-size=128 --device-batch-size=2 --steps=1 --warmup=0 --dtype=bf16 --json "
                                + MODEL)
                        .json();
        assertEquals("BF16", train.required("dtype").asString());
        positive(
                run("decode --prompt=16 --tokens=2 --rounds=1 --warmup=0 --dtype=bf16 --json " + MODEL)
                        .json(),
                "prefill_tok_per_sec",
                "decode_tok_per_sec");
        List<String> labels = Files.readAllLines(base.resolve("bench/history.jsonl")).stream()
                .map(line ->
                        JsonMapper.shared().readTree(line).required("label").asString())
                .toList();
        assertEquals(4, labels.size());
        assertTrue(labels.stream().allMatch(label -> label.contains(", bf16")), labels.toString());
    }

    @Test
    @DisplayName("all groups at toy sizes in one command")
    void all() throws IOException {
        JsonNode json = run("all --quick --threads=1 --json --input=" + text()).json();
        assertEquals(
                List.of("memory", "gemm", "attention", "loss", "train", "decode", "tokenizer", "startup"),
                List.copyOf(json.propertyNames()));
        positive(json.required("startup").required("total"), "median");
        JsonNode tokenizer = json.required("tokenizer");
        assertEquals(300, tokenizer.required("vocabulary").asInt());
        positive(tokenizer.required("encoding").get(0), "megabytes_per_second");
        assertEquals(12, json.required("memory").required("kernels").size());
        assertFalse(Files.exists(base.resolve("bench/history.jsonl")));
    }

    @Test
    @DisplayName("history: a table, and a picture for each figure")
    void history() throws IOException {
        String gemm = "gemm --shape=16x16x16:NN --warmup-seconds=0 --seconds=0 --rounds=1";
        assertEquals(0, run(gemm).code());
        assertEquals(0, run(gemm).code());
        Result result = run("history");
        assertEquals(
                2,
                result.out()
                        .lines()
                        .filter(line -> line.contains("16x16x16 NN"))
                        .count(),
                result.out());
        if (result.code() == 0) {
            byte[] png = Files.readAllBytes(base.resolve("bench/charts/gemm-mean-gflop-s.png"));
            assertArrayEquals(new byte[] {(byte) 0x89, 'P', 'N', 'G'}, Arrays.copyOf(png, 4));
        } else {
            assertTrue(result.err().contains("no fonts") && result.err().contains("--no-draw"), result.err());
        }
        assertEquals(1, run("history --last=1 --no-draw --json").json().size());
        Result none = run("history --group=train");
        assertEquals(1, none.code());
        assertTrue(none.err().contains("no measurement of train"), none.err());
    }

    @Test
    @DisplayName("a damaged line of the history is named")
    void damagedHistory() throws IOException {
        Path file = base.resolve("own.jsonl");
        Files.writeString(file, "{\"date\": \"2026-01-01T00:00:00Z\"}\n");
        Result result = run("history --history=" + file);
        assertEquals(1, result.code());
        assertTrue(result.err().contains("own.jsonl, line 1"), result.err());
    }

    @Test
    @DisplayName("scaling: stops at its time limit, goes on where it stopped, keeps points of other commits apart")
    void scaling() throws IOException {
        String line = "scaling --depths=1,2 --seq-len=32,64 --thread-counts=1,2 --batch-tokens=64 --vocab-size=300"
                + " --head-dim=64 --steps=1 --no-plot --json";
        JsonNode none = run(line + " --time-limit=0 --no-history").json();
        assertEquals(
                8, none.required("points").size() + none.required("missing").size());
        JsonNode all = run(line).json();
        assertEquals(8, all.required("points").size());
        all.required("points").forEach(point -> positive(point, "flops", "depth"));
        Path points = base.resolve("bench/scaling.jsonl");
        List<String> kept = Files.readAllLines(points);
        assertEquals(8, kept.size());
        JsonNode again = run(line + " --time-limit=0").json();
        assertEquals(all.required("points"), again.required("points"));
        Files.write(
                points,
                kept.stream()
                        .map(point -> point.replace("\"commit\":\"", "\"commit\":\"other "))
                        .toList());
        assertTrue(run(line + " --time-limit=0").json().required("missing").size() >= 7);
    }

    @Test
    @DisplayName("serve: a line for each command, also for one that fails, and the process goes on")
    void serve() {
        Result result = run("""
                ["gemm", "--shape", "8x8x8:NN", "--rounds", "1", "--seconds", "0", "--warmup-seconds", "0"]
                ["gemm", "--shape", "8x8"]
                no list
                """, "serve");
        assertEquals(0, result.code(), result.err());
        List<JsonNode> answers =
                result.out().lines().map(JsonMapper.shared()::readTree).toList();
        assertEquals(3, answers.size());
        assertEquals(0, answers.get(0).required("code").asInt());
        positive(answers.get(0).required("result"), "mean_gflops");
        assertEquals(2, answers.get(1).required("code").asInt());
        assertTrue(answers.get(1).required("error").asString().contains("8x8"));
        assertEquals(2, answers.get(2).required("code").asInt());
    }

    @Test
    @DisplayName("options that make no sense: exit code 2 and a remedy")
    void refused() {
        for (String line : List.of(
                "train --total-batch-size=100 " + MODEL,
                "train --total-batch-size=128 --device-batch-size=3 " + MODEL,
                "train --steps=0 " + MODEL,
                "train --tokenizer=nowhere " + MODEL,
                "decode --tokens=1 " + MODEL,
                "decode --prompt=400 " + MODEL,
                "gemm --shape=0x1x1",
                "gemm --dtype=auto",
                "memory --rows=100",
                "attention --batch-tokens=8",
                "scaling --batch-tokens=100",
                "startup --rounds=0",
                "tokenizer --rounds=0",
                "gemm --threads=-1")) {
            Result result = run(line);
            assertEquals(2, result.code(), line + ": " + result.err());
            assertTrue(result.err().contains("give "), line + ": " + result.err());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"compare.sh", "curve.sh"})
    @DisplayName("what compares with PyTorch says why it is left out where there is no Python")
    void withoutPython(String script) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(
                "bash", Path.of("peer", script).toAbsolutePath().toString());
        builder.environment().put("PYTHON", base.resolve("no-python").toString());
        Process process = builder.redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        assertTrue(printed.startsWith("skipped: there is no "), printed);
    }
}
