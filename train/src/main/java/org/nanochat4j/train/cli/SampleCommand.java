package org.nanochat4j.train.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.Generator;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.WeightFormat;
import org.nanochat4j.tokenizer.SpecialToken;
import org.nanochat4j.tokenizer.StreamDecoder;
import org.nanochat4j.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat sample}: lets a model continue a text. */
@Command(name = "sample", description = "Let a model continue a text.")
final class SampleCommand extends Verb {

    @Mixin
    private CheckpointArguments checkpoint = new CheckpointArguments();

    @Mixin
    private EngineArguments engineArguments = new EngineArguments();

    @Mixin
    private DtypeArguments dtype = new DtypeArguments();

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "Text to continue. Default: none, the model begins a document.")
    private String prompt = "";

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "At most so many new tokens.",
            showDefaultValue = Visibility.ALWAYS)
    private int maxTokens = 128;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "0 takes the most likely token every time; higher is more varied.",
            showDefaultValue = Visibility.ALWAYS)
    private double temperature = 0.6;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "Draw from the N most likely tokens; 0: from all.",
            showDefaultValue = Visibility.ALWAYS)
    private int topK = 50;

    @Option(
            names = "--num-samples",
            paramLabel = "N",
            description = "Continuations.",
            showDefaultValue = Visibility.ALWAYS)
    private int numSamples = 1;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of the draws.",
            showDefaultValue = Visibility.ALWAYS)
    private long seed = 42;

    @Option(
            names = "--weights",
            paramLabel = "f32|bf16|int8",
            description =
                    "What new tokens are computed from: f32 is the model as trained; bf16 and int8 (int8 on the CPU backend only) are rounded copies that are faster to read. Default: the type that is computed in.")
    private @Nullable WeightFormat weights;

    SampleCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        if (numSamples < 1) {
            throw UserError.usage("--num-samples " + numSamples, "give 1 or more");
        }
        Checkpoint opened = checkpoint.open(baseDir());
        Tokenizer tokenizer = checkpoint
                .tokenizer(opened)
                .orElseThrow(() -> UserError.failure(
                        opened.directory() + " has no tokenizer", "give the one it was trained with by --tokenizer"));
        try (Engine engine = engineArguments.open(console())) {
            Gpt gpt = opened.loadModel(engine, dtype.on(engine));
            int[] ids = tokenizer.encode(prompt, tokenizer.bos(), Tokenizer.NONE);
            int capacity = ids.length + Math.max(maxTokens, 1);
            var generator = new Generator(
                    gpt,
                    engine,
                    numSamples,
                    capacity,
                    topK,
                    weights == null ? WeightFormat.of(gpt.compute()) : weights);
            var options = new Generator.Options(
                    maxTokens, temperature, seed, Set.of(tokenizer.bos(), tokenizer.id(SpecialToken.ASSISTANT_END)));
            List<int[]> prompts = new ArrayList<>();
            for (int i = 0; i < numSamples; i++) {
                prompts.add(ids);
            }
            if (json()) {
                result(tree(generator.generate(prompts, options), tokenizer, opened));
            } else if (numSamples == 1) {
                stream(generator, prompts, options, tokenizer);
            } else {
                for (Generator.Sequence sequence : generator.generate(prompts, options)) {
                    say(prompt + tokenizer.decode(sequence.generated()));
                    say("");
                }
            }
        }
    }

    /** Shows the text while it grows. */
    private void stream(Generator generator, List<int[]> prompts, Generator.Options options, Tokenizer tokenizer) {
        PrintStream out = console().out();
        StreamDecoder decoder = tokenizer.streamDecoder();
        out.print(prompt);
        generator.generate(prompts, options, (row, token) -> {
            out.print(decoder.append(token));
            out.flush();
        });
        out.println(decoder.finish());
    }

    private ObjectNode tree(List<Generator.Sequence> sequences, Tokenizer tokenizer, Checkpoint opened) {
        ObjectNode node = JsonMapper.shared().createObjectNode();
        node.put("checkpoint", opened.directory().toString());
        node.put("prompt", prompt);
        ArrayNode samples = node.putArray("samples");
        for (Generator.Sequence sequence : sequences) {
            ObjectNode sample = samples.addObject();
            sample.put("text", tokenizer.decode(sequence.generated()));
            sample.put("stopped", sequence.stopped());
            ArrayNode tokens = sample.putArray("tokens");
            for (int token : sequence.generated()) {
                tokens.add(token);
            }
        }
        return node;
    }
}
