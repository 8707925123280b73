package org.nanochat4j.model;

import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;

/**
 * The programs of generation over one cache: a prefill for each length of prompts, one decode for every position. Both end with a token drawn for each
 * row.
 *
 * @param gpt the model
 * @param cache B rows, P positions
 * @param weights what single tokens are multiplied by
 * @param topK candidates of a draw, 0 for all
 * @param token I32 (B, 1), each row's newest token, input of decode
 * @param temperature (1), input; 0 takes the most likely token
 * @param uniform (B), numbers in [0, 1), input
 * @param logits (B, V), output
 * @param next I32 (B), the tokens drawn, output
 */
public record GenerationPrograms(
        Gpt gpt,
        KvCache cache,
        DecodeWeights weights,
        int topK,
        Variable token,
        Variable temperature,
        Variable uniform,
        Variable logits,
        Variable next) {
    /**
     * The program that reads prompts; the cache's positions are those of each row's last token while it runs.
     *
     * @param ids I32 (B, T), input
     * @param last {@code row * T + length - 1}, I32 (B), input
     * @param program reads them
     */
    public record Prefill(Variable ids, Variable last, Program program) {}

    /**
     * Declares what the programs share.
     *
     * @param gpt the model
     * @param cache where tokens are remembered
     * @param topK candidates of a draw, 0 for all
     * @return ready to record programs
     */
    public static GenerationPrograms of(Gpt gpt, KvCache cache, int topK) {
        return of(gpt, cache, DecodeWeights.PARAMETERS, topK);
    }

    /**
     * Declares what the programs share.
     *
     * @param gpt the model
     * @param cache where tokens are remembered
     * @param weights what single tokens are multiplied by, declared for this model
     * @param topK candidates of a draw, 0 for all
     * @return ready to record programs
     */
    public static GenerationPrograms of(Gpt gpt, KvCache cache, DecodeWeights weights, int topK) {
        int rows = cache.rows();
        if (topK < 0) {
            throw new ModelException.BadConfig("top-k " + topK + " is negative; use 0 to draw from all tokens");
        }
        return new GenerationPrograms(
                gpt,
                cache,
                weights,
                topK,
                new Variable("token", TensorType.i32(rows, 1), Variable.Role.INPUT),
                new Variable("temperature", TensorType.f32(1), Variable.Role.INPUT),
                new Variable("uniform", TensorType.f32(rows), Variable.Role.INPUT),
                new Variable("logits", TensorType.f32(rows, gpt.config().vocabularySize()), Variable.Role.OUTPUT),
                new Variable("next", TensorType.i32(rows), Variable.Role.OUTPUT));
    }

    /**
     * Records the program that reads prompts of up to some length.
     *
     * @param length T, at most the cache's capacity
     * @return the program and its inputs
     */
    public Prefill prefill(int length) {
        Variable ids = new Variable("prompt", TensorType.i32(cache.rows(), length), Variable.Role.INPUT);
        Variable last = new Variable("last", TensorType.i32(cache.rows()), Variable.Role.INPUT);
        Recorder in = new Recorder("prefill." + length);
        draw(in, gpt.prefill(in, in.use(ids), in.use(last), cache, weights));
        return new Prefill(ids, last, in.finish());
    }

    /** {@return the program that takes one more token per row, at the cache's positions} */
    public Program decode() {
        Recorder in = new Recorder("decode");
        draw(in, gpt.decode(in, in.use(token), cache, weights));
        return in.finish();
    }

    private void draw(Recorder in, Tensor scores) {
        in.assign(logits, scores);
        in.assign(next, scores.topKSample(topK, in.use(temperature), in.use(uniform)));
    }
}
