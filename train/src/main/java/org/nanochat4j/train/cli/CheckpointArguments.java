package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.train.pretrain.Metrics;
import org.nanochat4j.train.pretrain.RunFolder;
import picocli.CommandLine.Option;

/** Options that name a trained model. */
final class CheckpointArguments {

    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description =
                    "Folder with model.safetensors and meta.json, or of a run, whose newest checkpoint is taken. Default: the newest run.")
    private @Nullable Path folder;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Folder of the tokenizer. Default: the one in the checkpoint.")
    private @Nullable Path tokenizer;

    /** The checkpoint that is meant. */
    Checkpoint open(BaseDir base) throws IOException {
        return Checkpoint.open(RunFolder.resolve(folder == null ? newestRun(base) : folder));
    }

    /** The checkpoint's own tokenizer, or the one given; empty if there is none. Another than the model was trained with is refused. */
    Optional<Tokenizer> tokenizer(Checkpoint checkpoint) throws IOException {
        Path own = checkpoint.directory().resolve(TokenizerFiles.TOKENIZER);
        if (tokenizer == null && !Files.exists(own)) {
            return Optional.empty();
        }
        Tokenizer found = tokenizer == null ? attached(checkpoint) : TokenizerFiles.load(tokenizer);
        TokenizerSource.requireSame(found, checkpoint);
        return Optional.of(found);
    }

    private static Tokenizer attached(Checkpoint checkpoint) throws IOException {
        for (String name : List.of(TokenizerFiles.TOKENIZER, TokenizerFiles.META)) {
            if (Files.exists(checkpoint.directory().resolve(name))) {
                checkpoint.attachment(name); // compares it with its checksum
            }
        }
        return TokenizerFiles.load(checkpoint.directory());
    }

    /** The run that was written to last. */
    static Path newestRun(BaseDir base) throws IOException {
        Path runs = base.root().resolve("checkpoints");
        if (Files.isDirectory(runs)) {
            try (Stream<Path> entries = Files.list(runs)) {
                Optional<Path> newest = entries.filter(run -> Files.exists(run.resolve(Metrics.FILE)))
                        .max(Comparator.comparingLong(
                                run -> run.resolve(Metrics.FILE).toFile().lastModified()));
                if (newest.isPresent()) {
                    return newest.get();
                }
            }
        }
        throw UserError.failure(
                "no run in " + runs, "name one, or train one with `nanochat train` or `nanochat quickstart`");
    }
}
