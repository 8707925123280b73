package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.model.SafetensorsFile;
import org.nanochat4j.train.pretrain.Metrics;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** From text to samples and a report, through the command line, on generated text. */
class EndToEndTest {

    @TempDir
    static Path folder;

    private static Cli cli;
    private static Path run;
    private static Cli.Result trained;

    @BeforeAll
    static void train() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        trained = cli.train("--model-tag=tiny", "--json").expect(0);
        run = folder.resolve("checkpoints/tiny");
    }

    @Test
    @DisplayName("the loss falls, and the JSON result says so")
    void lossFalls() {
        JsonNode result = json(trained.out());
        assertEquals(6, result.get("steps").asInt());
        assertTrue(result.get("val_bpb").asDouble() > 0);
        assertTrue(Path.of(result.get("checkpoint").asString()).endsWith("step_000006"));
        List<JsonNode> validations = metrics("validation");
        assertEquals(3, validations.size());
        assertTrue(
                validations.getLast().get("val/bpb").asDouble()
                        < validations.getFirst().get("val/bpb").asDouble(),
                "the last validation is not below the first: " + validations);
    }

    @Test
    @DisplayName("a log line per step has the reference's fields, the loader's place and the gradient's norm")
    void logLines() {
        assertTrue(
                trained.err()
                        .lines()
                        .anyMatch(line -> line.matches(
                                "step 00000/00006 \\(0\\.00%\\) \\| loss: \\d+\\.\\d{6} \\| lrm: 0\\.50 \\|"
                                        + " dt: \\d+\\.\\d\\dms \\| tok/sec: [\\d,]+ \\| mfu_of_measured: \\d+\\.\\d\\d \\| epoch: \\d+ pq: 0 rg: \\d+ \\| grad: \\d+\\.\\d{4} \\|"
                                        + " total time: 0\\.00m")),
                trained.err());
        assertTrue(
                trained.err().lines().anyMatch(line -> line.matches("Step 00003 \\| Validation bpb: \\d+\\.\\d{6}")));
        assertEquals(6, metrics("step").size());
        JsonNode last = metrics("step").getLast();
        for (String group : List.of("lm_head", "wte", "value_embeds", "resid_lambdas", "smear", "muon.32x128")) {
            assertTrue(last.get("grad_norm/" + group).asDouble() > 0, group + " in " + last);
        }
        assertEquals(7, metrics("sample").size());
    }

    @Test
    @DisplayName(
            "the same seed gives the same bytes, also with another number of threads and without machine code, and with fusions; meta.json differs in wall_clock alone")
    void deterministic() throws IOException {
        Cli.Result again = cli.train(
                        "--model-tag=tiny",
                        "--threads=1",
                        "--no-machine-code",
                        "--fusion",
                        "--out=" + folder.resolve("elsewhere/again"))
                .expect(0);
        assertTrue(again.out().contains("machine code is switched off"), again.out());
        for (String step : List.of("step_000003", "step_000006")) {
            Path one = run.resolve(step);
            Path two = folder.resolve("elsewhere/again").resolve(step);
            for (String file : List.of("model.safetensors", "optimizer.safetensors", "tokenizer.json")) {
                assertEquals(-1, Files.mismatch(one.resolve(file), two.resolve(file)), step + "/" + file);
            }
            assertEquals(withoutWallClock(one), withoutWallClock(two));
        }
    }

    @Test
    @DisplayName("another seed gives other weights")
    void otherSeed() throws IOException {
        cli.train("--model-tag=other", "--seed=43", "--num-iterations=1", "--eval-every=-1", "--sample-every=-1")
                .expect(0);
        assertTrue(Files.mismatch(
                        run.resolve("step_000003/model.safetensors"),
                        folder.resolve("checkpoints/other/step_000001/model.safetensors"))
                >= 0);
    }

    @Test
    @DisplayName("meta.json has the reference's fields, and times and paths in wall_clock alone")
    void meta() throws IOException {
        JsonNode meta = json(Files.readString(run.resolve("step_000006/meta.json")));
        assertEquals(6, meta.get("step").asInt());
        assertEquals("current", meta.get("architecture").asString());
        for (String field : List.of(
                "val_bpb",
                "model_config",
                "user_config",
                "device_batch_size",
                "max_seq_len",
                "total_batch_size",
                "dataloader_state_dict",
                "loop_state",
                "tokenizer_fingerprint",
                "dataset",
                "identity",
                "wall_clock")) {
            assertTrue(meta.has(field), field);
        }
        assertEquals(128, meta.get("total_batch_size").asInt());
        assertTrue(meta.at("/dataloader_state_dict/epoch").asInt() >= 1);
        assertFalse(withoutWallClock(run.resolve("step_000006")).toString().contains(folder.toString()));
    }

    @Test
    @DisplayName("meta.json says with what it was computed, and info --checkpoint shows it")
    void identity() throws IOException {
        JsonNode identity =
                json(Files.readString(run.resolve("step_000006/meta.json"))).get("identity");
        assertEquals("cpu", identity.get("backend").asString());
        assertTrue(identity.get("kernels").asString().matches("Vector API, \\d+ bits, F32"), identity.toString());
        assertEquals(
                System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"),
                identity.get("java").asString());
        assertTrue(identity.get("virtual_machine").asString().contains(System.getProperty("java.vm.name")));
        assertTrue(identity.get("version").asString().matches("\\d+\\.\\d+.*"), identity.toString());
        assertTrue(identity.get("commit").asString().matches("[0-9a-f]{40}|unknown"), identity.toString());
        assertTrue(identity.get("dirty").asString().matches("true|false|unknown"), identity.toString());

        JsonNode shown = json(cli.run("info", "--checkpoint", run.toString(), "--json")
                .expect(0)
                .out());
        assertEquals(identity, shown.get("identity"));
        assertEquals(6, shown.at("/checkpoint/step").asInt());
        assertEquals(2, shown.get("dataset").size());
        String table = cli.run("info", "--checkpoint", run.toString()).expect(0).out();
        assertTrue(table.contains(identity.get("kernels").asString()), table);
        assertTrue(table.contains(shown.at("/checkpoint/tokenizer_fingerprint").asString()), table);
        String refused = cli.run("info", "--checkpoint", run.toString(), "--depth=3")
                .expect(2)
                .err();
        assertTrue(refused.contains("--checkpoint together with --depth"), refused);
    }

    @Test
    @DisplayName("sample: temperature 0 gives the same text twice")
    void sample() {
        String[] args = {
            "sample", "--checkpoint", run.toString(), "--prompt", "the river", "--max-tokens=12", "--temperature=0"
        };
        Cli.Result first = cli.run(args).expect(0);
        assertTrue(first.out().startsWith("the river"), first.out());
        assertEquals(first.out(), cli.run(args).expect(0).out());
        JsonNode two =
                json(cli.run("sample", "--checkpoint", run.toString(), "--num-samples=2", "--max-tokens=5", "--json")
                        .expect(0)
                        .out());
        assertEquals(2, two.get("samples").size());
    }

    @Test
    @DisplayName("score: the contract for other programs, and with nothing but weights and configuration")
    void score() throws IOException {
        Path ids = folder.resolve("ids.json");
        Files.writeString(ids, "[[10, 20, 30, 40], [5, 6], [7]]");
        Path logits = folder.resolve("logits.safetensors");
        Path checkpoint = run.resolve("step_000006");
        JsonNode full = json(cli.run(
                        "score",
                        "--checkpoint",
                        checkpoint.toString(),
                        "--ids",
                        ids.toString(),
                        "--logits",
                        logits.toString(),
                        "--json")
                .expect(0)
                .out());
        assertEquals(4, full.get("tokens").asInt());
        assertTrue(full.get("bpb").isNumber());
        try (SafetensorsFile file = SafetensorsFile.open(logits)) {
            assertEquals(List.of(4L, 300L), file.tensor("logits.0").shape());
            assertEquals(List.of(2L, 300L), file.tensor("logits.1").shape());
            assertEquals(List.of(1L, 300L), file.tensor("logits.2").shape());
            assertEquals(full.get("loss").asDouble(), meanLoss(file), 1e-4);
        }
        Path bare = folder.resolve("bare");
        Files.createDirectories(bare);
        Files.copy(checkpoint.resolve("model.safetensors"), bare.resolve("model.safetensors"));
        JsonNode meta = json(Files.readString(checkpoint.resolve("meta.json")));
        ObjectNode least = JsonMapper.shared().createObjectNode();
        least.set("architecture", meta.get("architecture"));
        least.set("model_config", meta.get("model_config"));
        Files.writeString(bare.resolve("meta.json"), least.toString());
        JsonNode alone = json(cli.run("score", "--checkpoint", bare.toString(), "--ids", ids.toString(), "--json")
                .expect(0)
                .out());
        assertEquals(full.get("loss").asDouble(), alone.get("loss").asDouble(), 0);
        assertTrue(alone.get("bpb").isNull());
    }

    @Test
    @DisplayName("score --text counts every token but the first as a target once")
    void scoreText() throws IOException {
        Path text = folder.resolve("score.txt");
        Files.writeString(text, Cli.story(1));
        byte[] bytes = Files.readAllBytes(text);
        JsonNode ids = json(cli.run(bytes, "tok", "encode", "--json").expect(0).out());
        JsonNode score = json(cli.run("score", "--checkpoint", run.toString(), "--text", text.toString(), "--json")
                .expect(0)
                .out());
        assertEquals(ids.size(), score.get("tokens").asInt());
        double bpb = score.get("loss").asDouble() * ids.size() / Math.log(2) / bytes.length;
        assertEquals(bpb, score.get("bpb").asDouble(), 1e-9);
    }

    @Test
    @DisplayName("tok encode and decode go there and back; JSON is one list")
    void tokens() {
        String text = "the river walks \u2014 na\u00efve \uD83D\uDE80";
        Cli.Result encoded = cli.run(text.getBytes(StandardCharsets.UTF_8), "tok", "encode", "--json")
                .expect(0);
        assertTrue(json(encoded.out()).isArray());
        Cli.Result decoded = cli.run(encoded.out().getBytes(StandardCharsets.UTF_8), "tok", "decode", "--json")
                .expect(0);
        assertEquals(text, json(decoded.out()).asString());
        JsonNode eval =
                json(cli.run("tok", "eval", "--data", "own", "--json").expect(0).out());
        assertTrue(eval.at("/val/bytes_per_token").asDouble() > 1);
    }

    @Test
    @DisplayName("data info agrees with what was imported")
    void dataInfo() {
        JsonNode info = json(cli.run("data", "info", "own", "--json").expect(0).out());
        assertEquals(2, info.get("shards").size());
        assertEquals("val", info.at("/shards/1/split").asString());
        assertTrue(cli.run("data", "info", "own").expect(0).out().contains("documents"));
    }

    @Test
    @DisplayName("report: Markdown with pictures beside it, HTML with pictures inside")
    void report() throws IOException {
        JsonNode result =
                json(cli.run("report", "--run", "tiny", "--json").expect(0).out());
        String html = Files.readString(Path.of(result.get("html").asString()));
        assertTrue(html.contains("data:image/png;base64,"));
        assertFalse(html.contains("src=\"http"), "the page must not need the network");
        String markdown = Files.readString(Path.of(result.get("markdown").asString()));
        for (String section : List.of("Summary", "Samples", "model", "derivation", "memory", "machine", "options")) {
            assertTrue(markdown.contains("## " + section), section);
        }
        byte[] png = Files.readAllBytes(folder.resolve("reports/tiny/loss.png"));
        assertArrayEquals(new byte[] {(byte) 0x89, 'P', 'N', 'G'}, java.util.Arrays.copyOf(png, 4));
        assertEquals(6, result.get("pictures").asInt());
        List<String> csv = Files.readAllLines(run.resolve("metrics.csv"));
        assertEquals(1 + 6 + 1, csv.size());
        List<String> columns = List.of(csv.getFirst().split(",", -1));
        JsonNode third = metrics("step").get(2);
        for (String column : List.of("step", "train/loss", "grad_norm/wte", "grad_norm/muon.32x32")) {
            String cell = csv.get(3).split(",", -1)[columns.indexOf(column)];
            assertEquals(third.get(column).asDouble(), Double.parseDouble(cell), 0, column);
        }
        for (int row : List.of(1, 4, 7)) {
            String[] cells = csv.get(row).split(",", -1);
            assertEquals(row - 1, Integer.parseInt(cells[0]));
            assertTrue(Double.parseDouble(cells[columns.indexOf("val/bpb")]) > 0, csv.get(row));
            double planned = Double.parseDouble(cells[columns.indexOf("memory/planned")]);
            double tensors = Double.parseDouble(cells[columns.indexOf("memory/tensors")]);
            assertTrue(tensors >= planned && planned > 0, csv.get(row));
        }
    }

    @Test
    @DisplayName(
            "report on two runs: what differs, tables side by side, curves in the same pictures, a resume with its changes")
    void comparison() throws IOException {
        cli.train(
                        "--model-tag=shallow",
                        "--depth=1",
                        "--aspect-ratio=32",
                        "--total-batch-size=64",
                        "--num-iterations=8",
                        "--eval-every=2")
                .expect(0);
        cli.run("train", "--resume=6", "--model-tag=shallow", "--matrix-lr=0.01", "--allow-changes")
                .expect(0);
        JsonNode result = json(cli.run("report", "--run=tiny", "--run=shallow", "--json")
                .expect(0)
                .out());
        Path markdown = Path.of(result.get("markdown").asString());
        assertTrue(markdown.endsWith("reports/tiny+shallow/report.md"), markdown.toString());
        String text = Files.readString(markdown);
        assertTrue(text.contains("# Training runs tiny, shallow"), text);
        assertTrue(text.contains("## Differences"), text);
        assertTrue(text.contains("| options: depth | 2 | 1 |"), text);
        assertTrue(text.contains("| **depth** | 2 | 1 |"), text);
        assertTrue(text.contains("| seed | 42 | 42 |"), text);
        assertTrue(text.contains("| steps | 6 of 6 | 8 of 8 |"), text);
        assertTrue(text.contains("| tokens trained on | 768 | 512 |"), text);
        assertTrue(text.contains("| resumed after step | — | 6 |"), text);
        assertTrue(text.contains("at step 6: matrix_lr from 0.02 to 0.01"), text);
        assertTrue(text.contains("the curves are drawn over tokens"), text);
        assertEquals(6, result.get("pictures").asInt());
        String html = Files.readString(Path.of(result.get("html").asString()));
        assertTrue(html.contains("<tr class=\"differs\"><td>depth</td><td>2</td><td>1</td></tr>"));
        assertTrue(cli.run("report", "--run=tiny", "--run=tiny").expect(2).err().contains("given twice"));
    }

    @Test
    @DisplayName("info prints the published counts without allocating")
    void info() {
        JsonNode d12 = json(cli.run("info", "--depth=12", "--vocab-size=32768", "--json")
                .expect(0)
                .out());
        assertEquals(286_261_730, d12.at("/parameters/total").asLong());
        assertEquals(759_696_048, d12.get("flops_per_token").asLong());
        assertTrue(d12.get("memory").asLong() > 4L * 4 * 286_261_730);
        JsonNode original =
                json(cli.run("info", "--depth=20", "--vocab-size=65536", "--architecture=original", "--json")
                        .expect(0)
                        .out());
        assertEquals(560_988_160, original.at("/parameters/total").asLong());
        assertEquals(3_491_758_080L, original.get("flops_per_token").asLong());
    }

    @Test
    @DisplayName("the first release's architecture trains, samples and scores too")
    void original() {
        cli.train("--architecture=original", "--model-tag=original").expect(0);
        Path first = folder.resolve("checkpoints/original");
        cli.run("sample", "--checkpoint", first.toString(), "--prompt", "the", "--max-tokens=4")
                .expect(0);
    }

    private static double meanLoss(SafetensorsFile file) {
        int[][] lists = {{10, 20, 30, 40}, {5, 6}};
        double sum = 0;
        for (int row = 0; row < lists.length; row++) {
            float[] logits = file.floats("logits." + row);
            for (int i = 0; i + 1 < lists[row].length; i++) {
                double total = 0;
                for (int v = 0; v < 300; v++) {
                    total += Math.exp(logits[i * 300 + v]);
                }
                sum += Math.log(total) - logits[i * 300 + lists[row][i + 1]];
            }
        }
        return sum / 4;
    }

    private static JsonNode withoutWallClock(Path checkpoint) throws IOException {
        ObjectNode meta = (ObjectNode) json(Files.readString(checkpoint.resolve("meta.json")));
        meta.remove("wall_clock");
        return meta;
    }

    private static List<JsonNode> metrics(String kind) {
        try {
            return Files.readAllLines(run.resolve(Metrics.FILE)).stream()
                    .map(EndToEndTest::json)
                    .filter(node -> node.get("kind").asString().equals(kind))
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }
}
