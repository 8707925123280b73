package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.train.data.DataInfo;
import org.nanochat4j.train.data.JdkDocs;
import org.nanochat4j.train.data.TextImport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat data}: makes and describes datasets. */
@Command(
        name = "data",
        description = "Make and describe datasets: folders of parquet shards, the last of which is for validation.")
final class DataCommand extends Group {

    /** Name of the dataset that {@code data jdk} makes, and of the one that training takes by default. */
    static final String JDK = "jdk";

    static CommandLine withSubcommands(Console console) {
        return new CommandLine(new DataCommand())
                .addSubcommand("jdk", new Jdk(console))
                .addSubcommand("import", new Import(console))
                .addSubcommand("info", new Info(console));
    }

    @Command(
            name = "jdk",
            description =
                    "Turn the documentation comments of the JDK's own lib/src.zip (about 37 million characters of English) into shards.")
    static final class Jdk extends Verb {

        @Option(
                names = "--jdk",
                paramLabel = "DIR",
                description = "Folder of the JDK whose sources are read. Default: the one that runs this program.")
        private @Nullable Path jdk;

        @Option(
                names = "--out",
                paramLabel = "DIR",
                description = "Dataset folder to make. Default: data/jdk in the base folder.")
        private @Nullable Path out;

        @Option(names = "--replace", description = "Replace an existing dataset.")
        private boolean replace;

        @Option(
                names = "--seed",
                description = "Seed of the order of the documents.",
                showDefaultValue = Visibility.ALWAYS)
        private long seed = 42;

        Jdk(Console console) {
            super(console);
        }

        @Override
        protected void run() {
            Path home = jdk == null ? Path.of(System.getProperty("java.home")) : jdk;
            Path folder = out == null ? baseDir().data(JDK) : out;
            JdkDocs.Result made = JdkDocs.write(home, folder, replace, seed, progress());
            say(String.format(
                    Locale.ROOT,
                    "%,d documents, %,d characters, from %,d Java files, in %d + 1 shards: %s",
                    made.documents(),
                    made.characters(),
                    made.sourceFiles(),
                    JdkDocs.TRAIN_SHARDS,
                    folder));
            result(JsonMapper.shared()
                    .createObjectNode()
                    .put("folder", folder.toString())
                    .put("documents", made.documents())
                    .put("characters", made.characters())
                    .put("source_files", made.sourceFiles())
                    .put("shards", JdkDocs.TRAIN_SHARDS + 1));
        }
    }

    @Command(
            name = "import",
            description =
                    "Turn text files into shards: .txt and .md (cut at blank lines), .jsonl, each also .gz and .zst, and .parquet.")
    static final class Import extends Verb {

        @Parameters(
                arity = "1..*",
                paramLabel = "PATH",
                description =
                        "Files, folders that are searched for such files, and patterns such as \"texts/**.jsonl\"; mixed as you like.")
        private List<Path> paths = new ArrayList<>();

        @Option(
                names = "--name",
                description = "Name of the dataset; its folder is data/NAME in the base folder. Default: own.")
        private @Nullable String name;

        @Option(names = "--out", paramLabel = "DIR", description = "Dataset folder to make, instead of --name.")
        private @Nullable Path out;

        @Option(names = "--replace", description = "Replace an existing dataset.")
        private boolean replace;

        @Option(
                names = "--column",
                description = "Text column of parquet files, field of JSON lines; nested ones with dots.",
                showDefaultValue = Visibility.ALWAYS)
        private String column = TextImport.Options.DEFAULT.column();

        @Option(
                names = "--validation",
                paramLabel = "SHARE",
                description = "Share of the documents kept for validation, between 0 and 1.",
                showDefaultValue = Visibility.ALWAYS)
        private double validation = TextImport.Options.DEFAULT.validation();

        @Option(
                names = "--min-chars",
                paramLabel = "N",
                description = "Leave out documents with fewer characters.",
                showDefaultValue = Visibility.ALWAYS)
        private int shortest = TextImport.Options.DEFAULT.shortest();

        @Option(
                names = "--max-chars",
                paramLabel = "N",
                description = "Leave out documents with more characters. Default: no limit.")
        private int longest = TextImport.Options.DEFAULT.longest();

        @Option(
                names = "--seed",
                description = "Seed of the split and of the order.",
                showDefaultValue = Visibility.ALWAYS)
        private long seed = TextImport.Options.DEFAULT.seed();

        Import(Console console) {
            super(console);
        }

        @Override
        protected void run() {
            if (out != null && name != null) {
                throw UserError.usage("--out and --name contradict each other", "give one of them");
            }
            if (shortest < 0 || longest < shortest) {
                throw UserError.usage(
                        "--min-chars " + shortest + " and --max-chars " + longest + " leave no document",
                        "the first must not be negative nor above the second");
            }
            if (!(validation > 0 && validation < 1)) {
                throw UserError.usage("--validation " + validation + " is no share", "give one between 0 and 1");
            }
            Path folder = out == null ? baseDir().data(name == null ? "own" : name) : out;
            var options = new TextImport.Options(column, validation, shortest, longest, seed);
            TextImport.Result made = TextImport.write(paths, folder, replace, options, progress());
            say(String.format(
                    Locale.ROOT,
                    "%,d documents, %,d characters, from %,d files; %,d for training, %,d for validation, %,d left out: %s",
                    made.documents(),
                    made.characters(),
                    made.files(),
                    made.trainDocuments(),
                    made.documents() - made.trainDocuments(),
                    made.leftOut(),
                    folder));
            result(JsonMapper.shared()
                    .createObjectNode()
                    .put("folder", folder.toString())
                    .put("files", made.files())
                    .put("documents", made.documents())
                    .put("train_documents", made.trainDocuments())
                    .put("characters", made.characters())
                    .put("left_out", made.leftOut()));
        }
    }

    @Command(
            name = "info",
            description =
                    "Describe a dataset: documents, characters, bytes, tokens, shards and a sample. Reads all of it.")
    static final class Info extends Verb {

        @Parameters(
                arity = "0..1",
                paramLabel = "NAME|DIR",
                description = "Dataset by name or folder.",
                showDefaultValue = Visibility.ALWAYS)
        private String dataset = JDK;

        @Option(
                names = "--tokenizer",
                paramLabel = "PATH",
                description = "Tokenizer that counts tokens. Default: tokenizer in the base folder, if there is one.")
        private @Nullable Path tokenizer;

        Info(Console console) {
            super(console);
        }

        @Override
        protected void run() throws IOException {
            Path own = baseDir().tokenizer();
            Path path = tokenizer == null && Files.exists(own) ? own : tokenizer;
            Tokenizer counts = path == null ? null : TokenizerSource.load(path).tokenizer();
            DataInfo info = DataInfo.of(
                    baseDir().dataset(dataset),
                    counts == null ? null : text -> 1L + counts.encode(text).length,
                    progress());
            if (json()) {
                result(tree(info));
                return;
            }
            say("dataset     " + info.folder());
            say("documents   " + Texts.count(info.documents()));
            say("characters  " + Texts.count(info.characters()));
            say("text bytes  " + Texts.count(info.textBytes()) + ", in files of " + Texts.bytes(info.fileBytes()));
            Long tokens = info.tokens();
            if (tokens != null) {
                say(String.format(
                        Locale.ROOT,
                        "tokens      %,d with one before every document, %.2f bytes each, by %s",
                        tokens,
                        (double) info.textBytes() / tokens,
                        path));
            }
            for (DataInfo.ShardInfo shard : info.shards()) {
                say(String.format(
                        Locale.ROOT,
                        "  %-28s %-5s %,9d documents %,13d characters %3d row groups",
                        shard.file(),
                        shard.split().name().toLowerCase(Locale.ROOT),
                        shard.documents(),
                        shard.characters(),
                        shard.rowGroups()));
            }
            say("sample      " + Texts.oneLine(info.sample(), 300));
        }

        private static ObjectNode tree(DataInfo info) {
            ObjectNode node = JsonMapper.shared()
                    .createObjectNode()
                    .put("folder", info.folder().toString())
                    .put("documents", info.documents())
                    .put("characters", info.characters())
                    .put("text_bytes", info.textBytes())
                    .put("file_bytes", info.fileBytes())
                    .put("tokens", info.tokens())
                    .put("sample", info.sample());
            var shards = node.putArray("shards");
            for (DataInfo.ShardInfo shard : info.shards()) {
                shards.addObject()
                        .put("file", shard.file())
                        .put("split", shard.split().name().toLowerCase(Locale.ROOT))
                        .put("row_groups", shard.rowGroups())
                        .put("documents", shard.documents())
                        .put("characters", shard.characters())
                        .put("text_bytes", shard.textBytes())
                        .put("file_bytes", shard.fileBytes());
            }
            return node;
        }
    }
}
