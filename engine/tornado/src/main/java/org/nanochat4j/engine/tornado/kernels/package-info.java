/**
 * The kernels that TornadoVM compiles, and how each is launched.
 *
 * <p>Conventions: a tensor is a pair of an array and the place of its first element in it, since temporaries share one array; the {@link
 * uk.ac.manchester.tornado.api.KernelContext} comes first; sizes are numbers that TornadoVM compiles in as constants, so a branch on one costs nothing. Kernels
 * write NaN where an id or a position is wrong, because they cannot raise errors.
 *
 * <p>An array may be passed to a task more than once only if no argument after one that the task writes names the same array: TornadoVM's graph compiler
 * would never end. So operands come first and what is written last; results that may share an array are one argument with several places.
 *
 * <p>BF16 is kept as sixteen bits in short arrays. Kernels over it take a number behind the context that says how to convert: 1 by the device, 0 by computing the bits.
 *
 * <p>Names of kernels must not be functions of OpenCL C ({@code mix, dot, step, rotate}, ...): the driver would crash. Local arrays must not be handed to methods:
 * TornadoVM 5.2 computes wrong addresses for them.
 *
 * <table>
 * <caption>Kernels of each op</caption>
 * <tr><th>op</th><th>tasks</th></tr>
 * <tr><td>Accumulate, Add</td><td>{@code PointwiseKernels.add} (Accumulate: y = a), {@code RowKernels.addRow}</td></tr>
 * <tr><td>AdamWStep</td><td>{@code AdamWKernels.adamW}, or {@code moment} twice and {@code descend}</td></tr>
 * <tr><td>ArgMax</td><td>{@code SamplingKernels.argMax}</td></tr>
 * <tr><td>Assign, Reshape of a variable</td><td>{@code CopyKernels.copy}, {@code copyInts}, {@code CastKernels.copy}</td></tr>
 * <tr><td>Axpby, Mix, Mul, Scale, ScaleBy</td><td>{@code PointwiseKernels.axpby, weightedSum, mul, scale, scaleBy}</td></tr>
 * <tr><td>CachedAttention</td><td>{@code DecodeKernels.attention}</td></tr>
 * <tr><td>Cast, and what is widened</td><td>{@code CastKernels.fromBf16, toBf16}</td></tr>
 * <tr><td>CausalAttention</td><td>{@code AttentionKernels.forward}; {@code PanelAttentionKernels.forward} on a processor</td></tr>
 * <tr><td>CausalAttentionGrad</td><td>{@code AttentionGradKernels.statistics, queries, keys}; the last two of {@code PanelAttentionGradKernels} on a processor</td></tr>
 * <tr><td>Concat, Pad, ShiftTime, Slice</td><td>{@code CopyKernels.moveBlocks} (Concat: one task for each part)</td></tr>
 * <tr><td>Dot, Sum, SumSquares</td><td>{@code ReductionKernels.sumProducts} or {@code sum}, then {@code sum} if there is more than one group</td></tr>
 * <tr><td>Embedding</td><td>{@code EmbeddingKernels.gather}</td></tr>
 * <tr><td>EmbeddingGrad</td><td>{@code EmbeddingKernels.chain, grad}; {@code PointwiseKernels.fill, EmbeddingKernels.addRows} with atomic adds</td></tr>
 * <tr><td>Fill, Zero</td><td>{@code PointwiseKernels.fill}, {@code CopyKernels.zeroInts}</td></tr>
 * <tr><td>KvAppend</td><td>{@code CopyKernels.append}</td></tr>
 * <tr><td>Logits</td><td>{@code GemmKernels.multiply} with n = vocabulary, then {@code PointwiseKernels.softcap} unless the cap is infinite</td></tr>
 * <tr><td>MatMul</td><td>{@code GemmKernels.multiply}; {@code PanelKernels.multiplyPanels} where the device is a processor, here and below; of BF16 factors {@code
 * MmaKernels.multiply}, then {@code MmaKernels.crop} and {@code CastKernels.toBf16} where tiles go beyond the edges and the result is BF16; none with a library</td></tr>
 * <tr><td>MuonMomentum</td><td>{@code MuonKernels.nesterov} for each gradient</td></tr>
 * <tr><td>MuonNormalize</td><td>{@code RowKernels.rowDot}, {@code MuonKernels.equilibrate}, {@code RowKernels.scaleRows}</td></tr>
 * <tr><td>MuonUpdate</td><td>{@code RowKernels.rowDot} or {@code MuonKernels.columnSquares}, {@code MuonKernels.variance}, {@code MuonKernels.descend} for each
 * parameter</td></tr>
 * <tr><td>ReluSquared, ReluSquaredGrad, Sigmoid, SigmoidGrad</td><td>{@code PointwiseKernels} of the same names</td></tr>
 * <tr><td>RmsNorm, RmsNormGrad</td><td>{@code NormKernels.rms, rmsGrad}</td></tr>
 * <tr><td>Rope</td><td>{@code RopeKernels.rope}</td></tr>
 * <tr><td>RowDot, ScaleRows, SumRows</td><td>{@code RowKernels.rowDot, scaleRows, sumRows}</td></tr>
 * <tr><td>SoftcapCrossEntropy</td><td>{@code LossKernels.count}; for each chunk {@code GemmKernels.multiply}, {@code LossKernels.crossEntropy}, two more
 * products; {@code LossKernels.mean}</td></tr>
 * <tr><td>SoftcapCrossEntropy of BF16 factors, where they are multiplied as such</td><td>for each chunk a product of {@code MmaKernels} or of the library, {@code
 * NarrowLossKernels.losses, gradient}, two more products</td></tr>
 * <tr><td>TopKSample</td><td>{@code SamplingKernels.sample}</td></tr>
 * <tr><td>over BF16: CausalAttention, CausalAttentionGrad, where the device converts</td><td>{@code NarrowAttentionKernels.forward, NarrowAttentionGradKernels.statistics,
 * queries, keys}</td></tr>
 * <tr><td>over BF16: Accumulate to Mul of equal shapes, ReluSquared, Scale, Sigmoid and their gradients</td><td>{@code NarrowKernels}</td></tr>
 * <tr><td>over BF16: RmsNorm, RmsNormGrad, Rope</td><td>{@code NarrowRowKernels}</td></tr>
 * <tr><td>over BF16: Concat, Embedding, Pad, ShiftTime, Slice, Zero</td><td>{@code CopyKernels.moveHalves, EmbeddingKernels.gatherHalves, CastKernels.zero}</td></tr>
 * </table>
 */
@NullMarked
package org.nanochat4j.engine.tornado.kernels;

import org.jspecify.annotations.NullMarked;
