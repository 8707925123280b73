#!/usr/bin/env bash
# The reference's demonstration for processors: depth 6, heads of 64, context 512, 16,384 tokens per step, 5,000 steps.
# About 4 GB of memory, and days on two cores: `nanochat train --preset runcpu --dry-run` says how long here.
#
#   runs/runcpu.sh [--toy] [PATH...]
#
#   PATH...    texts (Parquet, JSONL, plain text, folders of them); without any, the JDK's own documentation
#   --toy      the same steps with a vocabulary, a model and a run so small that they take seconds
#   NANOCHAT   the program, if not the one of this repository
# Everything goes below NANOCHAT_BASE_DIR (default ~/.cache/nanochat4j).
set -euo pipefail
nanochat=${NANOCHAT:-$(cd "$(dirname "$0")/.." && pwd)/nanochat}
base=${NANOCHAT_BASE_DIR:-$HOME/.cache/nanochat4j}

name=runcpu
vocabulary=32768
size=()
if [ "${1-}" = --toy ]; then
  shift
  name=runcpu-toy
  vocabulary=300
  size=(--depth 2 --aspect-ratio 16 --head-dim 16 --max-seq-len 64 --device-batch-size 2 --total-batch-size 128
    --num-iterations 20 --eval-every 10 --eval-tokens 512 --sample-every 20)
fi

# 1. Text.
if [ $# -gt 0 ]; then
  data=$name
  [ -d "$base/data/$data" ] || "$nanochat" data import "$@" --name "$data"
else
  data=jdk
  [ -d "$base/data/$data" ] || "$nanochat" data jdk
fi

# 2. Vocabulary; a folder of its own, so that no other run's tokenizer is replaced.
tokenizer=$base/tokenizer-$name
[ -d "$tokenizer" ] || "$nanochat" tok train --input "$base/data/$data" --vocab-size "$vocabulary" --out "$tokenizer"

# 3. Training, after all that follows from the options. `${size[@]+...}`: an empty list is an error in the bash of macOS.
train=(train --preset runcpu ${size[@]+"${size[@]}"} --data "$data" --tokenizer "$tokenizer")
"$nanochat" "${train[@]}" --dry-run
"$nanochat" "${train[@]}" --model-tag "$name" --replace

# 4. What it writes, and the report.
"$nanochat" sample --checkpoint "$base/checkpoints/$name" --prompt "The capital of France is" --max-tokens 32
"$nanochat" report --run "$name"
