package org.nanochat4j.train.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values printed by Python 3 and NumPy; they need no files beside the repository. */
class PortableRandomTest {

    @Test
    @DisplayName("Random(1234): first words and first fractions")
    void words() {
        var bits = new PythonRandom(1234);
        long[] words = {bits.getrandbits(32), bits.getrandbits(32), bits.getrandbits(32), bits.getrandbits(32)};
        assertArrayEquals(new long[] {4150886329L, 3342196574L, 1892932127L, 501869158L}, words);
        var fractions = new PythonRandom(1234);
        assertEquals(.9664535356921388, fractions.random());
        assertEquals(.4407325991753527, fractions.random());
    }

    @Test
    @DisplayName("shuffles of 0..9 and 0..229")
    void shuffles() {
        assertEquals(List.of(0, 3, 7, 2, 1, 6, 4, 5, 8, 9), shuffled(1337, 10));
        assertEquals(List.of(7, 3, 2, 8, 5, 6, 9, 4, 0, 1), shuffled(42, 10));
        assertEquals(
                List.of(210, 23, 25, 153, 71, 105, 14, 34, 215, 35),
                shuffled(1337, 230).subList(0, 10));
        int[] array = range(10).stream().mapToInt(Integer::intValue).toArray();
        new PythonRandom(42).shuffle(array);
        assertArrayEquals(new int[] {7, 3, 2, 8, 5, 6, 9, 4, 0, 1}, array);
    }

    @ParameterizedTest
    @CsvSource({
        "100, 0, 10, 57 15 1 12 75 5 86 89 11 13",
        "100, 1, 10, 89 55 69 76 61 51 20 91 45 93",
        "100, 7, 10, 78 64 98 28 37 33 25 92 63 71",
        "32, 0, 10, 31 25 15 4 1 3 19 2 22 26",
        "230, 0, 3, 200 113 30",
    })
    @DisplayName("few-shot draws: k of n without the example itself, seed 1234 + index, by pool and by rejection")
    void samples(int n, int index, int k, String expected) {
        var others = new ArrayList<>(range(n));
        others.remove(Integer.valueOf(index));
        assertEquals(expected, text(new PythonRandom(1234L + index).sample(others, k)));
    }

    @ParameterizedTest
    @CsvSource({
        "10, 5 6 0 7 3 2 4 9 1 8",
        "7473, 3082 2184 5897 2437 6330 819 3812 5878",
        "1319, 30 754 429 1010 1284 953 751 954",
        "164, 52 134 51 66 147 101 24 125",
        "14042, 1469 122 5555 7550 10165 13363 1796 7277",
        "99842, 83367 7161 20507 62180 87154 97839 8319 99740",
        "2376, 658 1619 1811 47 1494 1273 1203 2293",
        "1172, 771 1124 636 340 696 831 684 116",
    })
    @DisplayName("default_rng(42).permutation(n) begins as NumPy's")
    void permutations(int n, String expected) {
        int[] order = NumpyPermutation.of(42, n);
        int length = expected.split(" ").length;
        assertEquals(expected, text(Arrays.stream(order).limit(length).boxed().toList()));
        assertArrayEquals(
                IntStream.range(0, n).toArray(), Arrays.stream(order).sorted().toArray());
    }

    @Test
    @DisplayName("SeedSequence(42) generates the four words of NumPy")
    void seedSequence() {
        assertArrayEquals(
                new long[] {0x9f1e2e6dcd540ab7L, 0xd57873dc79fb94b6L, 0x7d282a1b64d420b7L, 0x336579714692d5ffL},
                NumpyPermutation.SeedSequence.words(42));
    }

    @Test
    @DisplayName("arguments outside the range are refused")
    void refusals() {
        var random = new PythonRandom(0);
        assertThrows(IllegalArgumentException.class, () -> random.getrandbits(65));
        assertThrows(IllegalArgumentException.class, () -> random.randbelow(0));
        assertThrows(IllegalArgumentException.class, () -> random.choice(List.of()));
        assertThrows(IllegalArgumentException.class, () -> random.sample(List.of(1), 2));
        assertThrows(IllegalArgumentException.class, () -> NumpyPermutation.of(-1, 3));
    }

    private static List<Integer> shuffled(long seed, int n) {
        var list = new ArrayList<>(range(n));
        new PythonRandom(seed).shuffle(list);
        return list;
    }

    private static List<Integer> range(int n) {
        return IntStream.range(0, n).boxed().toList();
    }

    private static String text(List<Integer> values) {
        return String.join(" ", values.stream().map(String::valueOf).toList());
    }
}
