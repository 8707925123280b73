package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.tokenizer.BpeTrainer;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.tokenizer.TokenizerMeta;
import org.nanochat4j.tokenizer.Training;
import org.nanochat4j.train.data.Documents;
import org.nanochat4j.train.data.ParquetTexts;
import org.nanochat4j.train.data.Progress;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.data.Split;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat tok}: trains and uses tokenizers. */
@Command(name = "tok", description = "Train and use tokenizers (byte-level BPE).")
final class TokCommand extends Group {

    static CommandLine withSubcommands(Console console) {
        return new CommandLine(new TokCommand())
                .addSubcommand("train", new Train(console))
                .addSubcommand("eval", new Eval(console))
                .addSubcommand("encode", new Encode(console))
                .addSubcommand("decode", new Decode(console));
    }

    @Command(name = "train", description = "Learn a vocabulary from text and save it as a HuggingFace tokenizer.json.")
    static final class Train extends Verb {

        @Option(
                names = "--input",
                arity = "1..*",
                paramLabel = "PATH",
                description =
                        "Text files, parquet shards, folders of them; of a dataset folder the training split. Default: the dataset jdk.")
        private List<Path> input = new ArrayList<>();

        @Option(
                names = "--vocab-size",
                paramLabel = "N",
                description = "Ids in all: 256 bytes, merges and 9 special tokens.",
                showDefaultValue = Visibility.ALWAYS)
        private int vocabSize = 32768;

        @Option(
                names = "--out",
                paramLabel = "DIR",
                description = "Folder of the tokenizer. Default: tokenizer in the base folder.")
        private @Nullable Path out;

        @Option(
                names = "--max-chars",
                paramLabel = "N",
                description = "Stop reading after so many characters.",
                showDefaultValue = Visibility.ALWAYS)
        private long maxChars = BpeTrainer.DEFAULT_MAX_CHARS;

        @Option(
                names = "--doc-cap",
                paramLabel = "N",
                description = "Characters that count of each document.",
                showDefaultValue = Visibility.ALWAYS)
        private int docCap = BpeTrainer.DEFAULT_DOC_CAP;

        @Option(
                names = "--column",
                description = "Text column of parquet files, field of JSON lines.",
                showDefaultValue = Visibility.ALWAYS)
        private String column = ParquetTexts.TEXT;

        @Option(names = "--threads", paramLabel = "N", description = "Threads that count. Default: all processors.")
        private int threads = Runtime.getRuntime().availableProcessors();

        Train(Console console) {
            super(console);
        }

        @Override
        protected void run() throws IOException {
            Path folder = out == null ? baseDir().tokenizer() : out;
            List<Path> paths = input.isEmpty() ? List.of(baseDir().data(DataCommand.JDK)) : input;
            Documents documents = input.isEmpty()
                    ? Documents.of(Shards.open(paths.getFirst()), Split.TRAIN)
                    : Documents.of(paths, column);
            Training training = learn(documents, new BpeTrainer(vocabSize, maxChars, docCap, threads), progress());
            if (!training.complete()) {
                throw UserError.failure(
                        String.format(
                                Locale.ROOT,
                                "the text has pairs for %,d ids only, not %,d (%,d characters read)",
                                training.tokenizer().vocabSize(),
                                vocabSize,
                                training.characters()),
                        "give more text, or ask for --vocab-size "
                                + training.tokenizer().vocabSize());
            }
            TokenizerFiles.save(training.tokenizer(), TokenizerMeta.of(training, names(paths)), folder);
            say(String.format(
                    Locale.ROOT,
                    "%,d ids from %,d documents, %,d characters: %s, fingerprint %.16s",
                    training.tokenizer().vocabSize(),
                    training.documents(),
                    training.characters(),
                    folder,
                    training.tokenizer().fingerprint()));
            result(JsonMapper.shared()
                    .createObjectNode()
                    .put("folder", folder.toString())
                    .put("vocab_size", training.tokenizer().vocabSize())
                    .put("documents", training.documents())
                    .put("characters", training.characters())
                    .put("distinct_pieces", training.distinctPieces())
                    .put("fingerprint", training.tokenizer().fingerprint()));
        }

        static Training learn(Documents documents, BpeTrainer trainer, Progress progress) {
            return trainer.train(documents, (phase, done, total) -> {
                switch (phase) {
                    // how much text there is is not known beforehand, only where reading stops
                    case COUNTING -> progress.report("counting characters", done, 0);
                    case MERGING -> progress.report("learning merges", done, total);
                }
            });
        }

        private static String names(List<Path> paths) {
            return String.join(
                    ", ",
                    paths.stream().map(path -> path.getFileName().toString()).toList());
        }
    }

    /** A command that needs a tokenizer. */
    abstract static class WithTokenizer extends Verb {

        @Option(
                names = "--tokenizer",
                paramLabel = "DIR",
                description = "Folder of the tokenizer, or a tokenizer.json. Default: tokenizer in the base folder.")
        private @Nullable Path folder;

        WithTokenizer(Console console) {
            super(console);
        }

        final Tokenizer tokenizer() throws IOException {
            return TokenizerFiles.load(folder == null ? baseDir().tokenizer() : folder);
        }
    }

    @Command(name = "eval", description = "Measure how well a tokenizer compresses text, and how fast it is.")
    static final class Eval extends WithTokenizer {

        @Option(
                names = "--data",
                paramLabel = "NAME|DIR",
                description = "Dataset by name or folder.",
                showDefaultValue = Visibility.ALWAYS)
        private String data = DataCommand.JDK;

        @Option(
                names = "--max-chars",
                paramLabel = "N",
                description = "Characters to read of each split.",
                showDefaultValue = Visibility.ALWAYS)
        private long maxChars = 10_000_000;

        Eval(Console console) {
            super(console);
        }

        @Override
        protected void run() throws IOException {
            Tokenizer tokenizer = tokenizer();
            Shards shards = Shards.open(baseDir().dataset(data));
            ObjectNode node = JsonMapper.shared()
                    .createObjectNode()
                    .put("vocab_size", tokenizer.vocabSize())
                    .put("fingerprint", tokenizer.fingerprint());
            say(String.format(
                    Locale.ROOT,
                    "%-6s %14s %14s %13s %13s %8s",
                    "split",
                    "bytes",
                    "tokens",
                    "bytes/token",
                    "tokens/doc",
                    "MB/s"));
            for (Split split : Split.values()) {
                measure(tokenizer, Documents.of(shards, split), split.name().toLowerCase(Locale.ROOT), node);
            }
            result(node);
        }

        private void measure(Tokenizer tokenizer, Documents documents, String split, ObjectNode node) {
            long bytes = 0;
            long tokens = 0;
            long characters = 0;
            long count = 0;
            long nanos = 0;
            for (String text : documents) {
                if (characters >= maxChars) {
                    break;
                }
                long start = System.nanoTime();
                tokens += tokenizer.encode(text).length;
                nanos += System.nanoTime() - start;
                bytes += text.getBytes(StandardCharsets.UTF_8).length;
                characters += text.codePointCount(0, text.length());
                count++;
            }
            double perToken = (double) bytes / Math.max(tokens, 1);
            double perDocument = (double) tokens / Math.max(count, 1);
            double rate = bytes * 1e3 / Math.max(nanos, 1);
            say(String.format(
                    Locale.ROOT,
                    "%-6s %,14d %,14d %13.3f %13.1f %8.1f",
                    split,
                    bytes,
                    tokens,
                    perToken,
                    perDocument,
                    rate));
            node.putObject(split)
                    .put("documents", count)
                    .put("characters", characters)
                    .put("bytes", bytes)
                    .put("tokens", tokens)
                    .put("bytes_per_token", perToken)
                    .put("megabytes_per_second", rate);
        }
    }

    @Command(name = "encode", description = "Read UTF-8 text on standard input and print its token ids.")
    static final class Encode extends WithTokenizer {

        @Option(names = "--bos", description = "Begin with the id of <|bos|>, as training documents do.")
        private boolean bos;

        @Option(
                names = "--specials",
                description = "Recognise special tokens such as <|bos|> in the text. For trusted text only.")
        private boolean specials;

        Encode(Console console) {
            super(console);
        }

        @Override
        protected void run() throws IOException {
            Tokenizer tokenizer = tokenizer();
            String text = utf8(console().in().readAllBytes(), "standard input");
            int[] ids = specials
                    ? tokenizer.encodeWithSpecials(text)
                    : tokenizer.encode(text, bos ? tokenizer.bos() : Tokenizer.NONE, Tokenizer.NONE);
            if (json()) {
                result(ids);
            } else {
                var line = new StringBuilder();
                for (int id : ids) {
                    line.append(line.isEmpty() ? "" : " ").append(id);
                }
                say(line.toString());
            }
        }
    }

    @Command(
            name = "decode",
            description = "Print the text of token ids, given as arguments or as a JSON list on standard input.")
    static final class Decode extends WithTokenizer {

        @Parameters(
                arity = "0..*",
                paramLabel = "ID",
                description = "Token ids; without any, a JSON list is read from standard input.")
        private List<Integer> given = new ArrayList<>();

        Decode(Console console) {
            super(console);
        }

        @Override
        protected void run() throws IOException {
            Tokenizer tokenizer = tokenizer();
            int[] ids = given.isEmpty()
                    ? fromInput()
                    : given.stream().mapToInt(Integer::intValue).toArray();
            String text = tokenizer.decode(ids);
            if (json()) {
                result(text);
            } else {
                say(text);
            }
        }

        private int[] fromInput() throws IOException {
            try {
                return JsonMapper.shared().readValue(console().in().readAllBytes(), int[].class);
            } catch (JacksonException e) {
                throw UserError.usage(
                        "standard input is not a JSON list of ids: " + e.getOriginalMessage(),
                        "give one such as [72, 105], or ids as arguments");
            }
        }
    }

    /** Text of these bytes, all of which must be UTF-8. */
    static String utf8(byte[] bytes, String where) {
        var decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            return decoder.decode(in).toString();
        } catch (CharacterCodingException e) {
            throw UserError.failure(
                    where + " is not valid UTF-8 at byte " + in.position(),
                    "convert the text to UTF-8, for example with iconv");
        }
    }

    /** Text of a file, which must be UTF-8. */
    static String utf8(Path file) throws IOException {
        return utf8(Files.readAllBytes(file), file.toString());
    }
}
