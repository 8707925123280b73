package org.nanochat4j.train.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.nanochat4j.train.random.PythonRandom;

/**
 * Makes a dataset of people's own texts: plain text, JSON lines and parquet, single files and folders, mixed.
 *
 * <p>Documents are dealt to training and validation by a seeded generator, and shuffled within each shard; memory is one shard
 * of text. The same files, options and seed give the same bytes.
 */
public final class TextImport {

    /** Characters of a training shard, as in nanochat's datasets. */
    private static final long SHARD_CHARACTERS = 250_000_000;

    /** Validation documents kept at most: more would only make the split slower to read. */
    private static final int MOST_VALIDATION = 20_000;

    /**
     * How to import.
     *
     * @param column dotted path of the text in JSON lines and parquet
     * @param validation share of the documents for validation, above 0 and below 1
     * @param shortest documents with fewer characters are left out
     * @param longest documents with more characters are left out
     * @param seed of the split and of the order
     */
    public record Options(String column, double validation, int shortest, int longest, long seed) {

        /** Column {@code text}, two percent for validation, every document that is not empty, seed 42. */
        public static final Options DEFAULT = new Options(ParquetTexts.TEXT, 0.02, 1, Integer.MAX_VALUE, 42);

        /** Checks the ranges. */
        public Options {
            if (!(validation > 0 && validation < 1)) {
                throw new DataException(
                        "the validation share is " + validation, "must be above 0 and below 1", "correct the setting");
            }
            if (shortest < 0 || longest < shortest) {
                throw new DataException(
                        "the document lengths are " + shortest + " to " + longest,
                        "the first must not be negative nor above the second",
                        "correct the setting");
            }
        }
    }

    /**
     * What was imported.
     *
     * @param files number of files read
     * @param documents number of documents written
     * @param characters their code points
     * @param leftOut documents outside the length limits, or rows without a text
     * @param trainDocuments documents for training
     * @param folder where the shards are
     */
    public record Result(int files, long documents, long characters, long leftOut, long trainDocuments, Path folder) {}

    private final Options options;
    private final DatasetWriter dataset;
    private final PythonRandom random;
    private final List<String> train = new ArrayList<>();
    private final List<String> validation = new ArrayList<>();
    private long shardCharacters;
    private long documents;
    private long characters;
    private long leftOut;

    private TextImport(Options options, DatasetWriter dataset) {
        this.options = options;
        this.dataset = dataset;
        this.random = new PythonRandom(options.seed());
    }

    /**
     * Imports files and folders.
     *
     * @param paths files, folders searched with their subfolders, and patterns such as {@code texts/*.jsonl}; a file named twice is read once
     * @param folder dataset folder to make
     * @param replace whether an existing dataset may be replaced
     * @throws DataException if there is nothing to import, a file cannot be used, or the folder cannot be written; nothing of the
     *     dataset folder is then changed
     */
    public static Result write(List<Path> paths, Path folder, boolean replace, Options options, Progress progress) {
        List<Path> files = files(paths);
        Path target = folder.toAbsolutePath().normalize();
        for (Path file : files) {
            if (file.toAbsolutePath().normalize().startsWith(target)) {
                throw new DataException(
                        "a file to import lies in the output folder, which is replaced as a whole",
                        file.toString(),
                        "choose another folder with --out");
            }
        }
        try (DatasetWriter dataset = DatasetWriter.create(folder, replace)) {
            var run = new TextImport(options, dataset);
            for (int i = 0; i < files.size(); i++) {
                progress.report("importing", i, files.size());
                TextSource source = TextSource.of(files.get(i), options.column());
                source.forEach(run::add);
                run.leftOut += source.missing();
            }
            run.finish(paths);
            dataset.publish();
            progress.report("importing", files.size(), files.size());
            return new Result(
                    files.size(),
                    run.documents,
                    run.characters,
                    run.leftOut,
                    run.documents - run.validation.size(),
                    folder);
        }
    }

    private void add(String text) {
        long length = Utf8.codePoints(text);
        if (length < options.shortest() || length > options.longest()) {
            leftOut++;
            return;
        }
        documents++;
        characters += length;
        if (random.random() < options.validation() && validation.size() < MOST_VALIDATION) {
            validation.add(text);
            return;
        }
        train.add(text);
        shardCharacters += length;
        // the last document stays, so that the end of the input can still give one to validation
        if (shardCharacters >= SHARD_CHARACTERS) {
            String last = train.removeLast();
            flush();
            train.add(last);
            shardCharacters = Utf8.codePoints(last);
        }
    }

    private void finish(List<Path> paths) {
        if (documents < 2) {
            throw new DataException(
                    documents == 0 ? "no text to import" : "only one document, which cannot be split",
                    paths.toString() + (leftOut == 0 ? "" : ", " + leftOut + " documents left out"),
                    "give at least two documents, for one each of training and validation");
        }
        if (validation.isEmpty()) {
            validation.add(train.removeLast());
        }
        if (train.isEmpty() && documents == validation.size()) {
            train.add(validation.removeLast());
        }
        if (!train.isEmpty()) {
            flush();
        }
        random.shuffle(validation);
        dataset.shard(validation);
    }

    private void flush() {
        random.shuffle(train);
        dataset.shard(train);
        train.clear();
        shardCharacters = 0;
    }

    /** The files themselves, those that match a pattern, and all recognised files below the folders, sorted; each once. */
    static List<Path> files(List<Path> paths) {
        var files = new LinkedHashMap<Path, Path>();
        for (Path path : paths) {
            if (Files.isRegularFile(path)) {
                keep(path, files);
            } else if (Files.isDirectory(path)) {
                below(path).forEach(file -> keep(file, files));
            } else if (isPattern(path)) {
                matching(path).forEach(file -> keep(file, files));
            } else {
                throw new DataException("no such file or folder", path.toString(), "check the path");
            }
        }
        return List.copyOf(files.values());
    }

    private static void keep(Path file, Map<Path, Path> files) {
        files.putIfAbsent(file.toAbsolutePath().normalize(), file);
    }

    private static boolean isPattern(Path path) {
        return path.toString().chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
    }

    /** Files that match a pattern with {@code *}, {@code **}, {@code ?}, {@code [a-z]} or {@code {a,b}}. */
    private static List<Path> matching(Path pattern) {
        Path whole = pattern.toAbsolutePath().normalize();
        Path start = whole;
        while (isPattern(start)) {
            start = Objects.requireNonNull(start.getParent(), "the root of a file system is no pattern");
        }
        try {
            PathMatcher matcher = whole.getFileSystem().getPathMatcher("glob:" + whole);
            List<Path> files = List.of();
            if (Files.isDirectory(start)) {
                try (Stream<Path> all = Files.walk(start)) {
                    files = all.filter(file -> Files.isRegularFile(file) && matcher.matches(file))
                            .sorted()
                            .toList();
                }
            }
            if (files.isEmpty()) {
                throw new DataException("no file matches the pattern", pattern.toString(), "check the path");
            }
            return files;
        } catch (PatternSyntaxException e) {
            throw new DataException(
                    "no valid pattern: " + e.getDescription(), pattern.toString(), "correct the pattern", e);
        } catch (IOException | UncheckedIOException e) {
            throw new DataException(
                    "cannot be listed: " + e.getMessage(), start.toString(), "check permissions of the folder", e);
        }
    }

    private static List<Path> below(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> files = all.filter(file -> Files.isRegularFile(file) && TextSource.recognised(file))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new DataException(
                        "no text files (.txt, .md, .jsonl, .parquet, the first three also .gz or .zst)",
                        folder.toString(),
                        "name the files themselves to import others as plain text");
            }
            return files;
        } catch (IOException e) {
            throw new DataException(
                    "cannot be listed: " + e.getMessage(), folder.toString(), "check permissions of the folder", e);
        }
    }
}
