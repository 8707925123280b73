package uk.ac.manchester.tornado.api.math;

/** Mathematics in kernels: what devices have as instructions. */
public class TornadoMath {
    /** Nothing to hold. */
    public TornadoMath() {}

    /** {@link Math#min(float, float)}. */
    public static float min(float a, float b) {
        return Math.min(a, b);
    }

    /** {@link Math#min(double, double)}. */
    public static double min(double a, double b) {
        return Math.min(a, b);
    }

    /** {@link Math#min(long, long)}. */
    public static long min(long a, long b) {
        return Math.min(a, b);
    }

    /** {@link Math#min(int, int)}. */
    public static int min(int a, int b) {
        return Math.min(a, b);
    }

    /** {@link Math#max(float, float)}. */
    public static float max(float a, float b) {
        return Math.max(a, b);
    }

    /** {@link Math#max(double, double)}. */
    public static double max(double a, double b) {
        return Math.max(a, b);
    }

    /** {@link Math#max(long, long)}. */
    public static long max(long a, long b) {
        return Math.max(a, b);
    }

    /** {@link Math#max(int, int)}. */
    public static int max(int a, int b) {
        return Math.max(a, b);
    }

    /** {@link Math#abs(float)}. */
    public static float abs(float a) {
        return Math.abs(a);
    }

    /** {@link Math#abs(double)}. */
    public static double abs(double a) {
        return Math.abs(a);
    }

    /** {@link Math#abs(long)}. */
    public static long abs(long a) {
        return Math.abs(a);
    }

    /** {@link Math#abs(int)}. */
    public static int abs(int a) {
        return Math.abs(a);
    }

    /** {@return val, or the bound that it is beyond} */
    public static float clamp(float val, float min, float max) {
        return Math.max(min, Math.min(max, val));
    }

    /** {@return val, or the bound that it is beyond} */
    public static double clamp(double val, double min, double max) {
        return Math.max(min, Math.min(max, val));
    }

    /** {@return val, or the bound that it is beyond} */
    public static long clamp(long val, long min, long max) {
        return Math.max(min, Math.min(max, val));
    }

    /** {@return val, or the bound that it is beyond} */
    public static int clamp(int val, int min, int max) {
        return Math.max(min, Math.min(max, val));
    }

    /** {@link Math#exp} in single precision. */
    public static float exp(float value) {
        return (float) Math.exp(value);
    }

    /** {@link Math#exp}. */
    public static double exp(double value) {
        return Math.exp(value);
    }

    /** {@link Math#sqrt} in single precision. */
    public static float sqrt(float value) {
        return (float) Math.sqrt(value);
    }

    /** {@link Math#sqrt}. */
    public static double sqrt(double value) {
        return Math.sqrt(value);
    }

    /** {@link Math#floor} in single precision. */
    public static float floor(float f) {
        return (float) Math.floor(f);
    }

    /** {@link Math#floor}. */
    public static double floor(double f) {
        return Math.floor(f);
    }

    /** {@link Math#log} in single precision. */
    public static float log(float value) {
        return (float) Math.log(value);
    }

    /** {@link Math#log}. */
    public static double log(double value) {
        return Math.log(value);
    }

    /** {@link Math#tanh} in single precision. */
    public static float tanh(float value) {
        return (float) Math.tanh(value);
    }

    /** {@link Math#tanh}. */
    public static double tanh(double value) {
        return Math.tanh(value);
    }

    /** {@link Math#cos} in single precision. */
    public static float cos(float angle) {
        return (float) Math.cos(angle);
    }

    /** {@link Math#cos}. */
    public static double cos(double angle) {
        return Math.cos(angle);
    }

    /** {@link Math#sin} in single precision. */
    public static float sin(float angle) {
        return (float) Math.sin(angle);
    }

    /** {@link Math#sin}. */
    public static double sin(double angle) {
        return Math.sin(angle);
    }

    /** {@link Math#atan} in single precision. */
    public static float atan(float value) {
        return (float) Math.atan(value);
    }

    /** {@link Math#atan}. */
    public static double atan(double value) {
        return Math.atan(value);
    }

    /** {@link Math#tan} in single precision. */
    public static float tan(float value) {
        return (float) Math.tan(value);
    }

    /** {@link Math#tan}. */
    public static double tan(double value) {
        return Math.tan(value);
    }

    /** {@link Math#ceil} in single precision. */
    public static float ceil(float value) {
        return (float) Math.ceil(value);
    }

    /** {@link Math#ceil}. */
    public static double ceil(double value) {
        return Math.ceil(value);
    }

    /** {@link Math#signum} in single precision. */
    public static float signum(float a) {
        return Math.signum(a);
    }

    /** {@link Math#signum}. */
    public static double signum(double a) {
        return Math.signum(a);
    }

    /** {@link Math#toRadians} in single precision. */
    public static float toRadians(float angdeg) {
        return (float) Math.toRadians(angdeg);
    }

    /** {@link Math#toRadians}. */
    public static double toRadians(double angdeg) {
        return Math.toRadians(angdeg);
    }

    /** {@link Math#acos} in single precision. */
    public static float acos(float a) {
        return (float) Math.acos(a);
    }

    /** {@link Math#acos}. */
    public static double acos(double a) {
        return Math.acos(a);
    }

    /** {@link Math#asin} in single precision. */
    public static float asin(float a) {
        return (float) Math.asin(a);
    }

    /** {@link Math#asin}. */
    public static double asin(double a) {
        return Math.asin(a);
    }

    /** {@link Math#pow} in single precision. */
    public static float pow(float a, float b) {
        return (float) Math.pow(a, b);
    }

    /** {@link Math#pow}. */
    public static double pow(double a, double b) {
        return Math.pow(a, b);
    }

    /** {@link Math#atan2} in single precision. */
    public static float atan2(float a, float b) {
        return (float) Math.atan2(a, b);
    }

    /** {@link Math#atan2}. */
    public static double atan2(double a, double b) {
        return Math.atan2(a, b);
    }

    /** {@return the logarithm to base 2} */
    public static float log2(float value) {
        return (float) (Math.log(value) / Math.log(2));
    }

    /** {@return the logarithm to base 2} */
    public static double log2(double value) {
        return Math.log(value) / Math.log(2);
    }

    /** {@return pi} */
    public static float floatPI() {
        return (float) Math.PI;
    }

    /** {@return pi} */
    public static double PI() {
        return Math.PI;
    }
}
