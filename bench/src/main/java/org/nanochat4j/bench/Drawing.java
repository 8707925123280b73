package org.nanochat4j.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.nanochat4j.train.report.Picture;

/** Pictures of measurements: how figures went from one commit to the next, how step time grows with the model. */
public final class Drawing {
    private static final List<Color> COLORS = List.of(
            new Color(0x1f77b4),
            new Color(0xd62728),
            new Color(0x2ca02c),
            new Color(0x9467bd),
            new Color(0xff7f0e),
            new Color(0x17becf),
            new Color(0x8c564b),
            new Color(0xe377c2));
    private static final float WIDTH = 2f;

    private Drawing() {}

    /**
     * One picture for each figure of each group, with a line for each label on each machine; along the horizontal axis the measurements of a group
     * in their order.
     *
     * @param entries the history
     * @return the pictures
     */
    public static List<Picture> history(List<History.Entry> entries) {
        var pictures = new LinkedHashMap<String, Map<String, List<double[]>>>();
        var places = new LinkedHashMap<String, Integer>();
        for (History.Entry entry : entries) {
            int place = places.merge(entry.group(), 1, Integer::sum);
            entry.headline()
                    .forEach((figure, value) -> pictures.computeIfAbsent(
                                    entry.group() + ": " + figure, _ -> new LinkedHashMap<>())
                            .computeIfAbsent(entry.label() + " (" + entry.machine() + ")", _ -> new ArrayList<>())
                            .add(new double[] {place, value}));
        }
        List<Picture> result = new ArrayList<>();
        pictures.forEach((title, lines) -> result.add(new Picture(
                title.replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(java.util.Locale.ROOT),
                title,
                "measurement of this group",
                title.substring(title.indexOf(": ") + 2),
                lines(lines))));
        return result;
    }

    /**
     * Step time over operations on paper, a line for each depth and number of threads, and for each number of threads a thin line through the origin:
     * the mean rate.
     *
     * @param points of one campaign
     * @return the picture
     */
    public static Picture scaling(List<Scaling.Point> points) {
        var lines = new LinkedHashMap<String, List<double[]>>();
        double most = points.stream().mapToDouble(Scaling.Point::flops).max().orElse(0) / 1e9;
        var rates = points.stream()
                .collect(Collectors.groupingBy(
                        Scaling.Point::threads, TreeMap::new, Collectors.averagingDouble(Scaling.Point::rate)));
        List<Picture.Line> drawn = new ArrayList<>();
        rates.forEach((threads, rate) -> drawn.add(new Picture.Line(
                Table.number(rate) + " GFLOP/s, threads " + threads,
                new double[][] {{0, most}, {0, most / rate}},
                Color.LIGHT_GRAY,
                1)));
        for (Scaling.Point point : points) {
            String name = "depth " + point.depth() + ", threads " + point.threads();
            lines.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(new double[] {point.flops() / 1e9, point.step().median()});
        }
        drawn.addAll(lines(lines));
        return new Picture(
                "scaling",
                "Step time over operations, by depth; along a line the sequence grows",
                "GFLOP per step on paper",
                "seconds per step",
                drawn);
    }

    private static List<Picture.Line> lines(Map<String, List<double[]>> points) {
        List<Picture.Line> lines = new ArrayList<>();
        points.forEach((name, list) -> {
            double[] x = list.stream().mapToDouble(point -> point[0]).toArray();
            double[] y = list.stream().mapToDouble(point -> point[1]).toArray();
            Color color = COLORS.get(lines.size() % COLORS.size());
            lines.add(new Picture.Line(name, new double[][] {x, y}, color, WIDTH));
        });
        return lines;
    }

    /**
     * Writes a picture as PNG, beside its place first.
     *
     * @param picture what to draw
     * @param file where to
     * @return whether this machine has the fonts that it takes; nothing is written if not
     * @throws IOException if it cannot be written
     */
    public static boolean write(Picture picture, Path file) throws IOException {
        var png = picture.png();
        if (png.isEmpty()) {
            return false;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
        Files.write(temporary, png.get());
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return true;
    }
}
