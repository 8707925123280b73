package org.nanochat4j.train.report;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Writes a report: {@code report.md} with picture files beside it, and {@code report.html} with the pictures inside.
 *
 * <p>Pictures are PNG files; on a machine without fonts they are SVG files, and the report says so.
 */
public final class ReportFiles {

    private static final String NO_FONTS =
            "Pictures are SVG, since this machine has no fonts to draw PNG files with; install"
                    + " fontconfig and a font, for example with apt install fontconfig fonts-dejavu-core.";

    private static final String STYLE = """
            body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
            h1{font-size:1.7rem}h2{font-size:1.2rem;margin-top:2.2rem;text-transform:capitalize}
            table{border-collapse:collapse;margin:.6rem 0}td{padding:.2rem .9rem .2rem 0;border-bottom:1px solid #e3e8ef;vertical-align:top}
            th{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:2px solid #c3ccd8}
            td+td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}tr.differs td{background:#fff3d6}img{max-width:100%;display:block;margin:1rem 0}
            blockquote{margin:.6rem 0;padding:.4rem .9rem;border-left:3px solid #1f4e9e;background:#f5f8fc;white-space:pre-wrap}
            """;

    /**
     * Where a report is.
     *
     * @param markdown text form
     * @param html one self-contained page
     * @param pictures number of picture files
     * @param note what the reader should know of the pictures, or nothing
     */
    public record Written(Path markdown, Path html, int pictures, String note) {}

    /** A picture in a form that browsers show. */
    private record Image(Picture picture, String ending, String type, byte[] bytes) {

        String file() {
            return picture.file() + ending;
        }

        static Optional<Image> png(Picture picture) throws IOException {
            return picture.png().map(bytes -> new Image(picture, ".png", "image/png", bytes));
        }

        static Image svg(Picture picture) {
            return new Image(
                    picture, ".svg", "image/svg+xml", SvgChart.of(picture).getBytes(StandardCharsets.UTF_8));
        }
    }

    private ReportFiles() {}

    /**
     * Writes the report on a run, or on several side by side.
     *
     * @param runs what happened; runs of the same name are numbered
     * @param folder where to; older reports there are replaced
     */
    public static Written write(List<RunLog> runs, Path folder) throws IOException {
        return write(runs, folder, true);
    }

    /** With or without pictures that need fonts. */
    static Written write(List<RunLog> runs, Path folder, boolean fonts) throws IOException {
        Report report = Report.of(distinct(runs));
        List<Image> images = new ArrayList<>();
        String note = "";
        for (Picture picture : report.pictures()) {
            Optional<Image> png = fonts ? Image.png(picture) : Optional.empty();
            images.add(png.orElseGet(() -> Image.svg(picture)));
            note = png.isPresent() ? note : NO_FONTS;
        }
        Files.createDirectories(folder);
        for (Image image : images) {
            save(folder.resolve(image.file()), image.bytes());
        }
        Path markdown = folder.resolve("report.md");
        Path html = folder.resolve("report.html");
        save(markdown, markdown(report, images, note).getBytes(StandardCharsets.UTF_8));
        save(html, html(report, images, note).getBytes(StandardCharsets.UTF_8));
        return new Written(markdown, html, images.size(), note);
    }

    private static List<RunLog> distinct(List<RunLog> runs) {
        var names = new HashSet<String>();
        var distinct = new ArrayList<RunLog>();
        for (RunLog run : runs) {
            String name = run.name();
            for (int i = 2; !names.add(name); i++) {
                name = run.name() + " (" + i + ")";
            }
            distinct.add(run.named(name));
        }
        return distinct;
    }

    private static String markdown(Report report, List<Image> images, String note) {
        var text = new StringBuilder("# ").append(report.title()).append("\n");
        report.notes().forEach(remark -> text.append("\n*").append(remark).append("*\n"));
        report.results().forEach(table -> markdown(table, text));
        for (Image image : images) {
            text.append("\n![")
                    .append(image.picture().title())
                    .append("](")
                    .append(image.file())
                    .append(")\n");
        }
        if (!note.isEmpty()) {
            text.append("\n*").append(note).append("*\n");
        }
        if (!report.samples().isEmpty()) {
            text.append("\n## Samples\n");
        }
        String writer = "";
        for (Report.Sample sample : report.samples()) {
            if (report.results().size() > 1 && !sample.run().equals(writer)) {
                text.append("\n### ").append(sample.run()).append("\n");
                writer = sample.run();
            }
            text.append("\n> ")
                    .append(sample.text().strip().replaceAll("\\R", "\n> "))
                    .append("\n");
        }
        report.sections().forEach(section -> markdown(section, text));
        return text.toString();
    }

    private static void markdown(Report.Table table, StringBuilder text) {
        int columns = table.runs().size();
        String heads =
                columns == 1 ? "" : table.runs().stream().map(ReportFiles::cell).collect(Collectors.joining(" | "));
        text.append("\n## ")
                .append(table.title())
                .append("\n\n| | ")
                .append(heads)
                .append(" |\n|");
        text.append("---|".repeat(columns + 1)).append("\n");
        for (Report.Row row : table.rows()) {
            String mark = row.differs() ? "**" : "";
            text.append("| ").append(mark).append(cell(row.name())).append(mark);
            row.values().forEach(value -> text.append(" | ").append(cell(value)));
            text.append(" |\n");
        }
    }

    private static String cell(String value) {
        return value.replaceAll("\\R", " ").replace("|", "\\|");
    }

    private static String html(Report report, List<Image> images, String note) {
        var text = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width\"><title>")
                .append(escape(report.title()))
                .append("</title><style>\n")
                .append(STYLE)
                .append("</style></head><body>\n<h1>")
                .append(escape(report.title()))
                .append("</h1>\n");
        report.notes()
                .forEach(remark -> text.append("<p><em>").append(escape(remark)).append("</em></p>\n"));
        report.results().forEach(table -> html(table, text));
        for (Image image : images) {
            text.append("<img alt=\"")
                    .append(escape(image.picture().title()))
                    .append("\" src=\"data:")
                    .append(image.type())
                    .append(";base64,")
                    .append(Base64.getEncoder().encodeToString(image.bytes()))
                    .append("\">\n");
        }
        if (!note.isEmpty()) {
            text.append("<p><em>").append(escape(note)).append("</em></p>\n");
        }
        if (!report.samples().isEmpty()) {
            text.append("<h2>Samples</h2>\n");
        }
        String writer = "";
        for (Report.Sample sample : report.samples()) {
            if (report.results().size() > 1 && !sample.run().equals(writer)) {
                text.append("<h3>").append(escape(sample.run())).append("</h3>\n");
                writer = sample.run();
            }
            text.append("<blockquote>").append(escape(sample.text().strip())).append("</blockquote>\n");
        }
        report.sections().forEach(section -> html(section, text));
        return text.append("</body></html>\n").toString();
    }

    private static void html(Report.Table table, StringBuilder text) {
        text.append("<h2>").append(escape(table.title())).append("</h2>\n<table>\n");
        if (table.runs().size() > 1) {
            text.append("<tr><th></th>");
            table.runs().forEach(run -> text.append("<th>").append(escape(run)).append("</th>"));
            text.append("</tr>\n");
        }
        for (Report.Row row : table.rows()) {
            text.append(row.differs() ? "<tr class=\"differs\"><td>" : "<tr><td>")
                    .append(escape(row.name()))
                    .append("</td>");
            row.values()
                    .forEach(value -> text.append("<td>").append(escape(value)).append("</td>"));
            text.append("</tr>\n");
        }
        text.append("</table>\n");
    }

    private static String escape(String value) {
        return value.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private static void save(Path file, byte[] content) throws IOException {
        Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
        try {
            Files.write(temporary, content);
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            // what a full disk cut off takes room from the next attempt
            Files.deleteIfExists(temporary);
        }
    }
}
