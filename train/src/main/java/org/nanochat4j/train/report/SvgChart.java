package org.nanochat4j.train.report;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A picture as SVG text, for machines that cannot draw letters themselves: whoever looks at it has fonts. */
final class SvgChart {

    private static final int WIDTH = 960;
    private static final int HEIGHT = 420;
    private static final int LEFT = 70;
    private static final int RIGHT = 20;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final int TICKS = 6;

    private final Picture picture;
    private final double[] x;
    private final double[] y;

    private SvgChart(Picture picture) {
        this.picture = picture;
        this.x = range(0);
        this.y = range(1);
    }

    static String of(Picture picture) {
        return new SvgChart(picture).draw();
    }

    private String draw() {
        var svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n",
                WIDTH,
                HEIGHT));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        text(svg, WIDTH / 2.0, 22, "middle", "font-weight=\"bold\" font-size=\"14\"", picture.title());
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10, "middle", "", picture.across());
        text(svg, LEFT, TOP - 8, "middle", "", picture.unit());
        for (double tick : ticks(x)) {
            line(svg, px(tick), TOP, px(tick), HEIGHT - BOTTOM);
            text(svg, px(tick), HEIGHT - BOTTOM + 18, "middle", "", number(tick));
        }
        for (double tick : ticks(y)) {
            line(svg, LEFT, py(tick), WIDTH - RIGHT, py(tick));
            text(svg, LEFT - 8, py(tick) + 4, "end", "", number(tick));
        }
        int row = 0;
        for (Picture.Line line : picture.lines()) {
            curve(svg, line);
            if (picture.lines().size() > 1) {
                text(
                        svg,
                        WIDTH - RIGHT - 10,
                        TOP + 16 + 18 * row++,
                        "end",
                        "fill=\"" + hex(line.color()) + "\"",
                        line.name());
            }
        }
        return svg.append("</svg>\n").toString();
    }

    private void curve(StringBuilder svg, Picture.Line line) {
        double[][] points = line.points();
        svg.append(String.format(
                Locale.ROOT,
                "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" points=\"",
                hex(line.color()),
                line.width()));
        for (int i = 0; i < points[0].length; i++) {
            svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", px(points[0][i]), py(points[1][i])));
        }
        svg.append("\"/>\n");
    }

    /** Lowest and highest value of all lines on one axis; never equal. */
    private double[] range(int axis) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Picture.Line line : picture.lines()) {
            for (double value : line.points()[axis]) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
        return low < high ? new double[] {low, high} : new double[] {low - 0.5, low + 0.5};
    }

    /** Round numbers within a range: multiples of 1, 2 or 5 times a power of ten. */
    private static List<Double> ticks(double[] range) {
        double raw = (range[1] - range[0]) / TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double step = power;
        for (int multiple : new int[] {1, 2, 5, 10}) {
            step = multiple * power;
            if (step >= raw) {
                break;
            }
        }
        var ticks = new ArrayList<Double>();
        double first = Math.ceil(range[0] / step) * step;
        for (int i = 0; i <= 2 * TICKS && first + i * step <= range[1] + step * 1e-9; i++) {
            ticks.add(first + i * step);
        }
        return ticks;
    }

    private double px(double value) {
        return LEFT + (value - x[0]) / (x[1] - x[0]) * (WIDTH - LEFT - RIGHT);
    }

    private double py(double value) {
        return HEIGHT - BOTTOM - (value - y[0]) / (y[1] - y[0]) * (HEIGHT - TOP - BOTTOM);
    }

    private static void line(StringBuilder svg, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String style, String content) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>%n",
                x,
                y,
                anchor,
                style,
                content));
    }

    private static String number(double value) {
        return Math.abs(value) >= 10_000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.4f", value).replaceFirst("\\.?0+$", "");
    }

    private static String hex(Color color) {
        return String.format(Locale.ROOT, "#%06x", color.getRGB() & 0xFFFFFF);
    }
}
