package org.nanochat4j.bench.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Tokenizing;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.UserError;
import org.nanochat4j.train.data.Documents;
import org.nanochat4j.train.data.ParquetTexts;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.data.Split;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** {@code nanochat bench tokenizer}. */
@Command(
        name = "tokenizer",
        description = "Measure learning a vocabulary from text and encoding that text, with one thread and with all.")
final class TokenizerBench extends BenchVerb {

    @Option(
            names = "--input",
            arity = "1..*",
            paramLabel = "PATH",
            description = "Text files, parquet shards, folders of them. Default: the dataset jdk.")
    private List<Path> input = new ArrayList<>();

    @Option(
            names = "--megabytes",
            paramLabel = "N",
            description = "So much of it, in 10⁶ bytes of UTF-8.",
            showDefaultValue = Visibility.ALWAYS)
    private double megabytes = 20;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Ids in all: 256 bytes, merges and 9 special tokens.",
            showDefaultValue = Visibility.ALWAYS)
    private int vocabulary = 32768;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Encode with this tokenizer. Default: train one from the text.")
    private @Nullable Path tokenizer;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is timed after once that does not count; the median counts.",
            showDefaultValue = Visibility.ALWAYS)
    private int rounds = 5;

    TokenizerBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() throws IOException {
        requireCpu();
        atLeast("--rounds", rounds, 1);
        Documents documents = input.isEmpty()
                ? Documents.of(Shards.open(baseDir().data("jdk")), Split.TRAIN)
                : Documents.of(input, ParquetTexts.TEXT);
        Tokenizer given = tokenizer == null ? null : TokenizerFiles.load(tokenizer);
        return Tokenizing.measure(texts(documents), given, vocabulary, threads(), rounds, progress());
    }

    /** Documents until there are enough bytes; the last one is whole. */
    private List<String> texts(Documents documents) {
        List<String> texts = new ArrayList<>();
        double bytes = 0;
        for (String text : documents) {
            if (bytes >= 1e6 * megabytes) {
                break;
            }
            texts.add(text);
            bytes += text.getBytes(StandardCharsets.UTF_8).length;
        }
        if (texts.isEmpty()) {
            throw UserError.usage(
                    "no text to read with --megabytes " + megabytes, "give a positive number and other --input");
        }
        return texts;
    }
}
