package org.nanochat4j.model;

/**
 * Rows of a matrix as integers from -127 to 127, each row with a scale: {@code w ≈ scale q}, off by at most half the scale.
 *
 * <p>The scale is the row's largest magnitude over 127, q is w over the scale to the nearest integer, to even on ties. A row with a number that is not finite
 * keeps none: its scale is not finite either, so that it shows in every result.
 *
 * @param values row-major
 * @param scales one per row
 */
record Int8Rows(byte[] values, float[] scales) {
    private static final int LARGEST = 127;

    /** Rounds whole rows. */
    static Int8Rows of(float[] rows, int columns) {
        byte[] values = new byte[rows.length];
        float[] scales = new float[rows.length / columns];
        for (int row = 0; row < scales.length; row++) {
            int from = row * columns;
            float largest = 0;
            for (int i = from; i < from + columns; i++) {
                largest = Math.max(largest, Math.abs(rows[i]));
            }
            float scale = largest / LARGEST;
            scales[row] = scale;
            for (int i = from; i < from + columns && scale > 0; i++) {
                values[i] = (byte) Math.clamp(Math.rint((double) rows[i] / scale), -LARGEST, LARGEST);
            }
        }
        return new Int8Rows(values, scales);
    }

    /** The numbers that they stand for. */
    float[] widened() {
        int columns = values.length / scales.length;
        float[] rows = new float[values.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = scales[i / columns] * values[i];
        }
        return rows;
    }
}
