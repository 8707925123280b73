"""
The PyTorch side of compare.py: one long-lived process that measures on command, so that compilation does not count.

Reads JSON objects, one per line, from standard input: {"what": "gemm" | "train" | "decode" | "learn" | "encode", ...}; answers each with one
line, {"seconds": ...} or {"error": "..."}. Imports the model, the optimizer and the cache of a nanochat checkout (--peer), nothing of its scripts.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
import types


def stand_ins():
    """Modules that the checkout imports and does not use here: empty ones where they are not installed."""
    for name in ("wandb", "rustbpe"):
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = types.ModuleType(name)


def timed(work, rounds, seconds=0.0, warm_seconds=0.0):
    """Median of runs after at least one that does not count; as the other side does it."""
    begin = time.perf_counter()
    work()
    while time.perf_counter() - begin < warm_seconds:
        work()
    times = []
    begin = time.perf_counter()
    while len(times) < rounds or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def reset_peak():
    """Lets the count of resident memory begin anew (Linux)."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak():
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


class Peer:
    def __init__(self, threads):
        import torch

        self.torch = torch
        torch.set_num_threads(threads)
        self.threads = threads
        self.training = {}
        self.models = {}

    def config(self, ask):
        from nanochat.gpt import GPTConfig

        width = ask["depth"] * ask["aspect_ratio"]
        heads = -(-width // ask["head_dim"])
        return GPTConfig(
            sequence_len=ask["seq_len"],
            vocab_size=ask["vocab_size"],
            n_layer=ask["depth"],
            n_head=heads,
            n_kv_head=heads,
            n_embd=heads * ask["head_dim"],
            window_pattern="L",
        )

    def model(self, ask):
        from nanochat.gpt import GPT

        with self.torch.device("meta"):
            model = GPT(self.config(ask))
        model.to_empty(device="cpu")
        model.init_weights()
        return model

    def gemm(self, ask):
        torch = self.torch
        from nanochat.common import COMPUTE_DTYPE

        m, n, k, case = ask["m"], ask["n"], ask["k"], ask["case"]
        random = lambda *shape: torch.rand(*shape).to(COMPUTE_DTYPE)
        a = random(k, m).t() if case[0] == "T" else random(m, k)
        b = random(n, k).t() if case[1] == "T" else random(k, n)
        c = torch.empty(m, n, dtype=COMPUTE_DTYPE)
        with torch.inference_mode():
            seconds = timed(lambda: torch.mm(a, b, out=c), ask["rounds"], ask["seconds"], ask["warm_seconds"])
        return {"seconds": seconds}

    def train(self, ask):
        torch = self.torch
        rows, sequence = ask["rows"], ask["seq_len"]
        key = json.dumps({name: ask[name] for name in sorted(ask) if name not in ("steps", "warm_up")})
        first = key not in self.training
        if first:
            # one model at a time: memory is compared, too
            self.training.clear()
            torch._dynamo.reset()
            reset_peak()
            model = self.model(ask)
            compiled = torch.compile(model, dynamic=False) if ask["compile"] else model
            self.training[key] = (compiled, model.setup_optimizer())
        model, optimizer = self.training[key]
        micro = ask["total"] // (rows * sequence)
        ids = torch.randint(0, ask["vocab_size"], (rows, sequence))
        targets = torch.randint(0, ask["vocab_size"], (rows, sequence))

        def step():
            for _ in range(micro):
                (model(ids, targets) / micro).backward()
            optimizer.step()
            model.zero_grad(set_to_none=True)

        for _ in range(ask["warm_up"] + (2 if first else 0)):
            step()
        if first:
            reset_peak()  # what compiling took does not count
            step()
        times = []
        for _ in range(ask["steps"]):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        return {"seconds": statistics.median(times), "peak_memory": peak()}

    def decode(self, ask):
        torch = self.torch
        from nanochat.common import COMPUTE_DTYPE
        from nanochat.engine import KVCache, sample_next_token

        key = json.dumps([ask[name] for name in ("depth", "aspect_ratio", "head_dim", "seq_len", "vocab_size")])
        if key not in self.models:
            self.models.clear()
            self.models[key] = self.model(ask).eval()
        model = self.models[key]
        batch, prompt, tokens = ask["batch"], ask["prompt"], ask["tokens"]
        config = model.config
        cache = KVCache(
            batch_size=batch,
            num_heads=config.n_kv_head,
            seq_len=prompt + tokens,
            head_dim=config.n_embd // config.n_head,
            num_layers=config.n_layer,
            device="cpu",
            dtype=COMPUTE_DTYPE,
        )
        ids = torch.randint(0, config.vocab_size, (batch, prompt))
        prefill, decode = [], []
        with torch.inference_mode():
            for round in range(ask["warm_up"] + ask["rounds"]):
                cache.reset()
                start = time.perf_counter()
                drawn = sample_next_token(model.forward(ids, kv_cache=cache)[:, -1, :], None, 0.0)
                drawn.tolist()
                read = time.perf_counter() - start
                start = time.perf_counter()
                for _ in range(tokens - 1):
                    drawn = sample_next_token(model.forward(drawn, kv_cache=cache)[:, -1, :], None, 0.0)
                    drawn.tolist()
                if round >= ask["warm_up"]:
                    prefill.append(read)
                    decode.append((time.perf_counter() - start) / (tokens - 1))
        return {"prefill": statistics.median(prefill), "decode": statistics.median(decode)}

    def texts(self, ask):
        with open(ask["documents"], encoding="utf-8") as file:
            return [json.loads(line)["text"] for line in file]

    def learn(self, ask):
        """HuggingFace's trainer with the same split pattern and size."""
        from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
        from tokenizers.models import BPE
        from tokenizers.trainers import BpeTrainer

        texts = self.texts(ask)
        tokenizer = Tokenizer(BPE(byte_fallback=True, unk_token=None, fuse_unk=False))
        split = pre_tokenizers.Split(pattern=Regex(ask["pattern"]), behavior="isolated", invert=False)
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
        tokenizer.decoder = decoders.ByteLevel()
        trainer = BpeTrainer(
            vocab_size=ask["vocab_size"],
            show_progress=False,
            min_frequency=0,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=ask["special_tokens"],
        )
        start = time.perf_counter()
        tokenizer.train_from_iterator(texts, trainer)
        return {"seconds": time.perf_counter() - start, "vocabulary": tokenizer.get_vocab_size()}

    def encode(self, ask):
        """tiktoken over the ranks of our tokenizer."""
        import tiktoken

        texts = self.texts(ask)
        units = byte_units()
        ranks = {bytes(units[unit] for unit in token): rank for token, rank in ask["ranks"].items()}
        encoding = tiktoken.Encoding(
            name="ours", pat_str=ask["pattern"], mergeable_ranks=ranks, special_tokens={}
        )
        result = {}
        for threads in (1, self.threads):
            if threads == 1:
                work = lambda: [encoding.encode_ordinary(text) for text in texts]
            else:
                work = lambda: encoding.encode_ordinary_batch(texts, num_threads=threads)
            start = time.perf_counter()
            ids = work()
            result[str(threads)] = time.perf_counter() - start
        result["tokens"] = sum(len(list_of_ids) for list_of_ids in ids)
        return result


def byte_units():
    """The byte of each character of a byte-level vocabulary: printable Latin-1 stands for itself, the others for 256 onwards."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    units = {chr(byte): byte for byte in printable}
    units.update({chr(256 + i): byte for i, byte in enumerate(others)})
    return units


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    sys.path.insert(0, args.peer)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the checkout prints goes to standard error
    stand_ins()
    peer = Peer(args.threads)
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            answer = getattr(peer, ask.pop("what"))(ask)
        except Exception as problem:  # the other side decides what to do about it
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
