package org.nanochat4j.train.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.nanochat4j.train.random.PythonRandom;

/**
 * A training text that every full JDK carries: the documentation comments of its own {@code lib/src.zip} as plain English, in
 * nanochat-style shards. The same source archive and seed give the same bytes.
 */
public final class JdkDocs {

    /** Training shards written. */
    public static final int TRAIN_SHARDS = 8;

    /** Comments of a file are joined until a document has this many characters. */
    private static final int JOINED = 1500;

    private static final int SHORTEST = 300;
    private static final int LONGEST = 20_000;

    /**
     * What was made.
     *
     * @param documents number of documents
     * @param characters code points in all
     * @param sourceFiles Java files read
     * @param folder where the shards are
     */
    public record Result(int documents, long characters, int sourceFiles, Path folder) {}

    private JdkDocs() {}

    /**
     * Writes the shards.
     *
     * @param jdkHome folder of the JDK whose sources are used
     * @param folder dataset folder to make
     * @param replace whether an existing dataset may be replaced
     * @param seed of the order of the documents
     * @throws DataException if the JDK has no source archive or the folder cannot be written
     */
    public static Result write(Path jdkHome, Path folder, boolean replace, long seed, Progress progress) {
        Path archive = sourceArchive(jdkHome);
        try (DatasetWriter dataset = DatasetWriter.create(folder, replace)) {
            var files = new AtomicInteger();
            List<String> documents = documents(archive, files, progress);
            new PythonRandom(seed).shuffle(documents);
            int validation = Math.max(1, Math.min(ParquetTextWriter.ROW_GROUP, documents.size() / 20));
            int train = documents.size() - validation;
            if (train < TRAIN_SHARDS) {
                throw new DataException(
                        "too few documentation comments: " + documents.size() + " documents",
                        archive.toString(),
                        "use the source archive of a full JDK, or own texts with `nanochat data import PATH...`");
            }
            for (int shard = 0; shard < TRAIN_SHARDS; shard++) {
                progress.report("writing shards", shard, TRAIN_SHARDS + 1L);
                int from = (int) ((long) train * shard / TRAIN_SHARDS);
                int to = (int) ((long) train * (shard + 1) / TRAIN_SHARDS);
                dataset.shard(documents.subList(from, to));
            }
            dataset.shard(documents.subList(train, documents.size()));
            dataset.publish();
            progress.report("writing shards", TRAIN_SHARDS + 1L, TRAIN_SHARDS + 1L);
            long characters = documents.stream().mapToLong(Utf8::codePoints).sum();
            return new Result(documents.size(), characters, files.get(), folder);
        }
    }

    /**
     * The source archive of a JDK.
     *
     * @throws DataException if there is none, naming the package that brings it
     */
    public static Path sourceArchive(Path jdkHome) {
        for (String name : List.of("lib/src.zip", "src.zip")) {
            Path archive = jdkHome.resolve(name);
            // Debian links to a file of another package, which may be absent
            if (Files.isRegularFile(archive)) {
                return archive;
            }
        }
        throw new DataException(
                "this JDK has no lib/src.zip",
                jdkHome.toString(),
                "install it (Debian, Ubuntu: apt install openjdk-25-source; Fedora: java-25-openjdk-src; the Temurin archives"
                        + " and packages contain it), name another JDK with --jdk, or use your own texts with"
                        + " `nanochat data import PATH...`");
    }

    /** All documents of the archive in the order of its entry names, without repetition. */
    static List<String> documents(Path archive, AtomicInteger files, Progress progress) {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            List<ZipEntry> entries = zip.stream()
                    .filter(entry -> entry.getName().endsWith(".java"))
                    .map(ZipEntry.class::cast)
                    .sorted(Comparator.comparing(ZipEntry::getName))
                    .collect(Collectors.toList());
            var documents = new ArrayList<String>();
            Set<String> seen = new HashSet<>();
            int batch = 512;
            for (int from = 0; from < entries.size(); from += batch) {
                progress.report("reading sources", from, entries.size());
                List<ZipEntry> part = entries.subList(from, Math.min(from + batch, entries.size()));
                List<List<String>> comments =
                        part.parallelStream().map(entry -> comments(zip, entry)).toList();
                for (List<String> file : comments) {
                    file.removeIf(comment -> !seen.add(comment));
                    join(file, documents);
                }
            }
            files.set(entries.size());
            return documents;
        } catch (IOException e) {
            throw unreadable(archive.toString(), e);
        }
    }

    private static List<String> comments(ZipFile zip, ZipEntry entry) {
        try (InputStream in = zip.getInputStream(entry)) {
            String source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return JavaComments.of(source).stream()
                    .map(JavadocText::of)
                    .filter(text -> !text.isEmpty())
                    .collect(Collectors.toCollection(ArrayList::new));
        } catch (IOException e) {
            throw unreadable(entry.getName(), e);
        }
    }

    /** Comments of one file as documents of a readable size; what is too short for a document joins the one before. */
    private static void join(List<String> comments, List<String> documents) {
        int first = documents.size();
        var document = new StringBuilder();
        for (String comment : comments) {
            for (String part : parts(comment)) {
                if (!document.isEmpty() && document.length() + part.length() > LONGEST) {
                    flush(document, documents, first);
                }
                document.append(document.isEmpty() ? "" : "\n\n").append(part);
            }
            if (document.length() >= JOINED) {
                flush(document, documents, first);
            }
        }
        flush(document, documents, first);
    }

    private static void flush(StringBuilder document, List<String> documents, int first) {
        String text = document.toString();
        document.setLength(0);
        if (text.length() >= SHORTEST) {
            documents.add(text);
        } else if (!text.isEmpty() && documents.size() > first) {
            documents.set(documents.size() - 1, documents.getLast() + "\n\n" + text);
        }
        // a file with a line or two of comment in all has nothing to teach
    }

    /** The comment itself, or its paragraphs where it is too long for one document. */
    private static List<String> parts(String comment) {
        return comment.length() <= LONGEST ? List.of(comment) : List.of(comment.split("\n\n"));
    }

    private static DataException unreadable(String where, IOException e) {
        return new DataException(
                "the source archive cannot be read: " + e.getMessage(), where, "install the JDK's sources again", e);
    }
}
