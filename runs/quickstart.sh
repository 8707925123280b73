#!/usr/bin/env bash
# The whole way from text to samples, step by step, with the commands that `nanochat quickstart` is made of.
# About five minutes on two cores, offline. Everything goes below NANOCHAT_BASE_DIR (default ~/.cache/nanochat4j).
set -euo pipefail
nanochat=$(cd "$(dirname "$0")/.." && pwd)/nanochat

# 1. Text: the documentation comments of the JDK's own sources, in eight shards for training and one for validation.
[ -d "${NANOCHAT_BASE_DIR:-$HOME/.cache/nanochat4j}/data/jdk" ] || "$nanochat" data jdk
"$nanochat" data info jdk

# 2. A vocabulary of 4,096 tokens, and how well it compresses.
"$nanochat" tok train --vocab-size 4096
"$nanochat" tok eval

# 3. What a small model costs, then 500 steps of training it.
shape=(--depth 3 --head-dim 64 --max-seq-len 256 --device-batch-size 8)
"$nanochat" info --vocab-size 4096 "${shape[@]}"
"$nanochat" train --model-tag quickstart-sh --replace "${shape[@]}" \
  --total-batch-size 2048 --num-iterations 500 --eval-every 125 --eval-tokens 65536 --sample-every 250

# 4. What it writes.
run=${NANOCHAT_BASE_DIR:-$HOME/.cache/nanochat4j}/checkpoints/quickstart-sh
"$nanochat" sample --checkpoint "$run" --prompt "Returns the" --temperature 0.7

# 5. The report, with curves, samples and everything that was derived.
"$nanochat" report --run quickstart-sh
