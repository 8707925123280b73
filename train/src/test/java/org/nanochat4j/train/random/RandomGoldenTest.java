package org.nanochat4j.train.random;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.train.data.Golden;
import tools.jackson.databind.JsonNode;

/** The whole reference files; the portable part of the same facts is {@link PortableRandomTest}. */
class RandomGoldenTest {

    @Test
    @DisplayName("random(), getrandbits(), sample() and shuffle() of Python's random.Random")
    void python() {
        JsonNode golden = Golden.json("golden/random/python_random.json");
        for (JsonNode c : golden.get("random_random")) {
            var random = new PythonRandom(c.get("seed").asLong());
            for (JsonNode value : c.get("values")) {
                assertEquals(value.asDouble(), random.random(), c.toString());
            }
        }
        for (JsonNode c : golden.get("getrandbits")) {
            var random = new PythonRandom(c.get("seed").asLong());
            for (JsonNode value : c.get("values")) {
                String bits =
                        Long.toUnsignedString(random.getrandbits(c.get("bits").asInt()));
                assertEquals(value.asString(), bits, c.toString());
            }
        }
        for (JsonNode c : golden.get("sample")) {
            var random = new PythonRandom(c.get("seed").asLong());
            List<Integer> population = range(c.get("n").asInt());
            assertEquals(
                    integers(c.get("values")),
                    random.sample(population, c.get("k").asInt()),
                    c.toString());
        }
        for (String kind : List.of("shuffle", "shuffle_head")) {
            for (JsonNode c : golden.get(kind)) {
                var list = new ArrayList<>(range(c.get("n").asInt()));
                new PythonRandom(c.get("seed").asLong()).shuffle(list);
                List<Integer> expected = integers(c.has("values") ? c.get("values") : c.get("first_20"));
                assertEquals(expected, list.subList(0, expected.size()), c.toString());
            }
        }
    }

    @Test
    @DisplayName("default_rng(seed).permutation(n) of NumPy")
    void numpy() {
        for (JsonNode c : Golden.json("golden/random/numpy_permutation.json")) {
            List<Integer> order = IntStream.of(NumpyPermutation.of(
                            c.get("seed").asLong(), c.get("n").asInt()))
                    .boxed()
                    .toList();
            List<Integer> expected = integers(c.has("values") ? c.get("values") : c.get("first_20"));
            assertEquals(expected, order.subList(0, expected.size()), c.toString());
        }
    }

    private static List<Integer> range(int n) {
        return IntStream.range(0, n).boxed().toList();
    }

    private static List<Integer> integers(JsonNode array) {
        var values = new ArrayList<Integer>();
        array.forEach(value -> values.add(value.asInt()));
        return values;
    }
}
