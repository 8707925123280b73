package org.nanochat4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Points of a campaign that takes long, kept as they are measured so that it can be interrupted and begun again.
 *
 * @param file JSON lines
 * @param setting points of another machine or commit are left alone
 */
public record ScalingPoints(Path file, Setting setting) implements Scaling.Keeper {
    private record Kept(String machine, String commit, Scaling.Point point) {
        static Kept of(JsonNode node) {
            return new Kept(
                    node.required("machine").asString(),
                    node.required("commit").asString(),
                    Measurement.JSON.treeToValue(node.required("point"), Scaling.Point.class));
        }
    }

    /**
     * Points of this machine and commit.
     *
     * @return in the order in which they were measured
     * @throws IOException if the file cannot be read, or a line is damaged
     */
    public List<Scaling.Point> read() throws IOException {
        return new JsonLines(file)
                .read(Kept::of).stream()
                        .filter(kept -> kept.machine.equals(setting.machine()) && kept.commit.equals(setting.commit()))
                        .map(Kept::point)
                        .toList();
    }

    @Override
    public void keep(Scaling.Point point) throws IOException {
        ObjectNode node = Measurement.JSON.createObjectNode();
        node.put("machine", setting.machine());
        node.put("commit", setting.commit());
        node.set("point", Measurement.JSON.valueToTree(point));
        new JsonLines(file).add(node);
    }
}
