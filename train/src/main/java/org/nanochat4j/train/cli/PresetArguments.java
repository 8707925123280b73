package org.nanochat4j.train.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.train.pretrain.Preset;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option that names a published configuration; options given beside it win. */
final class PresetArguments {

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec command;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "A published configuration: d20-10k, d12-chinchilla, d20-original or runcpu. Options given beside it win.")
    private @Nullable String name;

    /** Gives every option of the command that was not given the preset's value; the preset, or null without one. */
    @Nullable
    Preset apply() {
        if (name == null) {
            return null;
        }
        Preset preset = Preset.of(name)
                .orElseThrow(() -> UserError.usage("there is no preset " + name, "choose one of " + Preset.names()));
        // another horizon than steps, given by hand, replaces the preset's steps
        boolean horizon = given("--target-flops") || given("--target-param-data-ratio");
        preset.options().userConfig().forEach((option, value) -> {
            if (!(horizon && option.equals("num_iterations"))) {
                set("--" + option.replace('_', '-'), value);
            }
        });
        set("--vocab-size", preset.vocabularySize());
        return preset;
    }

    private void set(String option, Object value) {
        OptionSpec declared = Objects.requireNonNull(command).findOption(option);
        if (declared != null && !given(option)) {
            declared.setValue(value);
        }
    }

    private boolean given(String option) {
        return Objects.requireNonNull(command).commandLine().getParseResult().hasMatchedOption(option);
    }
}
