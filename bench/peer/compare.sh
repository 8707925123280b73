#!/usr/bin/env bash
# PyTorch's nanochat and this one, measured in one run, alternating. On an idle machine; about an hour with the defaults on two cores.
#
#   bench/peer/compare.sh --peer NANOCHAT_CHECKOUT [options]     all options: bench/peer/compare.sh --help
#
#   PYTHON    a Python with torch, tokenizers and tiktoken (default python3)
# The checkout of github.com/karpathy/nanochat is an argument: none of its code is here. Without torch nothing is measured, and a message says so.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/torch.sh"
with_torch "$here/compare.py" "$@"
