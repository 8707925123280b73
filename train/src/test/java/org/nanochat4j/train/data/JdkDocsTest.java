package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdkDocsTest {

    @TempDir
    Path temporary;

    @Test
    @DisplayName("comments are found among literals, text blocks and other comments")
    void comments() {
        String source = """
                /* licence */
                /** First. */
                class A { String a = "/** no */"; char c = '"'; char d = '\\\\''; // /** no */
                  String b = \"""
                      /** no " */
                      \""";
                  /***/ /**/ /**
                   * Second
                   *   line.
                   */
                  int x; }
                """;
        assertEquals(
                List.of("First.", "Second line."),
                JavaComments.of(source).stream()
                        .map(text -> text.strip().replaceAll("\\s+", " "))
                        .filter(text -> !text.isEmpty())
                        .toList());
    }

    @Test
    @DisplayName("tags, links, lists, entities and block tags become plain sentences")
    void prose() {
        String comment = """
                 Copies {@code a < b} to a {@link java.util.List#get(int)
                 list's element}, see {@link #close()} or {@linkplain Foo#bar the bar}.
                 <p>
                 Values are 2<sup>31</sup>&nbsp;&ndash;&nbsp;1 &amp; {@literal <none>}, for a {@code Map<String, {x}>}:
                 <ul>
                 <li> first <b>item</b>
                 <li> second
                 </ul>
                 <pre>{@code
                     if (ready) {
                         begin();
                     }
                 }</pre>
                 Uses List<String> freely.

                 @param  name the name
                   of it
                 @param <T> The type
                 @return the result
                 @throws java.io.IOException If it fails
                 @see Other
                 @since 1.2
                """;
        assertEquals("""
                Copies a < b to a list's element, see close() or the bar.

                Values are 2^31 - 1 & <none>, for a Map<String, {x}>:

                - first item
                - second

                    if (ready) {
                        begin();
                    }

                Uses List<String> freely.

                Parameter name: the name of it.
                Type parameter T: The type.
                Returns the result.
                Throws IOException if it fails.""", JavadocText.of(comment));
    }

    @Test
    @DisplayName("licences, message keys, empty and one-word comments give nothing")
    void nothing() {
        assertEquals("", JavadocText.of(" Copyright (c) 1997, Oracle and/or its affiliates. All rights reserved."));
        assertEquals("", JavadocText.of(" compiler.err.foo=\\ some message text here"));
        assertEquals("", JavadocText.of(" {@inheritDoc}\n"));
        assertEquals("", JavadocText.of(" Constructor.\n"));
        assertEquals("", JavadocText.of("\n @see Foo\n @author someone else entirely\n"));
        assertEquals("", JavadocText.of(" +---+---+---+---+ \n | 1 | 2 | 3 | 4 |\n +---+---+---+---+ "));
    }

    @Test
    @DisplayName("an archive becomes eight training shards and one for validation, the same bytes every time")
    void shards() throws IOException {
        Path home = Files.createDirectories(temporary.resolve("jdk"));
        Files.createDirectories(home.resolve("lib"));
        try (var zip = new ZipOutputStream(Files.newOutputStream(home.resolve("lib/src.zip")))) {
            for (int i = 0; i < 60; i++) {
                zip.putNextEntry(new ZipEntry("m/p/C" + i + ".java"));
                String comment = "/** This is sentence number " + i + " of a class that explains itself. "
                        + "It goes on for a while with more to say. ".repeat(20) + "*/\nclass C" + i + " {}\n";
                zip.write(comment.repeat(2).getBytes(StandardCharsets.UTF_8));
            }
        }
        Path a = temporary.resolve("a");
        Path b = temporary.resolve("b");
        JdkDocs.Result result = JdkDocs.write(home, a, false, 42, Progress.SILENT);
        JdkDocs.write(home, b, false, 42, Progress.SILENT);
        assertEquals(60, result.documents());
        assertEquals(9, Shards.open(a).all().size());
        for (Path shard : Shards.list(a)) {
            assertArrayEquals(Files.readAllBytes(shard), Files.readAllBytes(b.resolve(shard.getFileName())));
        }
        var texts = new ArrayList<String>();
        Shards.open(a).forEachText(Split.TRAIN, texts::add);
        Shards.open(a).forEachText(Split.VAL, texts::add);
        assertEquals(60, new HashSet<>(texts).size());
        assertEquals(
                result.characters(), texts.stream().mapToLong(String::length).sum());
    }

    @Test
    @DisplayName("a JDK without sources: the message names the package and the way out")
    void noSources() {
        DataException e = assertThrows(
                DataException.class,
                () -> JdkDocs.write(temporary, temporary.resolve("out"), false, 42, Progress.SILENT));
        assertTrue(e.getMessage().contains("openjdk-25-source"), e.getMessage());
        assertTrue(e.getMessage().contains("data import"), e.getMessage());
        assertFalse(Files.exists(temporary.resolve("out")));
    }
}
