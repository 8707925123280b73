package org.nanochat4j.train.pretrain;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.train.data.LoaderState;
import org.nanochat4j.train.data.StreamPosition;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far a run has come.
 *
 * @param step steps done
 * @param valBpb of the last evaluation; null without one
 * @param valStep after how many steps that was; null where no checkpoint says so
 * @param minBpb the lowest
 * @param smoothLoss moving average, not debiased
 * @param totalSeconds training time so far
 * @param position of the data stream as the reference records it
 * @param loader exact state of the data stream
 * @param history what was changed when the run was resumed, oldest first; empty if nothing ever was
 */
public record Progress(
        int step,
        @Nullable Double valBpb,
        @Nullable Integer valStep,
        @Nullable Double minBpb,
        double smoothLoss,
        double totalSeconds,
        StreamPosition position,
        LoaderState loader,
        List<ObjectNode> history) {

    /** Copies the list, so that a record of progress never changes. */
    public Progress {
        history = List.copyOf(history);
    }
}
