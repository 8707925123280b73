package org.nanochat4j.train.cli;

import java.util.Locale;

/** Numbers as people read them. */
public final class Texts {

    private Texts() {}

    /** With a comma between thousands. */
    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** For example "1 thread" or "2 threads". */
    static String plural(long value, String noun) {
        return count(value) + " " + noun + (value == 1 ? "" : "s");
    }

    /** For example "45s", "3m 20s" or "2h 05m". */
    public static String duration(double seconds) {
        if (seconds < 10) {
            return String.format(Locale.ROOT, "%.1fs", seconds);
        }
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + "s";
        }
        return whole < 3600
                ? String.format(Locale.ROOT, "%dm %02ds", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%dh %02dm", whole / 3600, whole % 3600 / 60);
    }

    /** For example "3.4 MB". */
    public static String bytes(long value) {
        if (value < 1000) {
            return value + " B";
        }
        double scaled = value;
        String[] units = {"kB", "MB", "GB", "TB"};
        int unit = -1;
        while (scaled >= 1000 && unit < units.length - 1) {
            scaled /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", scaled, units[unit]);
    }

    /** A line break made visible, and no more than so many characters. */
    public static String oneLine(String text, int limit) {
        String line = text.replaceAll("\\R", " ").strip();
        return line.length() <= limit ? line : line.substring(0, limit - 1) + "\u2026";
    }
}
