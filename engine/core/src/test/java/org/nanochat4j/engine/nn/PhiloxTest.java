package org.nanochat4j.engine.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    private static int[] block(Philox generator, long first) {
        return LongStream.range(first, first + 4).mapToInt(generator::word).toArray();
    }

    @Test
    @DisplayName("philox4x32-10 gives the published vectors (Random123, kat_vectors)")
    void knownAnswers() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(new Philox(0, 0), 0));
        Philox ones = new Philox(-1, -1);
        ones.word(0); // a fresh generator takes its empty block for number -1, which no stream reaches
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(ones, -4));
    }

    @Test
    @DisplayName("numbers do not depend on the order in which they are had")
    void anyOrder() {
        Philox forwards = new Philox(42, 7);
        Philox backwards = new Philox(42, 7);
        float[] first = new float[100];
        float[] second = new float[100];
        for (int i = 0; i < 100; i++) {
            first[i] = forwards.normal(i);
            second[99 - i] = backwards.normal(99 - i);
        }
        assertArrayEquals(first, second);
    }

    @Test
    @DisplayName("seeds and streams differ")
    void streams() {
        int word = new Philox(42, 7).word(0);
        assertNotEquals(word, new Philox(43, 7).word(0));
        assertNotEquals(word, new Philox(42, 8).word(0));
        assertNotEquals(word, new Philox(42 + (1L << 32), 7).word(0));
    }

    @Test
    @DisplayName("uniform numbers lie in [0, 1) with mean 1/2 and variance 1/12")
    void uniform() {
        Moments moments = new Moments();
        Philox generator = new Philox(1, 2);
        for (int i = 0; i < 200_000; i++) {
            float value = generator.uniform(i);
            assertTrue(value >= 0 && value < 1, "" + value);
            moments.add(value);
        }
        assertEquals(0.5, moments.mean(), 3e-3);
        assertEquals(1 / 12.0, moments.variance(), 1e-3);
    }

    @Test
    @DisplayName("normal numbers have mean 0, variance 1, and tails")
    void normal() {
        Moments moments = new Moments();
        Philox generator = new Philox(1, 3);
        int beyondTwo = 0;
        double neighbours = 0;
        for (int i = 0; i < 200_000; i++) {
            float value = generator.normal(i);
            moments.add(value);
            beyondTwo += Math.abs(value) > 2 ? 1 : 0;
            neighbours += value * generator.normal(i + 1);
        }
        assertEquals(0, moments.mean(), 0.01);
        assertEquals(1, moments.variance(), 0.015);
        assertEquals(0.0455, beyondTwo / 200_000.0, 0.002);
        assertEquals(0, neighbours / 200_000, 0.01);
    }

    /** Mean and variance of a sample. */
    static final class Moments {
        private long count;
        private double sum;
        private double squares;

        void add(double value) {
            count++;
            sum += value;
            squares += value * value;
        }

        double mean() {
            return sum / count;
        }

        double variance() {
            return squares / count - mean() * mean();
        }
    }
}
