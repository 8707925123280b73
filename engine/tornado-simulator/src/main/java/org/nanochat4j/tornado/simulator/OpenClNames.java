package org.nanochat4j.tornado.simulator;

import java.util.Set;

/** Words that a kernel's method cannot be called by: functions and keywords of OpenCL C. */
final class OpenClNames {
    private static final Set<String> WORDS = Set.of(("""
            abs abs_diff acos acosh acospi add_sat all any as_float as_int asin asinh asinpi async_work_group_copy
            async_work_group_strided_copy atan atan2 atan2pi atanh atanpi atom_add atomic_add atomic_and atomic_cmpxchg
            atomic_dec atomic_inc atomic_max atomic_min atomic_or atomic_sub atomic_xchg atomic_xor barrier bitselect cbrt ceil
            clamp clz constant copysign cos cosh cospi cross degrees distance dot erf erfc event_t exp exp10 exp2 expm1
            fabs fast_distance fast_length fast_normalize fdim float2 float3 float4 float8 float16 floor fma fmax fmin fmod
            fract frexp get_global_id get_global_offset get_global_size get_group_id get_local_id get_local_size
            get_num_groups get_work_dim global hadd half half_cos half_divide half_exp half_exp10 half_exp2 half_log half_log10
            half_log2 half_powr half_recip half_rsqrt half_sin half_sqrt half_tan hypot ilogb image2d_t image3d_t inline int2
            int3 int4 int8 int16 isequal isfinite isgreater isgreaterequal isinf isless islessequal islessgreater isnan
            isnormal isnotequal isordered isunordered kernel ldexp length lgamma lgamma_r local log log10 log1p log2 logb
            mad mad24 mad_hi mad_sat max maxmag mem_fence min minmag mix modf mul24 mul_hi nan native_cos native_divide
            native_exp native_exp10 native_exp2 native_log native_log10 native_log2 native_powr native_recip native_rsqrt
            native_sin native_sqrt native_tan nextafter normalize popcount pow pown powr prefetch printf private radians
            read_mem_fence read_only read_write remainder remquo restrict rhadd rint rootn rotate round rsqrt sampler_t
            select shuffle shuffle2 sign signbit sin sincos sinh sinpi size_t smoothstep sqrt step struct sub_sat tan tanh
            tanpi tgamma trunc typedef uchar uint ulong union unsigned upsample ushort vec_step vload2 vload4 vload8 vload16
            vload_half vstore2 vstore4 vstore8 vstore16 vstore_half wait_group_events write_mem_fence write_only
            """).strip().split("\\s+"));

    private OpenClNames() {}

    static boolean contains(String name) {
        return WORDS.contains(name);
    }
}
