#!/usr/bin/env bash
# A training run of this program once more by PyTorch's nanochat, from the same weights over the same batches: losses and bits per byte side by side.
#
#   bench/peer/curve.sh --peer NANOCHAT_CHECKOUT --run RUN_FOLDER [options]     all options: bench/peer/curve.sh --help
#
#   PYTHON    a Python with torch, tiktoken, safetensors, and what the checkout imports: pyarrow, requests, filelock, pyyaml, jinja2 (default python3)
# The checkout of github.com/karpathy/nanochat is an argument: none of its code is here. Without torch nothing is done, and a message says so.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/torch.sh"
with_torch "$here/curve.py" "$@"
