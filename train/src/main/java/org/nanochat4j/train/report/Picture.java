package org.nanochat4j.train.report;

import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A line chart over training steps.
 *
 * @param file name without ending
 * @param title above the chart
 * @param unit of the vertical axis
 * @param lines what is drawn, the last on top
 */
record Picture(String file, String title, String unit, List<Line> lines) {

    private static final int WIDTH = 960;
    private static final int HEIGHT = 420;
    private static final int MOST_MARKED = 60;

    /**
     * One line.
     *
     * @param name in the legend
     * @param points two rows, steps and values
     * @param color of the line
     * @param width in pixels
     */
    record Line(String name, double[][] points, Color color, float width) {}

    /** Whether there is anything to draw. */
    boolean isEmpty() {
        return lines.stream().allMatch(line -> line.points()[0].length == 0);
    }

    /**
     * The picture as a PNG file.
     *
     * @throws ReportException if this machine cannot draw text
     */
    byte[] png() throws IOException {
        try {
            var out = new ByteArrayOutputStream();
            ImageIO.write(BitmapEncoder.getBufferedImage(chart()), "png", out);
            return out.toByteArray();
        } catch (IOException e) {
            throw e;
        } catch (Exception | LinkageError | InternalError e) {
            // the JDK fails in several ways where there is no font at all
            throw new ReportException(
                    "pictures need fonts, which this machine lacks ("
                            + e.getClass().getSimpleName() + ")",
                    "install fontconfig and a font, for example apt install fontconfig fonts-dejavu-core",
                    e);
        }
    }

    private XYChart chart() {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("step")
                .yAxisTitle(unit)
                .build();
        chart.getStyler()
                .setLegendPosition(Styler.LegendPosition.InsideNE)
                .setLegendVisible(lines.size() > 1)
                .setChartBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setAntiAlias(true);
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
