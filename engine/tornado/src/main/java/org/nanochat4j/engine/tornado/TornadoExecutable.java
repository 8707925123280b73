package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.program.Executable;

/** A program as task graphs in order, with the variables that it touches. */
final class TornadoExecutable implements Executable {
    private final DevicePlan plan;
    private final int[] graphs;
    private final List<BankHomes> resident;
    private final List<Home> streamed;
    private final List<Home> written;
    private final long streamedElements;
    private final Counters counters;

    /**
     * Variables of one bank that a program touches.
     *
     * @param bank which
     * @param homes in the order of their places
     */
    record BankHomes(Bank bank, List<Home> homes) {}

    TornadoExecutable(
            DevicePlan plan,
            int[] graphs,
            List<BankHomes> resident,
            List<Home> streamed,
            List<Home> written,
            long streamedElements,
            Counters counters) {
        this.plan = plan;
        this.graphs = graphs.clone();
        this.resident = List.copyOf(resident);
        this.streamed = List.copyOf(streamed);
        this.written = List.copyOf(written);
        this.streamedElements = streamedElements;
        this.counters = counters;
    }

    @Override
    public void run() {
        if (graphs.length == 0) {
            return;
        }
        for (BankHomes group : resident) {
            uploadStale(group);
        }
        for (Home home : streamed) {
            if (home.isStale()) {
                home.place().bank().host(home.place().at(), home.elements()).copyFrom(home.arriving());
            }
        }
        for (int graph : graphs) {
            plan.run(graph);
        }
        counters.streamed(streamedElements);
        for (Home home : written) {
            home.changed();
        }
    }

    private void uploadStale(BankHomes group) {
        List<Home> stale = new ArrayList<>();
        for (Home home : group.homes()) {
            if (home.isStale()) {
                stale.add(home);
            }
        }
        if (!stale.isEmpty()) {
            plan.upload(group.bank(), stale);
        }
    }
}
