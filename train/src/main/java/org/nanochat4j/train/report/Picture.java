package org.nanochat4j.train.report;

import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A line chart.
 *
 * @param file name without ending
 * @param title above the chart
 * @param across what the horizontal axis shows
 * @param unit of the vertical axis
 * @param lines what is drawn, the last on top
 */
public record Picture(String file, String title, String across, String unit, List<Line> lines) {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 420;
    private static final int MOST_MARKED = 60;
    /** A longer name leaves no room beside the lines. */
    private static final int LONG_NAME = 40;

    /**
     * One line.
     *
     * @param name in the legend
     * @param points two rows, x and y
     * @param color of the line
     * @param width in pixels
     */
    public record Line(String name, double[][] points, Color color, float width) {}

    /** Whether there is anything to draw. */
    boolean isEmpty() {
        return lines.stream().allMatch(line -> line.points()[0].length == 0);
    }

    /** The picture as a PNG file; empty if this machine has no fonts to draw text with. */
    public Optional<byte[]> png() throws IOException {
        try {
            var out = new ByteArrayOutputStream();
            ImageIO.write(BitmapEncoder.getBufferedImage(chart()), "png", out);
            return Optional.of(out.toByteArray());
        } catch (RuntimeException | LinkageError | InternalError e) {
            // without fontconfig the JDK fails in one of several ways, and with a link error from then on
            return Optional.empty();
        }
    }

    private XYChart chart() {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(across)
                .yAxisTitle(unit)
                .build();
        chart.getStyler()
                .setLegendPosition(Styler.LegendPosition.OutsideE)
                .setLegendVisible(lines.size() > 1)
                .setChartBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setAntiAlias(true);
        chart.getStyler().setXAxisDecimalPattern("#,##0.###");
        if (lines.stream().anyMatch(line -> line.name().length() > LONG_NAME)) {
            chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
        }
        for (Line line : lines) {
            double[][] points = line.points();
            if (points[0].length > 0) {
                XYSeries series = chart.addSeries(line.name(), points[0], points[1]);
                series.setLineColor(line.color()).setLineWidth(line.width());
                series.setMarker(points[0].length <= MOST_MARKED ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
                series.setMarkerColor(line.color());
            }
        }
        return chart;
    }
}
