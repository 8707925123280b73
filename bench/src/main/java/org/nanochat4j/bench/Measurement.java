package org.nanochat4j.bench;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** What a group of benchmarks found: a record whose components are its figures, which JSON names in snake case. */
public interface Measurement {

    /** How measurements are written. */
    JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /** {@return the name of the group on the command line} */
    String group();

    /** {@return the settings in a few words; measurements with the same words can be compared} */
    String label();

    /** {@return the figures to follow from one measurement to the next, by name with unit} */
    Map<String, Double> headline();

    /** {@return all of it for people} */
    List<String> lines();
}
