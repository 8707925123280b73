package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.BitsPerByte;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.CheckpointMeta;
import org.nanochat4j.model.DecodeWeights;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.SafetensorsWriter;
import org.nanochat4j.model.Scorer;
import org.nanochat4j.model.TensorSource;
import org.nanochat4j.model.WeightFormat;
import org.nanochat4j.tokenizer.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code nanochat score}: how likely a model finds a text, or lists of token ids. Other programs rely on its output: {@code loss},
 * {@code tokens}, {@code bpb}, and the tensors {@code logits.<row>}.
 */
@Command(
        name = "score",
        description =
                "Show how likely a model finds a text or lists of token ids: mean loss in nats per target, and bits per byte.")
final class ScoreCommand extends Verb {

    @Mixin
    private CheckpointArguments checkpoint = new CheckpointArguments();

    @Mixin
    private EngineArguments engineArguments = new EngineArguments();

    @Mixin
    private DtypeArguments dtype = new DtypeArguments();

    @ArgGroup(multiplicity = "1")
    private Input input = new Input();

    @Option(
            names = "--logits",
            paramLabel = "OUT.safetensors",
            description =
                    "Also write the logits: for each list of n ids one F32 tensor logits.<row> of shape (n, vocabulary).")
    private @Nullable Path logits;

    @Option(
            names = "--weights",
            paramLabel = "f32|bf16|int8",
            description =
                    "Round the weights first as generation with the same option does, to see what that costs; f32 leaves them as trained.",
            showDefaultValue = Visibility.ALWAYS)
    private WeightFormat weights = WeightFormat.F32;

    /** What is scored. */
    static final class Input {

        @Option(
                names = "--text",
                paramLabel = "FILE",
                description =
                        "UTF-8 text: one document after <|bos|>, in pieces of the training context; every token is a target once.")
        private @Nullable Path text;

        @Option(
                names = "--ids",
                paramLabel = "FILE",
                description =
                        "JSON list of lists of token ids, each scored alone, up to ten training contexts long; targets are the next ids.")
        private @Nullable Path ids;
    }

    ScoreCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        Checkpoint opened = checkpoint.open(baseDir());
        Optional<Tokenizer> tokenizer = checkpoint.tokenizer(opened);
        List<int[]> lists = lists(opened, tokenizer);
        try (Engine engine = engineArguments.open(console())) {
            Gpt gpt = opened.loadModel(engine, dtype.on(engine));
            DecodeWeights.round(engine, gpt.parameters(), weights);
            var scorer = new Scorer(gpt, engine);
            List<float[]> losses = scorer.losses(lists);
            if (logits != null) {
                write(logits, scorer, lists);
            }
            show(lists, losses, tokenizer);
        }
    }

    private List<int[]> lists(Checkpoint opened, Optional<Tokenizer> tokenizer) throws IOException {
        Path ids = input.ids;
        if (ids != null) {
            return parse(ids);
        }
        Path text = input.text;
        if (text == null) {
            throw UserError.usage("nothing to score", "give --text FILE or --ids FILE");
        }
        Tokenizer found = tokenizer.orElseThrow(() -> UserError.failure(
                opened.directory() + " has no tokenizer", "give it by --tokenizer, or token ids by --ids"));
        int[] all = found.encode(TokCommand.utf8(text), found.bos(), Tokenizer.NONE);
        if (all.length < 2) {
            throw UserError.failure("no text in " + text, "give a file that is not empty");
        }
        return pieces(all, opened.meta().config().sequenceLength());
    }

    /** Pieces of T + 1 ids that overlap by one, so that every id but the first is a target once. */
    private static List<int[]> pieces(int[] ids, int context) {
        var pieces = new ArrayList<int[]>();
        for (int from = 0; from < ids.length - 1; from += context) {
            pieces.add(Arrays.copyOfRange(ids, from, Math.min(from + context + 1, ids.length)));
        }
        return pieces;
    }

    private static List<int[]> parse(Path file) throws IOException {
        var lists = new ArrayList<int[]>();
        try {
            JsonNode root = JsonMapper.shared().readTree(Files.readAllBytes(file));
            boolean valid = root.isArray() && !root.isEmpty();
            for (JsonNode list : root) {
                valid &= list.isArray();
                for (JsonNode id : list) {
                    valid &= id.isIntegralNumber() && id.canConvertToInt();
                }
            }
            if (!valid) {
                throw UserError.failure(
                        file + " is no list of lists of token ids", "write it like [[1, 2, 3], [4, 5]]");
            }
            for (JsonNode list : root) {
                lists.add(list.valueStream().mapToInt(JsonNode::intValue).toArray());
            }
            return lists;
        } catch (JacksonException e) {
            throw UserError.failure(
                    file + " is no JSON: " + e.getOriginalMessage(), "write it like [[1, 2, 3], [4, 5]]");
        }
    }

    /** Under a temporary name first, so that the name never stands for half a file. */
    private static void write(Path file, Scorer scorer, List<int[]> lists) throws IOException {
        var tensors = new ArrayList<TensorSource>();
        for (int row = 0; row < lists.size(); row++) {
            tensors.add(scorer.logits("logits." + row, lists.get(row)));
        }
        Path absolute = file.toAbsolutePath();
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            SafetensorsWriter.write(temporary, Map.of(), tensors);
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void show(List<int[]> lists, List<float[]> losses, Optional<Tokenizer> tokenizer) {
        double nats = 0;
        long tokens = 0;
        var bits = tokenizer.map(found -> new BitsPerByte(found.tokenBytes()));
        for (int row = 0; row < lists.size(); row++) {
            float[] loss = losses.get(row);
            int[] list = lists.get(row);
            tokens += loss.length;
            for (float value : loss) {
                nats += value;
            }
            if (bits.isPresent() && loss.length > 0) {
                bits.get().add(loss, Arrays.copyOfRange(list, 1, list.length));
            }
        }
        double mean = tokens == 0 ? Double.NaN : nats / tokens;
        double bpb = bits.map(BitsPerByte::value).orElse(Double.NaN);
        ObjectNode node = JsonMapper.shared().createObjectNode();
        CheckpointMeta.putNumber(node, "loss", mean);
        node.put("tokens", tokens);
        CheckpointMeta.putNumber(node, "bpb", bpb);
        if (!json()) {
            say(String.format(Locale.ROOT, "loss    %.6f nats per token", mean));
            say(String.format(Locale.ROOT, "tokens  %,d", tokens));
            say(
                    Double.isFinite(bpb)
                            ? String.format(Locale.ROOT, "bpb     %.6f bits per byte", bpb)
                            : "bpb     none, since there is no tokenizer or no text in the targets");
        }
        result(node);
    }
}
