package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.spi.Progress;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;

/** The execution plan of all graphs of a memory plan: compiles them, runs them, and moves variables between host and device. */
final class DevicePlan {
    private final Graphs graphs;
    private final Counters counters;
    private final boolean replayed;
    private final TornadoExecutionPlan plan;
    private @Nullable TornadoExecutionResult last;

    /**
     * A plan that is not compiled yet.
     *
     * @param graphs what it runs
     * @param counters what is asked of the device
     * @param replayed whether the launches of a program's graph become a CUDA graph
     */
    DevicePlan(Graphs graphs, Counters counters, boolean replayed) {
        this.graphs = graphs;
        this.counters = counters;
        this.replayed = replayed;
        this.plan = new TornadoExecutionPlan(graphs.all());
        plan.withGridScheduler(graphs.grids());
    }

    /** Compiles all kernels of all graphs. */
    void compile(Progress progress) {
        int count = graphs.all().length;
        int total = 0;
        for (int graph = 0; graph < count; graph++) {
            total += graphs.tasks(graph);
        }
        int done = 0;
        progress.advance("kernels compiled", done, total);
        for (int graph = 0; graph < count; graph++) {
            int index = graph;
            guard(graph, "compiling", () -> {
                plan.withGraph(index);
                if (replayed && graphs.isSegment(index)) {
                    plan.withCUDAGraph(); // for the selected graph; without effect once it is compiled
                }
                plan.withPreCompilation();
            });
            counters.compiled(graphs.tasks(graph));
            done += graphs.tasks(graph);
            progress.advance("kernels compiled", done, total);
        }
    }

    /** Runs one graph. */
    void run(int graph) {
        if (last == null && graph != Graphs.ROOT) {
            run(Graphs.ROOT);
        }
        guard(graph, "running", () -> {
            plan.withGraph(graph);
            last = plan.execute();
        });
        counters.ran(graphs.streamedElements(graph));
    }

    private void guard(int graph, String doing, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            throw DeviceErrors.translate(doing + " task graph " + graphs.name(graph), e);
        }
    }

    /** Brings stale variables of one bank to the device, several at a time where they are neighbours. */
    void upload(Bank bank, List<Home> homes) {
        Stage stage = graphs.stage(bank);
        int room = stage.elements();
        List<Home> neighbours = new ArrayList<>();
        for (Home home : homes) {
            if (!neighbours.isEmpty() && !fits(neighbours, home, room)) {
                uploadTogether(bank, stage, neighbours);
                neighbours.clear();
            }
            if (home.elements() > room) {
                uploadInPieces(bank, stage, home);
            } else {
                neighbours.add(home);
            }
        }
        if (!neighbours.isEmpty()) {
            uploadTogether(bank, stage, neighbours);
        }
    }

    /** Whether a home follows the others without another variable in between, and all of them fit the stage. */
    private static boolean fits(List<Home> neighbours, Home home, int room) {
        Home before = neighbours.getLast();
        int start = neighbours.getFirst().place().at();
        int at = home.place().at();
        return at == before.place().at() + Bank.align(before.elements()) && at + home.elements() - start <= room;
    }

    private void uploadTogether(Bank bank, Stage stage, List<Home> homes) {
        int start = homes.getFirst().place().at();
        homes.forEach(home -> stage.put(home.place().at() - start, home.arriving()));
        Home end = homes.getLast();
        send(bank, stage, start, end.place().at() + end.elements() - start);
    }

    private void uploadInPieces(Bank bank, Stage stage, Home home) {
        MemorySegment newest = home.arriving();
        int size = bank.dtype().bytes();
        for (int from = 0; from < home.elements(); from += stage.elements()) {
            int count = Math.min(stage.elements(), home.elements() - from);
            stage.put(0, newest.asSlice((long) from * size, (long) count * size));
            send(bank, stage, home.place().at() + from, count);
        }
    }

    private void send(Bank bank, Stage stage, int at, int count) {
        stage.direct(at, count);
        run(graphs.upload(bank));
        counters.uploaded(count);
    }

    /** Copies bytes of a tensor to the host. */
    void read(Place place, long offset, MemorySegment target) {
        long size = place.bank().dtype().bytes();
        int first = Math.toIntExact(offset / size);
        int end = Math.toIntExact((offset + target.byteSize() + size - 1) / size);
        MemorySegment part = download(place.bank(), place.at() + first, end - first);
        MemorySegment.copy(part, offset - first * size, target, 0, target.byteSize());
    }

    private MemorySegment download(Bank bank, int at, int count) {
        TornadoExecutionResult result = last;
        if (result == null) {
            throw new EngineException.BadProgram("nothing has run on the device yet");
        }
        try {
            result.transferToHost(new DataRange(bank.array()).withOffset(at).withSize(count));
        } catch (RuntimeException | Error e) {
            throw DeviceErrors.translate("reading " + bank.name(), e);
        }
        counters.downloaded(count);
        return bank.host(at, count);
    }
}
